//! Logging and request ids.

use axum::http::{HeaderName, HeaderValue, Request};
use tower_http::request_id::{MakeRequestId, RequestId};
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// The header that carries a request's id, in and out.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longest client-sent id that is kept: ids end up in logs.
const MAX_REQUEST_ID_BYTES: usize = 128;

/// Starts logging to standard error. Without a format, JSON where systemd's journal reads
/// (it sets `JOURNAL_STREAM`), text elsewhere.
///
/// # Errors
/// `filter` is no level and no tracing filter.
pub fn init(filter: &str, format: Option<LogFormat>) -> Result<(), String> {
    let parsed = EnvFilter::builder()
        .parse(filter)
        .map_err(|cause| format!("LOG_LEVEL: '{filter}' can't be used: {cause}"))?;
    let format = format.unwrap_or_else(|| {
        if std::env::var_os("JOURNAL_STREAM").is_some() {
            LogFormat::Json
        } else {
            LogFormat::Text
        }
    });
    let builder = tracing_subscriber::fmt()
        .with_env_filter(parsed)
        .with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => {
            let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
            builder.with_ansi(colours).try_init()
        }
    };
    started.map_err(|cause| format!("logging can't start: {cause}"))
}

/// Makes an id for a request that came without one.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewRequestId;

impl MakeRequestId for NewRequestId {
    fn make_request_id<B>(&mut self, _request: &Request<B>) -> Option<RequestId> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        HeaderValue::from_str(&id).ok().map(RequestId::new)
    }
}

/// Drops an id that a client sent but that should not reach a log.
pub fn sanitise_request_id<B>(mut request: Request<B>) -> Request<B> {
    let usable = request.headers().get(&REQUEST_ID_HEADER).is_none_or(|id| {
        !id.is_empty()
            && id.len() <= MAX_REQUEST_ID_BYTES
            && id.as_bytes().iter().all(u8::is_ascii_graphic)
    });
    if !usable {
        request.headers_mut().remove(&REQUEST_ID_HEADER);
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_forge_log_lines_are_dropped() {
        let long = "x".repeat(129);
        for (id, kept) in [
            ("abc-123", true),
            ("", false),
            ("a b", false),
            ("a\tb", false),
            (&*long, false),
        ] {
            let request = Request::builder()
                .header(REQUEST_ID_HEADER, id)
                .body(())
                .unwrap();
            let kept_id = sanitise_request_id(request)
                .headers()
                .contains_key(&REQUEST_ID_HEADER);
            assert_eq!(kept_id, kept, "{id:?}");
        }
    }
}
