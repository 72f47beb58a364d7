//! Keys that a service gives out itself, for a page that is not to know the operator's: each opens
//! WebSockets for a short time, and nothing else.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

/// Keys that are valid at a time; one more ends the one that would end first.
const MOST: usize = 1000;

/// What a key was given out for, as whoever gave it out wrote it down. It goes with the request that
/// the key opens, as an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant(pub Arc<str>);

struct Given {
    until: Instant,
    grant: Grant,
}

/// See the [module](self). Clones share the keys.
#[derive(Clone, Default)]
pub struct TemporaryKeys(Arc<Mutex<HashMap<String, Given>>>);

// Keys must not reach a log through a debug print.
impl std::fmt::Debug for TemporaryKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TemporaryKeys({} keys)", self.0.lock().len())
    }
}

impl TemporaryKeys {
    /// A new key that is valid so long.
    pub fn give(&self, grant: Grant, lifetime: Duration) -> String {
        let key = format!("ek_{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let now = Instant::now();
        let mut keys = self.0.lock();
        keys.retain(|_, it| it.until > now);
        if keys.len() >= MOST {
            let first = keys.iter().min_by_key(|(_, it)| it.until);
            if let Some(first) = first.map(|(key, _)| key.clone()) {
                keys.remove(&first);
            }
        }
        let until = now + lifetime;
        keys.insert(key.clone(), Given { until, grant });
        key
    }

    /// What this key was given out for, if it was and is still valid.
    pub(crate) fn grant_of(&self, offered: &[u8]) -> Option<Grant> {
        // Keys are random and looked up by a hash with a secret of its own, so time tells nothing.
        let offered = std::str::from_utf8(offered).ok()?;
        let keys = self.0.lock();
        let given = keys.get(offered)?;
        (given.until > Instant::now()).then(|| given.grant.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_key_is_valid_for_its_time_only_and_there_are_not_many() {
        let keys = TemporaryKeys::default();
        let grant = Grant("a".into());
        let first = keys.give(grant.clone(), Duration::from_secs(10));
        assert_eq!(keys.grant_of(first.as_bytes()), Some(grant.clone()));
        assert_eq!(keys.grant_of(b"ek_"), None);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(keys.grant_of(first.as_bytes()), None);
        let short = keys.give(grant.clone(), Duration::from_secs(1));
        for _ in 0..MOST {
            keys.give(grant.clone(), Duration::from_mins(1));
        }
        assert_eq!(keys.grant_of(short.as_bytes()), None);
        assert_eq!(format!("{keys:?}"), "TemporaryKeys(1000 keys)");
    }
}
