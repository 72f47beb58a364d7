//! Requests over real sockets to a server that fails in every way a server can.

#![allow(clippy::unwrap_used)]

mod bodies;
mod breaker;
mod hosts;
mod keys;
mod retries;
mod stub;
mod time_limits;

use std::time::Duration;

use voice_upstream::{
    BaseUrl, Outcome, Pool, PoolSettings, Request, RetrySettings, TimeLimits, Upstream,
    UpstreamSettings,
};

use stub::Stub;

/// Pauses short enough to wait for, and time limits that a loaded machine keeps.
fn settings(stubs: &[&Stub]) -> UpstreamSettings {
    let urls = stubs
        .iter()
        .map(|it| BaseUrl::parse(&it.base_url()).unwrap());
    let mut settings = UpstreamSettings::new("chat", urls.collect());
    settings.retries = RetrySettings {
        first_pause: Duration::from_millis(20),
        longest_pause: Duration::from_millis(100),
        ..RetrySettings::default()
    };
    settings.limits = TimeLimits {
        first_byte: Duration::from_secs(20),
        between_bytes: Duration::from_secs(20),
        whole: Duration::from_mins(1),
    };
    settings
}

fn upstream(settings: UpstreamSettings) -> Upstream {
    Upstream::new(&Pool::new(PoolSettings::default()).unwrap(), settings).unwrap()
}

/// Asks once and takes the whole answer.
async fn get_whole(upstream: &Upstream) {
    let answer = upstream.send(Request::get("a")).await.unwrap();
    answer.bytes(10).await.unwrap();
}

/// How often an outcome was counted at a host.
fn counted(upstream: &Upstream, host: usize, outcome: Outcome) -> u64 {
    let attempts = &upstream.snapshot().hosts[host].attempts;
    attempts.iter().find(|it| it.0 == outcome).unwrap().1
}
