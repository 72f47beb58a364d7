//! What is asked.

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Method};

use crate::limits::TimeLimits;

/// A request to an upstream, whichever of its hosts will get it.
#[derive(Debug)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) route: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Content,
    pub(crate) limits: Option<TimeLimits>,
    pub(crate) may_repeat: bool,
}

/// A body, by how often it can be sent.
#[derive(Debug)]
pub(crate) enum Content {
    Kept(Bytes),
    Once(Option<Body>),
}

impl Request {
    /// Asks for a route below the base URL, such as `models`.
    pub fn get(route: &str) -> Self {
        Self::new(Method::GET, route)
    }

    /// Sends to a route below the base URL, such as `audio/speech`.
    ///
    /// It may be sent more than once, to the same host or another, as long as nothing of an
    /// answer has come: recognising, speaking and chatting have no other effect than their
    /// answer. [`Self::at_most_once`] is for what has one.
    pub fn post(route: &str) -> Self {
        Self::new(Method::POST, route)
    }

    /// A request with any method.
    pub fn new(method: Method, route: &str) -> Self {
        Self {
            method,
            route: route.to_string(),
            headers: HeaderMap::new(),
            body: Content::Kept(Bytes::new()),
            limits: None,
            may_repeat: true,
        }
    }

    /// With a header. The key is the upstream's own business: it replaces an `Authorization`.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// With a body of this content type.
    #[must_use]
    pub fn body(self, content_type: HeaderValue, body: Bytes) -> Self {
        let mut with_type = self.header(CONTENT_TYPE, content_type);
        with_type.body = Content::Kept(body);
        with_type
    }

    /// With JSON.
    #[must_use]
    pub fn json(self, body: &serde_json::Value) -> Self {
        let content_type = HeaderValue::from_static("application/json");
        self.body(content_type, Bytes::from(body.to_string()))
    }

    /// With a body that is made while it is sent, and so can't be sent again.
    #[must_use]
    pub fn streamed_body(self, content_type: HeaderValue, body: Body) -> Self {
        let mut with_type = self.header(CONTENT_TYPE, content_type).at_most_once();
        with_type.body = Content::Once(Some(body));
        with_type
    }

    /// Sent to one host, once, whatever becomes of it.
    #[must_use]
    pub fn at_most_once(mut self) -> Self {
        self.may_repeat = false;
        self
    }

    /// With time limits other than the upstream's.
    #[must_use]
    pub fn limits(mut self, limits: TimeLimits) -> Self {
        self.limits = Some(limits);
        self
    }
}

impl Content {
    /// The body for one attempt.
    pub(crate) fn take(&mut self) -> Body {
        match self {
            Self::Kept(bytes) => Body::from(bytes.clone()),
            Self::Once(body) => body.take().unwrap_or_default(),
        }
    }
}
