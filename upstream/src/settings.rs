//! What an upstream is made of.

use crate::address::BaseUrl;
use crate::breaker::BreakerSettings;
use crate::key::ApiKey;
use crate::limits::TimeLimits;
use crate::retry::RetrySettings;

/// What an upstream is made of.
#[derive(Debug, Clone)]
pub struct UpstreamSettings {
    /// What errors, logs and metrics call it, such as `chat`.
    pub name: String,
    /// Where it is: the first is asked first, the others are fallbacks.
    pub base_urls: Vec<BaseUrl>,
    /// Sent as a bearer token to each of them.
    pub key: Option<ApiKey>,
    /// For requests that bring none of their own.
    pub limits: TimeLimits,
    /// When requests are sent again.
    pub retries: RetrySettings,
    /// When a host is left alone.
    pub breaker: BreakerSettings,
}

impl UpstreamSettings {
    /// The defaults, without a key.
    pub fn new(name: &str, base_urls: Vec<BaseUrl>) -> Self {
        Self {
            name: name.to_string(),
            base_urls,
            key: None,
            limits: TimeLimits::default(),
            retries: RetrySettings::default(),
            breaker: BreakerSettings::default(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let upstream = self.name.clone();
        if self.base_urls.is_empty() {
            return Err(SettingsError::NoHost { upstream });
        }
        if self.limits.first_byte >= self.limits.whole {
            return Err(SettingsError::Limits { upstream });
        }
        if self.breaker.failures == 0 {
            return Err(SettingsError::Breaker { upstream });
        }
        Ok(())
    }
}

/// Settings that an upstream can't work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Nobody could be asked.
    #[error("{upstream} has no base URL")]
    NoHost {
        /// Its name.
        upstream: String,
    },
    /// A host that never answers would never be noticed.
    #[error("{upstream}: the limit for the first byte must be under the one for the whole request")]
    Limits {
        /// Its name.
        upstream: String,
    },
    /// A breaker that opens without a failure would never let anything through.
    #[error("{upstream}: a breaker needs at least one failure to open")]
    Breaker {
        /// Its name.
        upstream: String,
    },
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let upstream = "chat".to_string();
        let settings = || {
            let base_urls = BaseUrl::list("http://a/v1").unwrap();
            UpstreamSettings::new("chat", base_urls)
        };
        assert_eq!(settings().check(), Ok(()));
        let nobody = UpstreamSettings::new("chat", Vec::new());
        let no_host = SettingsError::NoHost {
            upstream: upstream.clone(),
        };
        assert_eq!(nobody.check(), Err(no_host));
        let mut endless = settings();
        endless.limits.whole = Duration::from_secs(10);
        let limits = SettingsError::Limits {
            upstream: upstream.clone(),
        };
        assert_eq!(endless.check(), Err(limits));
        let mut never = settings();
        never.breaker.failures = 0;
        assert_eq!(never.check(), Err(SettingsError::Breaker { upstream }));
    }
}
