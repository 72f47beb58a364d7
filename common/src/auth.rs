//! Bearer keys. No configured key means that every client may call.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;
use subtle::ConstantTimeEq as _;

use crate::ApiError;
use crate::temporary_keys::TemporaryKeys;
use crate::websocket::handshake::{is_upgrade, take_keys};

/// The file `api-keys` in what systemd's `LoadCredential=voice-stack:DIRECTORY` loads.
const CREDENTIAL: &str = "voice-stack_api-keys";

/// The keys that may call the API.
#[derive(Clone, Default)]
pub struct ApiKeys {
    keys: std::sync::Arc<[String]>,
    temporary: TemporaryKeys,
}

// Keys must not reach a log through a debug print.
impl std::fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApiKeys({} keys)", self.keys.len())
    }
}

impl ApiKeys {
    /// The keys of `API_KEYS_FILE`, or else of systemd's credential, or else none.
    ///
    /// # Errors
    /// One line: a file that is there but can't be used. It was meant to lock the service.
    pub fn configured(file: Option<&Path>) -> Result<Self, String> {
        Self::configured_from(file, std::env::var_os("CREDENTIALS_DIRECTORY"))
    }

    fn configured_from(file: Option<&Path>, directory: Option<OsString>) -> Result<Self, String> {
        if let Some(file) = file {
            return Self::from_file(file)
                .map_err(|cause| format!("API_KEYS_FILE: {}: {cause}", file.display()));
        }
        let Some(directory) = directory else {
            return Ok(Self::default());
        };
        let credential = PathBuf::from(directory).join(CREDENTIAL);
        match Self::from_file(&credential) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(Self::default()),
            read => read.map_err(|cause| format!("the credential api-keys: {cause}")),
        }
    }

    /// One of them, for a service that asks others which have the same keys.
    pub fn first(&self) -> Option<&str> {
        self.keys.first().map(String::as_str)
    }

    /// Whether every client may call.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Reads one key a line; blank lines and lines that start with `#` are passed over.
    ///
    /// # Errors
    /// The file can't be read, or holds no key: a file that was meant to lock the service
    /// must not leave it open.
    fn from_file(path: &Path) -> std::io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        let keys: Vec<String> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(String::from)
            .collect();
        if keys.is_empty() {
            return Err(std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                "the file holds no key (one key a line)",
            ));
        }
        Ok(Self {
            keys: keys.into(),
            temporary: TemporaryKeys::default(),
        })
    }

    /// The same, and WebSockets also for who has one of these.
    #[must_use]
    pub(crate) fn with_temporary(self, temporary: TemporaryKeys) -> Self {
        Self { temporary, ..self }
    }

    fn accept(&self, authorization: Option<&[u8]>) -> bool {
        self.keys.is_empty() || bearer(authorization).is_some_and(|it| self.holds(it))
    }

    fn holds(&self, offered: &[u8]) -> bool {
        // Every key is compared, so that time doesn't tell which one nearly matched.
        self.keys.iter().fold(false, |accepted, key| {
            accepted | bool::from(key.as_bytes().ct_eq(offered))
        })
    }
}

/// The key of an `Authorization` header.
fn bearer(authorization: Option<&[u8]>) -> Option<&[u8]> {
    let (scheme, offered) = authorization?.split_at_checked(7)?;
    let is_bearer = scheme.eq_ignore_ascii_case(b"Bearer ");
    is_bearer.then(|| offered.trim_ascii())
}

