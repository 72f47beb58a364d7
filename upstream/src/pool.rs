//! Connections that all upstreams share.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::address::BaseUrl;
use crate::names::Names;

/// Connections without a request are closed after this long.
const IDLE: Duration = Duration::from_secs(30);

/// Bounds of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSettings {
    /// Requests at a time to all hosts together. Each has a connection of its own.
    pub connections: usize,
    /// Requests at a time to one host and port, and connections that wait there for the next.
    pub connections_per_host: usize,
    /// For looking up a name, connecting, and the TLS handshake.
    pub connect: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            connections: 100,
            connections_per_host: 20,
            connect: Duration::from_secs(5),
        }
    }
}

/// The client can't be set up: the system's certificates can't be read, for example.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client can't be set up: {0}")]
pub struct PoolError(reqwest::Error);

/// Connections to any number of hosts. Clones share them.
#[derive(Debug, Clone)]
pub struct Pool {
    pub(crate) http: reqwest::Client,
    pub(crate) settings: PoolSettings,
    pub(crate) names: Names,
    total: Arc<Semaphore>,
    hosts: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
}

/// The right to one connection; given back when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    _host: OwnedSemaphorePermit,
    _total: OwnedSemaphorePermit,
}

/// The two bounds that a connection to one host is under.
#[derive(Debug, Clone)]
pub(crate) struct Slots {
    host: Arc<Semaphore>,
    total: Arc<Semaphore>,
}

impl Pool {
    /// A pool without connections.
    ///
    /// It speaks HTTP/1.1 only, because there a dropped request closes its connection, which
    /// every server notices. It follows no redirect, because a key must not go to a host that
    /// an answer names, and it uses no proxy.
    ///
    /// # Errors
    /// The system lets no client be made.
    pub fn new(settings: PoolSettings) -> Result<Self, PoolError> {
        // An error means that another pool of this process has installed the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let names = Names::new();
        let http = reqwest::Client::builder()
            .dns_resolver(names.clone())
            .connect_timeout(settings.connect)
            .pool_max_idle_per_host(settings.connections_per_host)
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .user_agent(concat!("voice-stack/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(PoolError)?;
        Ok(Self {
            http,
            settings,
            names,
            total: Arc::new(Semaphore::new(settings.connections)),
            hosts: Arc::default(),
        })
    }

    /// The bounds for one host. Upstreams with the same host and port share them.
    pub(crate) fn slots(&self, base: &BaseUrl) -> Slots {
        let new = || Arc::new(Semaphore::new(self.settings.connections_per_host));
        let mut hosts = self.hosts.lock();
        Slots {
            host: Arc::clone(hosts.entry(base.origin()).or_insert_with(new)),
            total: Arc::clone(&self.total),
        }
    }
}

impl Slots {
    /// Waits for a connection's turn, first come, first served.
    ///
    /// The host's bound comes first: a request that waits for a slow host must not hold what
    /// requests to other hosts could use.
    pub(crate) async fn acquire(&self) -> Slot {
        let turn = |it: &Arc<Semaphore>| Arc::clone(it).acquire_owned();
        let never_closed = "nobody closes these semaphores";
        let host = turn(&self.host).await.expect(never_closed);
        let total = turn(&self.total).await.expect(never_closed);
        Slot {
            _host: host,
            _total: total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(connections: usize, connections_per_host: usize) -> Pool {
        Pool::new(PoolSettings {
            connections,
            connections_per_host,
            ..PoolSettings::default()
        })
        .unwrap()
    }

    fn slots(pool: &Pool, address: &str) -> Slots {
        pool.slots(&BaseUrl::parse(address).unwrap())
    }

    async fn is_free(slots: &Slots) -> bool {
        let soon = Duration::from_millis(1);
        tokio::time::timeout(soon, slots.acquire()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn paths_of_a_host_share_its_bound_and_other_hosts_do_not() {
        let pool = pool(10, 1);
        let held = slots(&pool, "http://a:1/v1").acquire().await;
        assert!(!is_free(&slots(&pool, "http://a:1/other")).await);
        assert!(is_free(&slots(&pool, "http://a:2/v1")).await);
        drop(held);
        assert!(is_free(&slots(&pool, "http://a:1/other")).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_waits_for_a_host_holds_nothing_of_the_total() {
        let pool = pool(2, 1);
        let (slow, other) = (slots(&pool, "http://slow"), slots(&pool, "http://other"));
        let _held = slow.acquire().await;
        let waiting = tokio::spawn(async move { slow.acquire().await });
        tokio::task::yield_now().await;
        assert!(is_free(&other).await);
        let _second = other.acquire().await;
        assert!(!is_free(&slots(&pool, "http://third")).await);
        waiting.abort();
    }
}
