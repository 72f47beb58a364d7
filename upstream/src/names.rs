//! Addresses of names, kept for a while.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::Instant;

/// How long an address is believed. One that nobody can be reached at is forgotten at once.
const KEPT: Duration = Duration::from_mins(5);

type Found = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Looks names up for all connections of a pool. The system's resolver keeps nothing by itself
/// on many machines, and each lookup holds a thread. Names are those of base URLs: few.
#[derive(Clone)]
pub(crate) struct Names {
    known: Arc<Mutex<HashMap<String, Known>>>,
    look_up: fn(String) -> Found,
}

#[derive(Debug)]
struct Known {
    /// Without the port, which belongs to the base URL.
    addresses: Vec<SocketAddr>,
    until: Instant,
}

impl Names {
    /// Asks the system.
    pub(crate) fn new() -> Self {
        Self::with(|name| {
            Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
        })
    }

    fn with(look_up: fn(String) -> Found) -> Self {
        Self {
            known: Arc::default(),
            look_up,
        }
    }

    /// The next connection looks it up anew.
    pub(crate) fn forget(&self, name: &str) {
        self.known.lock().remove(name);
    }

    async fn addresses(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        if let Some(known) = self.known.lock().get(name)
            && Instant::now() < known.until
        {
            return Ok(known.addresses.clone());
        }
        let addresses = (self.look_up)(name.to_string()).await?;
        // An empty answer is none to keep.
        if !addresses.is_empty() {
            let known = Known {
                addresses: addresses.clone(),
                until: Instant::now() + KEPT,
            };
            self.known.lock().insert(name.to_string(), known);
        }
        Ok(addresses)
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Names").field(&*self.known.lock()).finish()
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.clone();
        Box::pin(async move {
            let addresses = names.addresses(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU16, Ordering};

    use super::*;

    /// Gives another port each time, so that lookups can be told apart.
    fn counting() -> Names {
        static LOOKUPS: AtomicU16 = AtomicU16::new(1);
        Names::with(|name| {
            Box::pin(async move {
                if name == "absent" {
                    return Err(io::ErrorKind::NotFound.into());
                }
                let port = LOOKUPS.fetch_add(1, Ordering::Relaxed);
                Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
            })
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_looked_up_once_in_five_minutes_unless_it_is_forgotten() {
        let names = counting();
        let first = names.addresses("a").await.unwrap();
        tokio::time::advance(KEPT.saturating_sub(Duration::from_secs(1))).await;
        assert_eq!(names.addresses("a").await.unwrap(), first);
        assert_ne!(names.addresses("b").await.unwrap(), first);
        tokio::time::advance(Duration::from_secs(1)).await;
        let second = names.addresses("a").await.unwrap();
        assert_ne!(second, first);
        names.forget("a");
        assert_ne!(names.addresses("a").await.unwrap(), second);
    }

    #[tokio::test]
    async fn a_failed_lookup_is_not_kept() {
        let names = counting();
        assert!(names.addresses("absent").await.is_err());
        assert!(names.known.lock().is_empty());
    }
}
