//! Which web pages may open a WebSocket.
//!
//! A browser lets every page open a WebSocket to every host and asks nobody, unlike for other
//! requests, where it lets a foreign page read an answer only as `CORS_ORIGINS` says. Without
//! a check, any page that somebody looks at could talk to a service on their own box. So a page
//! may do here what it may do elsewhere: one of the service's own, or one that is named.
//!
//! With keys a foreign page is no danger, since it knows none and a browser adds none by
//! itself; it is refused alike, so that `CORS_ORIGINS` has one meaning. Clients that are no
//! browsers send no `Origin`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::{Authority, Uri};
use axum::middleware::Next;
use axum::response::Response;

use super::handshake::is_upgrade;
use crate::ApiError;

/// The pages that may.
#[derive(Debug, Clone)]
pub(crate) struct OriginPolicy {
    named: Arc<[String]>,
    any: bool,
    needs_key: bool,
}

impl OriginPolicy {
    /// `named` is `CORS_ORIGINS`; `needs_key` says whether only who has a key may call.
    pub(crate) fn new(named: &[String], needs_key: bool) -> Self {
        let named: Vec<String> = named.iter().map(|it| it.trim().to_string()).collect();
        Self {
            any: named.iter().any(|it| it == "*"),
            named: named.into(),
            needs_key,
        }
    }

    fn allows(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else {
            return true;
        };
        let (None, Ok(origin)) = (origins.next(), origin.to_str()) else {
            return false;
        };
        self.any
            || self.named.iter().any(|it| it.eq_ignore_ascii_case(origin))
            || self.is_own(origin, headers)
    }

    /// Whether the page came from this service. Without keys the name of the host has to be one
    /// that nobody else can make their own: a foreign page's name may be pointed at this box
    /// once its page is loaded (DNS rebinding), and its origin then equals the host.
    fn is_own(&self, origin: &str, headers: &HeaderMap) -> bool {
        let Ok(origin) = origin.parse::<Uri>() else {
            return false;
        };
        let host = headers.get(HOST).and_then(|it| it.to_str().ok());
        let (Some(page), Some(Ok(host))) = (origin.authority(), host.map(str::parse::<Authority>))
        else {
            return false;
        };
        let default_port = match origin.scheme_str() {
            Some("http") => 80,
            Some("https") => 443,
            _ => return false,
        };
        let port = |it: &Authority| it.port_u16().unwrap_or(default_port);
        page.host().eq_ignore_ascii_case(host.host())
            && port(page) == port(&host)
            && (self.needs_key || is_nobody_elses(host.host()))
    }
}

fn is_nobody_elses(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    address.parse::<std::net::IpAddr>().is_ok() || host.eq_ignore_ascii_case("localhost")
}

/// Middleware: 403 for a WebSocket that a foreign web page asks for.
///
/// # Errors
/// [`ApiError::OriginNotAllowed`].
pub(crate) async fn refuse_foreign_pages(
    State(policy): State<OriginPolicy>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if is_upgrade(request.method(), request.headers()) && !policy.allows(request.headers()) {
        return Err(ApiError::OriginNotAllowed);
    }
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn allows(named: &[&str], needs_key: bool, origin: &str, host: &str) -> bool {
        let named: Vec<String> = named.iter().map(ToString::to_string).collect();
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(host).unwrap());
        headers.insert(ORIGIN, HeaderValue::from_str(origin).unwrap());
        OriginPolicy::new(&named, needs_key).allows(&headers)
    }

    #[test]
    fn a_page_of_the_service_itself_may_and_a_foreign_one_may_not() {
        for (origin, host, allowed) in [
            ("http://127.0.0.1:8000", "127.0.0.1:8000", true),
            ("http://localhost:8000", "localhost:8000", true),
            ("http://[::1]:8000", "[::1]:8000", true),
            ("http://192.168.0.7", "192.168.0.7:80", true),
            ("https://192.168.0.7", "192.168.0.7", true),
            ("http://127.0.0.1:3000", "127.0.0.1:8000", false),
            ("http://localhost:8000", "127.0.0.1:8000", false),
            ("https://evil.example", "127.0.0.1:8000", false),
            ("null", "127.0.0.1:8000", false),
            ("file://", "127.0.0.1:8000", false),
            ("chrome-extension://abc", "abc", false),
            ("", "127.0.0.1:8000", false),
        ] {
            let found = allows(&[], false, origin, host);
            assert_eq!(found, allowed, "{origin:?} to {host}");
        }
    }

    #[test]
    fn a_name_that_may_have_been_rebound_needs_a_key_or_to_be_named() {
        let (origin, host) = ("http://voice.lan:8000", "voice.lan:8000");
        assert!(!allows(&[], false, origin, host));
        assert!(allows(&[], true, origin, host));
        assert!(allows(&["http://voice.lan:8000"], false, origin, host));
    }

    #[test]
    fn named_pages_may_and_no_others_with_keys_or_without() {
        let named = ["https://talk.example", " https://two.example"];
        for needs_key in [false, true] {
            let allows = |origin| allows(&named, needs_key, origin, "10.0.0.1:8000");
            assert!(allows("https://talk.example") && allows("https://two.example"));
            assert!(!allows("https://talk.example.evil.example"));
            assert!(!allows("http://talk.example"));
        }
        assert!(allows(&["*"], false, "null", "10.0.0.1:8000"));
    }

    #[test]
    fn who_is_no_browser_may_and_who_names_two_origins_may_not() {
        let policy = OriginPolicy::new(&[], false);
        let mut headers = HeaderMap::new();
        assert!(policy.allows(&headers));
        for origin in ["http://localhost", "http://localhost"] {
            headers.append(ORIGIN, HeaderValue::from_static(origin));
        }
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        assert!(!policy.allows(&headers));
    }
}
