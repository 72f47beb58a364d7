//! From settings to the upstreams that the parts of a conversation ask.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use voice_upstream::{
    AddressError, ApiKey, BaseUrl, KeyError, Pool, TimeLimits, Upstream, UpstreamSettings,
};

/// For an answer that comes piece by piece: it is bounded by how long somebody wants to hear it,
/// and by the time between its pieces.
const LONGEST_STREAM: Duration = Duration::from_mins(10);

/// One or more addresses of a service: the first is asked first, the others are fallbacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrls(pub Vec<BaseUrl>);

impl FromStr for BaseUrls {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        BaseUrl::list(text).map(Self)
    }
}

/// A setting that the start can't go on with, on one line.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file with a key.
    #[error("{setting}: {cause}")]
    Key {
        /// Which setting names it.
        setting: &'static str,
        /// What is wrong.
        cause: KeyError,
    },
    /// What an upstream is made of.
    #[error(transparent)]
    Upstream(#[from] voice_upstream::SettingsError),
}

/// What an upstream is for.
pub(crate) struct Purpose<'a> {
    /// What errors call it.
    pub(crate) name: &'a str,
    /// Where it is.
    pub(crate) base_urls: &'a BaseUrls,
    /// The setting that names a file with its key, and the file.
    pub(crate) key_file: (&'static str, Option<&'a PathBuf>),
    /// Its key where no file is named and it is on this machine: services of one box are given the
    /// same keys.
    pub(crate) key_of_this_box: Option<&'a ApiKey>,
    /// The time for the stage of the conversation that it serves.
    pub(crate) limit: Duration,
    /// Whether `limit` is for the beginning of its answer only.
    pub(crate) streams: bool,
}

/// An upstream that shares the pool's connections.
///
/// # Errors
/// Its key can't be read.
pub(crate) fn open(pool: &Pool, purpose: &Purpose<'_>) -> Result<Upstream, OpenError> {
    let mut settings = UpstreamSettings::new(purpose.name, purpose.base_urls.0.clone());
    settings.key = key_of(purpose)?;
    let hosts = u32::try_from(settings.base_urls.len()).unwrap_or(u32::MAX);
    settings.limits = limits(purpose.limit, hosts, purpose.streams);
    Ok(Upstream::new(pool, settings)?)
}

fn key_of(purpose: &Purpose<'_>) -> Result<Option<ApiKey>, OpenError> {
    if let (setting, Some(file)) = purpose.key_file {
        let key = ApiKey::from_file(file).map_err(|cause| OpenError::Key { setting, cause })?;
        return Ok(Some(key));
    }
    let is_here = purpose.base_urls.0.iter().all(BaseUrl::is_loopback);
    Ok(purpose.key_of_this_box.filter(|_| is_here).cloned())
}

/// Time limits under which a stage has time for each of its hosts. They are together a little
/// shorter than the stage, so that the host that is late counts as late, not as asked in vain.
pub(crate) fn limits(stage: Duration, hosts: u32, streams: bool) -> TimeLimits {
    TimeLimits {
        first_byte: stage * 19 / 20 / hosts.max(1),
        between_bytes: stage,
        whole: if streams {
            stage.max(LONGEST_STREAM)
        } else {
            stage
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_has_its_turn_within_the_stage() {
        let stage = Duration::from_secs(6);
        for hosts in 1..5 {
            let limits = limits(stage, hosts, false);
            assert!(limits.first_byte * hosts < stage);
            assert_eq!(limits.whole, stage);
        }
    }

    #[test]
    fn the_key_of_this_box_does_not_leave_it() {
        let key = ApiKey::new("secret").unwrap();
        for (base_urls, is_asked_with_it) in [
            ("http://127.0.0.1:5001/v1", true),
            ("http://localhost:5001/v1, http://[::1]:5001/v1", true),
            ("http://127.0.0.1:5001/v1, http://192.0.2.1/v1", false),
            ("http://localhost.example.org/v1", false),
        ] {
            let base_urls: BaseUrls = base_urls.parse().unwrap();
            let purpose = Purpose {
                name: "asr",
                base_urls: &base_urls,
                key_file: ("ASR_API_KEY_FILE", None),
                key_of_this_box: Some(&key),
                limit: Duration::from_secs(1),
                streams: false,
            };
            let found = key_of(&purpose).unwrap();
            assert_eq!(found.is_some(), is_asked_with_it, "{base_urls:?}");
        }
    }

    #[test]
    fn a_key_that_can_not_be_read_is_said_with_the_name_of_the_setting() {
        let pool = Pool::new(voice_upstream::PoolSettings::default()).unwrap();
        let absent = PathBuf::from("/absent/key");
        let error = open(
            &pool,
            &Purpose {
                name: "chat",
                base_urls: &"http://h/v1".parse().unwrap(),
                key_file: ("LLM_API_KEY_FILE", Some(&absent)),
                key_of_this_box: None,
                limit: Duration::from_secs(1),
                streams: true,
            },
        );
        let text = error.unwrap_err().to_string();
        assert!(
            text.starts_with("LLM_API_KEY_FILE: the key file /absent/key can't be read"),
            "{text}"
        );
    }
}
