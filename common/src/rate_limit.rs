//! How often one client may ask: so many requests at once, and after that one each time that its
//! share of the period has passed.
//!
//! A client is known by its key where there are keys, and else by its address: without keys it could
//! make up another one for every request. Which clients were seen is bounded.

mod options;

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;
use parking_lot::Mutex;
use tokio::time::Instant;

pub use self::options::RateLimitOptions;

use crate::ApiError;

/// Without options, for whoever can be reached by others.
const REQUESTS: u32 = 100;
/// Clients that are told apart; the others share one allowance.
const MOST_CLIENTS: usize = 10_000;

/// Where a request's connection comes from, among the extensions of every request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Client {
    /// The hash of a key: the key itself is kept nowhere.
    Key(u64),
    Address(IpAddr),
    /// Of too many to be told apart.
    Other,
}

/// Counts the requests of clients. Clones count together.
#[derive(Debug, Clone)]
pub struct RateLimit(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    requests: NonZeroU32,
    period: Duration,
    has_keys: bool,
    hasher: RandomState,
    /// When each client will have its whole allowance again.
    restored: Mutex<HashMap<Client, Instant>>,
}

impl RateLimit {
    /// The one of these settings, if there is to be any. `has_keys`: every client has one.
    pub fn configured(options: &RateLimitOptions, host: IpAddr, has_keys: bool) -> Option<Self> {
        let is_own = host.is_loopback() && !has_keys;
        let default = if is_own { 0 } else { REQUESTS };
        let requests = options.rate_limit_requests.unwrap_or(default);
        Some(Self(Arc::new(Shared {
            requests: NonZeroU32::new(requests)?,
            period: options.rate_limit_period_seconds,
            has_keys,
            hasher: RandomState::new(),
            restored: Mutex::default(),
        })))
    }

    fn client(&self, request: &Request) -> Client {
        let key = request.headers().get(AUTHORIZATION);
        if let Some(key) = key.filter(|_| self.0.has_keys) {
            return Client::Key(self.0.hasher.hash_one(key.as_bytes()));
        }
        let peer = request.extensions().get::<Peer>();
        peer.map_or(Client::Other, |it| Client::Address(network(it.0)))
    }

    fn take(&self, client: Client, now: Instant) -> Result<(), ApiError> {
        let Shared {
            requests, period, ..
        } = &*self.0;
        let share = *period / requests.get();
        let mut restored = self.0.restored.lock();
        if restored.len() >= MOST_CLIENTS {
            restored.retain(|_, at| *at > now);
        }
        let is_known = restored.contains_key(&client) || restored.len() < MOST_CLIENTS;
        let client = if is_known { client } else { Client::Other };
        let at = restored.get(&client).map_or(now, |at| (*at).max(now));
        let after = at + share;
        let excess = after.saturating_duration_since(now + *period);
        if excess > Duration::ZERO {
            return Err(ApiError::RateLimited {
                requests: requests.get(),
                period: *period,
                retry_after_seconds: excess.as_secs_f64().ceil() as u64,
            });
        }
        restored.insert(client, after);
        Ok(())
    }
}

/// Whoever has one IPv6 address has 2⁶⁴ of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(it) => IpAddr::V6((it.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Middleware: 429 to who asks too often, before the body is read. It is to stand behind
/// [`crate::auth::require_key`].
///
/// # Errors
/// [`ApiError::RateLimited`].
pub async fn limit_rate(
    State(limit): State<RateLimit>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    limit.take(limit.client(&request), Instant::now())?;
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(requests: Option<u32>, host: &str, has_keys: bool) -> Option<RateLimit> {
        let options = RateLimitOptions {
            rate_limit_requests: requests,
            rate_limit_period_seconds: Duration::from_mins(1),
        };
        RateLimit::configured(&options, host.parse().unwrap(), has_keys)
    }

    fn address(text: &str) -> Client {
        Client::Address(network(text.parse().unwrap()))
    }

    #[test]
    fn who_can_not_be_reached_by_others_has_no_limit_unless_told() {
        for (requests, host, has_keys, expected) in [
            (None, "127.0.0.1", false, None),
            (None, "::1", false, None),
            (None, "127.0.0.1", true, Some(100)),
            (None, "0.0.0.0", false, Some(100)),
            (Some(0), "0.0.0.0", true, None),
            (Some(5), "127.0.0.1", false, Some(5)),
        ] {
            let limit = limit(requests, host, has_keys);
            let requests = limit.map(|it| it.0.requests.get());
            assert_eq!(requests, expected, "{host}");
        }
    }

    #[test]
    fn a_client_has_its_allowance_and_then_its_share_of_the_period() {
        let limit = limit(Some(3), "127.0.0.1", false).unwrap();
        let (one, other) = (address("10.0.0.1"), address("10.0.0.2"));
        let now = Instant::now();
        for _ in 0..3 {
            limit.take(one, now).unwrap();
        }
        let refused = limit.take(one, now).unwrap_err();
        assert_eq!(refused.status().as_u16(), 429);
        assert_eq!(refused.retry_after_seconds(), Some(20));
        limit.take(other, now).unwrap();

        let soon = now + Duration::from_secs(19);
        let refused = limit.take(one, soon).unwrap_err();
        assert_eq!(refused.retry_after_seconds(), Some(1));
        let later = now + Duration::from_secs(20);
        limit.take(one, later).unwrap();
        assert!(limit.take(one, later).is_err());
        let much_later = now + Duration::from_mins(5);
        for _ in 0..3 {
            limit.take(one, much_later).unwrap();
        }
        assert!(limit.take(one, much_later).is_err());
    }

    #[test]
    fn clients_are_told_apart_by_key_where_there_are_keys_and_else_by_network() {
        let request = |key: &str| {
            let request = Request::builder().header(AUTHORIZATION, key);
            let mut request = request.body(axum::body::Body::empty()).unwrap();
            request
                .extensions_mut()
                .insert(Peer("10.0.0.1".parse().unwrap()));
            request
        };
        let open = limit(Some(3), "::", false).unwrap();
        let locked = limit(Some(3), "::", true).unwrap();
        assert_eq!(open.client(&request("a")), open.client(&request("b")));
        assert_ne!(locked.client(&request("a")), locked.client(&request("b")));
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:2"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(address("::ffff:10.0.0.1"), address("10.0.0.1"));
    }

    #[test]
    fn clients_that_are_remembered_are_bounded() {
        let limit = limit(Some(2), "::", false).unwrap();
        let now = Instant::now();
        let numbered = |it: u32| Client::Address(IpAddr::V4(it.into()));
        for number in 0..MOST_CLIENTS as u32 {
            limit.take(numbered(number), now).unwrap();
        }
        limit.take(numbered(u32::MAX), now).unwrap();
        limit.take(numbered(u32::MAX - 1), now).unwrap();
        assert!(limit.take(numbered(u32::MAX - 2), now).is_err());
        assert!(limit.0.restored.lock().len() <= MOST_CLIENTS + 1);
        let later = now + Duration::from_mins(2);
        limit.take(numbered(u32::MAX), later).unwrap();
        assert_eq!(limit.0.restored.lock().len(), 1);
    }
}