/// Middleware: 401 unless the request carries one of the configured keys, as a bearer token or,
/// where it asks for a WebSocket, as a subprotocol: all that a browser lets a page set. What is
/// behind it sees no such subprotocol, nor does a log. A temporary key opens WebSockets as well, and
/// its [`Grant`](crate::temporary_keys::Grant) becomes an extension of the request.
///
/// # Errors
/// [`ApiError::Unauthorized`].
pub async fn require_key(
    State(keys): State<ApiKeys>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let authorization = request
        .headers()
        .get(AUTHORIZATION)
        .map(axum::http::HeaderValue::as_bytes);
    let mut is_accepted = keys.accept(authorization);
    if is_upgrade(request.method(), request.headers()) {
        let mut grant = bearer(authorization).and_then(|it| keys.temporary.grant_of(it));
        for offered in take_keys(request.headers_mut()) {
            is_accepted |= keys.holds(offered.as_bytes());
            grant = grant.or_else(|| keys.temporary.grant_of(offered.as_bytes()));
        }
        if let Some(grant) = grant {
            is_accepted = true;
            request.extensions_mut().insert(grant);
        }
    }
    if is_accepted {
        Ok(next.run(request).await)
    } else {
        Err(ApiError::Unauthorized)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> std::io::Result<ApiKeys> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        ApiKeys::from_file(file.path())
    }

    #[test]
    fn only_a_configured_key_is_accepted() {
        let keys = keys("# two keys\nalpha\n\n  beta  \n").unwrap();
        for (header, accepted) in [
            (Some("Bearer alpha"), true),
            (Some("bearer beta"), true),
            (Some("Bearer alph"), false),
            (Some("Bearer alphabeta"), false),
            (Some("Bearer "), false),
            (Some("Basic alpha"), false),
            (Some("alpha"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(
                keys.accept(header.map(str::as_bytes)),
                accepted,
                "{header:?}"
            );
        }
    }

    #[test]
    fn a_named_file_comes_before_the_credential_and_either_is_used_or_stops_the_start() {
        let credentials = tempfile::tempdir().unwrap();
        let named = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(named.path(), "alpha\n").unwrap();
        let directory = || Some(credentials.path().into());
        let configured = |file| ApiKeys::configured_from(file, directory());

        assert!(ApiKeys::configured_from(None, None).unwrap().is_empty());
        assert!(configured(None).unwrap().is_empty(), "no credential");
        std::fs::write(credentials.path().join(CREDENTIAL), "beta\n").unwrap();
        assert!(configured(None).unwrap().accept(Some(b"Bearer beta")));
        let keys = configured(Some(named.path())).unwrap();
        assert!(keys.accept(Some(b"Bearer alpha")) && !keys.accept(Some(b"Bearer beta")));
        std::fs::write(credentials.path().join(CREDENTIAL), "").unwrap();
        assert!(configured(None).unwrap_err().contains("api-keys"), "empty");
        let missing = configured(Some(Path::new("/does/not/exist"))).unwrap_err();
        assert!(missing.contains("API_KEYS_FILE"), "{missing}");
    }

    #[tokio::test]
    async fn a_key_as_a_subprotocol_opens_websockets_only_and_goes_no_further() {
        use axum::http::HeaderMap;
        use axum::http::header::{CONNECTION, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
        use tower::ServiceExt as _;

        let app = |keys| {
            axum::Router::new()
                .fallback(async |headers: HeaderMap| {
                    let offered = headers.get(SEC_WEBSOCKET_PROTOCOL).cloned();
                    offered.map_or_else(String::new, |it| it.to_str().unwrap().to_string())
                })
                .layer(axum::middleware::from_fn_with_state(keys, require_key))
        };
        let locked = keys("alpha\n").unwrap();
        for (keys, upgrade, protocols, status, seen) in [
            (
                &locked,
                true,
                "realtime, openai-insecure-api-key.alpha",
                200,
                "realtime",
            ),
            (&locked, true, "openai-insecure-api-key.alpha", 200, ""),
            (
                &locked,
                true,
                "realtime, openai-insecure-api-key.beta",
                401,
                "",
            ),
            (&locked, true, "realtime, openai-insecure-api-key.", 401, ""),
            (&locked, true, "realtime", 401, ""),
            (
                &locked,
                false,
                "realtime, openai-insecure-api-key.alpha",
                401,
                "",
            ),
            (
                &ApiKeys::default(),
                true,
                "realtime, openai-insecure-api-key.x",
                200,
                "realtime",
            ),
        ] {
            let mut request = Request::builder().header(SEC_WEBSOCKET_PROTOCOL, protocols);
            if upgrade {
                request = request
                    .header(CONNECTION, "Upgrade")
                    .header(UPGRADE, "websocket");
            }
            let request = request.body(axum::body::Body::empty()).unwrap();
            let response = app(keys.clone()).oneshot(request).await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{protocols}");
            if status == 200 {
                let body = axum::body::to_bytes(response.into_body(), 1000).await;
                assert_eq!(body.unwrap(), seen, "{protocols}");
            }
        }
    }

    #[tokio::test]
    async fn a_temporary_key_opens_websockets_with_its_grant_and_nothing_else() {
        use crate::temporary_keys::Grant;
        use axum::http::header::{CONNECTION, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
        use tower::ServiceExt as _;

        let temporary = TemporaryKeys::default();
        let lifetime = std::time::Duration::from_mins(1);
        let key = temporary.give(Grant("for this".into()), lifetime);
        let locked = keys("alpha\n").unwrap().with_temporary(temporary);
        let app = axum::Router::new()
            .fallback(async |grant: axum::Extension<Grant>| grant.0.0.to_string())
            .layer(axum::middleware::from_fn_with_state(locked, require_key));
        for (key, upgrade, status) in [
            (key.as_str(), true, 200),
            (key.as_str(), false, 401),
            ("ek_other", true, 401),
        ] {
            for (name, value) in [
                (AUTHORIZATION, format!("Bearer {key}")),
                (
                    SEC_WEBSOCKET_PROTOCOL,
                    format!("realtime, openai-insecure-api-key.{key}"),
                ),
            ] {
                let mut request = Request::builder().header(name, value);
                if upgrade {
                    request = request
                        .header(CONNECTION, "Upgrade")
                        .header(UPGRADE, "websocket");
                }
                let request = request.body(axum::body::Body::empty()).unwrap();
                let response = app.clone().oneshot(request).await.unwrap();
                assert_eq!(response.status().as_u16(), status, "{key}");
                if status == 200 {
                    let body = axum::body::to_bytes(response.into_body(), 1000).await;
                    assert_eq!(body.unwrap(), "for this");
                }
            }
        }
    }

    #[test]
    fn no_configured_key_lets_everybody_in_but_an_empty_key_file_is_an_error() {
        assert!(ApiKeys::default().accept(None));
        assert!(keys("# nothing\n").is_err());
    }
}
