//! Who may call a service: clients with a key, and web pages of certain origins.

pub(crate) mod options;

use axum::http::HeaderValue;
use tower_http::cors::{AllowOrigin, Any};

pub use self::options::CallerOptions;

use crate::auth::ApiKeys;
use crate::temporary_keys::TemporaryKeys;
use crate::websocket::origin::OriginPolicy;

/// Who may call a service.
pub(crate) struct Callers {
    pub(crate) keys: ApiKeys,
    pub(crate) origins: OriginPolicy,
    /// Absent where no web page of another origin may call.
    pub(crate) cors: Option<AllowOrigin>,
}

impl Callers {
    /// Those whom the operator lets in.
    ///
    /// # Errors
    /// One line that says which setting can't be used.
    pub(crate) fn configured(
        options: &CallerOptions,
        temporary: &TemporaryKeys,
    ) -> Result<Self, String> {
        let keys = ApiKeys::configured(options.api_keys_file.as_deref())?;
        Ok(Self {
            origins: OriginPolicy::new(&options.cors_origins, !keys.is_empty()),
            cors: allowed(&options.cors_origins)?,
            keys: keys.with_temporary(temporary.clone()),
        })
    }

    /// No key is needed.
    pub(crate) fn is_everybody(&self) -> bool {
        self.keys.is_empty()
    }
}

fn allowed(origins: &[String]) -> Result<Option<AllowOrigin>, String> {
    if origins.is_empty() {
        return Ok(None);
    }
    if origins.iter().any(|origin| origin.trim() == "*") {
        return Ok(Some(AllowOrigin::from(Any)));
    }
    let values: Result<Vec<HeaderValue>, String> = origins
        .iter()
        .map(|origin| {
            HeaderValue::from_str(origin.trim())
                .map_err(|_| format!("CORS_ORIGINS: '{origin}' is no origin"))
        })
        .collect();
    Ok(Some(AllowOrigin::list(values?)))
}
