//! The request that asks for a WebSocket (RFC 6455, section 4.2), and keys that come with it.

use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

use crate::ApiError;

/// What a browser offers as a subprotocol to say its key, as OpenAI's clients do: it can set
/// no other header on a WebSocket.
const KEY_PREFIX: &str = "openai-insecure-api-key.";
/// Of RFC 6455.
const ACCEPT_GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KEY_BYTES: usize = 16;

/// Elements of a header that is a list, of all of its lines.
fn elements(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|it| !it.is_empty())
}

/// Whether the request asks for a WebSocket, of whatever version and rightly or not.
pub(crate) fn is_upgrade(method: &Method, headers: &HeaderMap) -> bool {
    let names = |name, element| elements(headers, name).any(|it| it.eq_ignore_ascii_case(element));
    method == Method::GET && names(CONNECTION, "upgrade") && names(UPGRADE, "websocket")
}

/// The value of `Sec-WebSocket-Accept`.
///
/// # Errors
/// Not the request that opens a WebSocket.
pub(super) fn accept_key(
    method: &Method,
    version: Version,
    headers: &HeaderMap,
) -> Result<HeaderValue, ApiError> {
    let is_version_13 = headers
        .get(SEC_WEBSOCKET_VERSION)
        .is_some_and(|it| it == "13");
    if !is_upgrade(method, headers) || version != Version::HTTP_11 || !is_version_13 {
        return Err(ApiError::UpgradeRequired);
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|key| {
        STANDARD
            .decode(key.as_bytes())
            .is_ok_and(|bytes| bytes.len() == KEY_BYTES)
    });
    let key = key.ok_or_else(|| {
        let message = "Sec-WebSocket-Key must be 16 bytes in base64";
        ApiError::invalid("Sec-WebSocket-Key", message)
    })?;
    let mut digest = Sha1::new();
    digest.update(key.as_bytes());
    digest.update(ACCEPT_GUID);
    let accept = STANDARD.encode(digest.finalize());
    Ok(HeaderValue::from_str(&accept).expect("base64 is a header value"))
}

/// Subprotocols that the client offers, in its order.
pub(super) fn offered_protocols(headers: &HeaderMap) -> Vec<String> {
    elements(headers, SEC_WEBSOCKET_PROTOCOL)
        .map(String::from)
        .collect()
}

/// Takes the keys out of what the client offers as subprotocols: nothing behind the check of
/// the key shall see it, select it, or log it.
pub(crate) fn take_keys(headers: &mut HeaderMap) -> Vec<String> {
    let (keys, others): (Vec<String>, Vec<String>) = offered_protocols(headers)
        .into_iter()
        .partition(|it| it.starts_with(KEY_PREFIX));
    if !keys.is_empty() {
        headers.remove(SEC_WEBSOCKET_PROTOCOL);
        if let Ok(others) = HeaderValue::from_str(&others.join(", "))
            && !others.is_empty()
        {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, others);
        }
    }
    keys.into_iter()
        .map(|it| it[KEY_PREFIX.len()..].to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(HeaderName, &'static str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    fn opening() -> HeaderMap {
        headers(&[
            (CONNECTION, "keep-alive, Upgrade"),
            (UPGRADE, "WebSocket"),
            (SEC_WEBSOCKET_VERSION, "13"),
            (SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ=="),
        ])
    }

    #[test]
    fn the_answer_to_the_rfcs_own_example() {
        let accept = accept_key(&Method::GET, Version::HTTP_11, &opening()).unwrap();
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn what_does_not_open_a_websocket_is_told_what_would() {
        for (name, value, status) in [
            (CONNECTION, "keep-alive", 426),
            (UPGRADE, "h2c", 426),
            (SEC_WEBSOCKET_VERSION, "8", 426),
            (SEC_WEBSOCKET_KEY, "c2hvcnQ=", 400),
            (SEC_WEBSOCKET_KEY, "!", 400),
        ] {
            let mut headers = opening();
            headers.insert(&name, HeaderValue::from_static(value));
            let error = accept_key(&Method::GET, Version::HTTP_11, &headers).unwrap_err();
            assert_eq!(error.status().as_u16(), status, "{name}: {value}");
        }
        let post = accept_key(&Method::POST, Version::HTTP_11, &opening());
        assert_eq!(post.unwrap_err().code(), "upgrade_required");
        let old = accept_key(&Method::GET, Version::HTTP_10, &opening());
        assert_eq!(old.unwrap_err().code(), "upgrade_required");
    }

    #[test]
    fn keys_are_taken_out_of_the_subprotocols() {
        for (offered, left, keys) in [
            ("realtime", Some("realtime"), vec![]),
            (
                "realtime, openai-insecure-api-key.sk-1, openai-beta.realtime-v1",
                Some("realtime, openai-beta.realtime-v1"),
                vec!["sk-1"],
            ),
            ("openai-insecure-api-key.sk-1", None, vec!["sk-1"]),
            ("openai-insecure-api-key.", None, vec![""]),
        ] {
            let mut headers = headers(&[(SEC_WEBSOCKET_PROTOCOL, offered)]);
            assert_eq!(take_keys(&mut headers), keys, "{offered}");
            let rest = headers.get(SEC_WEBSOCKET_PROTOCOL);
            assert_eq!(rest.map(|it| it.to_str().unwrap()), left, "{offered}");
        }
    }
}
