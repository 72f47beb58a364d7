//! A request that is ready to be sent, and what its answer should be.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::HeaderValue;
use url::Url;

use crate::corpus::Class;
use crate::exchange::{Judged, Outcome};
use crate::service::Service;

/// A request that is ready to be sent.
#[derive(Debug, Clone)]
pub struct Call {
    /// The service that is asked.
    pub service: Service,
    /// Its number in the run.
    pub number: u64,
    /// What it sends, by name.
    pub sample: Arc<str>,
    /// What kind of speech that is.
    pub class: Class,
    /// Where it goes.
    pub url: Url,
    /// The key, if there is one.
    pub authorization: Option<HeaderValue>,
    /// What it posts; without it, it is a GET.
    pub content: Option<Content>,
    /// What should come back.
    pub expected: Arc<dyn Expected>,
}

/// A body and its type.
#[derive(Debug, Clone)]
pub struct Content {
    /// The type.
    pub kind: HeaderValue,
    /// The body.
    pub body: Bytes,
}

/// What requests to a service are made of: one implementation for each kind of request.
pub trait Material: fmt::Debug + Send + Sync {
    /// The request of this number, for the service at any address.
    fn request(&self, number: u64) -> Request;

    /// The same in another run, where that makes a difference: no cache that answered then
    /// answers now.
    fn in_run(&self, _run: u64) -> Option<Arc<dyn Material>> {
        None
    }
}

/// A request, without the address and the key of its service.
#[derive(Debug, Clone)]
pub struct Request {
    /// What it sends, by name.
    pub sample: Arc<str>,
    /// What kind of speech that is.
    pub class: Class,
    /// The path, beginning with '/'.
    pub route: &'static str,
    /// What it posts; without it, it is a GET.
    pub content: Option<Content>,
    /// What should come back.
    pub expected: Arc<dyn Expected>,
}

/// What an answer should be.
pub trait Expected: fmt::Debug + Send + Sync {
    /// Seconds of speech that were sent.
    fn audio_seconds(&self) -> Option<f64> {
        None
    }

    /// Seconds of speech in an answer, as far as its size tells.
    fn audio_seconds_of(&self, _body: &[u8]) -> Option<f64> {
        self.audio_seconds()
    }

    /// Bytes of an answer before its first audio; `None` where no audio is expected.
    fn bytes_before_audio(&self) -> Option<u64> {
        None
    }

    /// Whether [`Self::judge`] may run between two requests.
    fn is_cheap_to_judge(&self) -> bool {
        true
    }

    /// Compares a served answer with what it should be.
    fn judge(&self, body: &[u8]) -> Judged;
}

/// There is nothing to send.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} for the {service} service: choose other --classes")]
pub struct NothingToSend {
    /// What there is none of.
    pub(super) what: &'static str,
    /// The service that it is for.
    pub(super) service: Service,
}

/// What is noted of an answer with status 200 that should have been another.
pub(super) fn wrong(message: String) -> Outcome {
    Outcome::Failed {
        status: Some(200),
        message,
    }
}

/// The entry of `all` whose turn it is: all of them in turn, over and over. `all` isn't empty.
pub(super) fn of_turn<T>(all: &[T], number: u64) -> &T {
    &all[(number % all.len() as u64) as usize]
}
