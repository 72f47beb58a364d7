//! From a request to a WebSocket.

use axum::body::Body;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use tokio::sync::OwnedSemaphorePermit;

use super::driver::drive;
use super::handshake::{accept_key, offered_protocols};
use super::message::Close;
use super::socket::WebSocket;
use super::sockets::WebSockets;
use crate::ApiError;
use crate::server::AfterUpgrade;

/// A request for a WebSocket for which there is a place. Everything that can be refused has
/// been, or is to be before [`Self::accept`].
#[derive(Debug)]
pub struct Upgrade {
    sockets: WebSockets,
    place: OwnedSemaphorePermit,
    accept_key: HeaderValue,
    protocols: Vec<String>,
}

impl<S: Sync> FromRequestParts<S> for Upgrade
where
    WebSockets: FromRef<S>,
{
    type Rejection = ApiError;

    /// 426 for another request than that, 400 for a broken one, 503 where as many are open as
    /// may be.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let accept_key = accept_key(&parts.method, parts.version, &parts.headers)?;
        let sockets = WebSockets::from_ref(state);
        Ok(Self {
            place: sockets.place().ok_or(ApiError::TooManyWebSockets)?,
            sockets,
            accept_key,
            protocols: offered_protocols(&parts.headers),
        })
    }
}

impl Upgrade {
    /// Subprotocols that the client offers, in its order and without keys.
    pub fn protocols(&self) -> &[String] {
        &self.protocols
    }

    /// Answers 101 with this subprotocol, which must be one that the client offers; `None`
    /// where it offers none. Then `handler` runs, as a task of its own, and the WebSocket
    /// closes with what it returns.
    pub fn accept<F: Future<Output = Close> + Send + 'static>(
        self,
        protocol: Option<&str>,
        handler: impl FnOnce(WebSocket) -> F + Send + 'static,
    ) -> Response {
        debug_assert!(protocol.is_none_or(|it| self.protocols.iter().any(|offer| offer == it)));
        let Self {
            sockets,
            place,
            accept_key,
            protocols: _,
        } = self;
        let span = tracing::Span::current();
        let after = AfterUpgrade::new(move |upgraded| async move {
            let open = sockets.metrics.opened(place);
            drive(upgraded, sockets.limits, open, handler, span).await;
        });
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept_key);
        if let Some(Ok(protocol)) = protocol.map(HeaderValue::from_str) {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        response.extensions_mut().insert(after);
        response
    }
}
