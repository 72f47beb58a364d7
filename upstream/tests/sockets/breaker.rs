//! Hosts that fail repeatedly.

use std::time::{Duration, Instant};

use voice_upstream::{BreakerState, Outcome, Request, RetrySettings, UpstreamError};

use crate::stub::{Step, Stub, answer, chunk, head, ok};
use crate::{counted, get_whole, settings, upstream};

/// Long enough for a request within it on a loaded machine.
const REST: Duration = Duration::from_secs(1);

fn without_retries(stub: &Stub) -> voice_upstream::UpstreamSettings {
    let mut settings = settings(&[stub]);
    settings.retries = RetrySettings {
        rounds: 0,
        ..settings.retries
    };
    settings.breaker.open_for = REST;
    settings
}

#[tokio::test]
async fn five_failures_open_the_breaker_and_a_good_probe_closes_it() {
    let stub = Stub::start(|n| if n < 5 { answer(500, "", "") } else { ok() }).await;
    let chat = upstream(without_retries(&stub));
    for _ in 0..5 {
        let error = chat.send(Request::get("a")).await.unwrap_err();
        assert!(matches!(error, UpstreamError::Failed { .. }), "{error}");
    }
    let error = chat.send(Request::get("a")).await.unwrap_err();
    let UpstreamError::Unavailable { retry_after, .. } = &error else {
        panic!("{error}");
    };
    assert!(*retry_after <= REST);
    assert_eq!(stub.seen().len(), 5, "an open breaker sends nothing");
    let host = &chat.snapshot().hosts[0];
    assert_eq!(
        (host.breaker, host.breaker_openings),
        (BreakerState::Open, 1)
    );
    assert!(host.probe_in.is_some());
    tokio::time::sleep(REST).await;
    assert_eq!(chat.snapshot().hosts[0].breaker, BreakerState::HalfOpen);
    get_whole(&chat).await;
    assert_eq!(chat.snapshot().hosts[0].breaker, BreakerState::Closed);
}

#[tokio::test]
async fn one_request_is_the_probe_and_others_are_told_to_wait() {
    let stub = Stub::start(|n| {
        if n < 5 {
            answer(500, "", "")
        } else {
            vec![Step::Stall]
        }
    })
    .await;
    let chat = upstream(without_retries(&stub));
    for _ in 0..5 {
        chat.send(Request::get("a")).await.unwrap_err();
    }
    tokio::time::sleep(REST).await;
    let probe = tokio::spawn({
        let chat = chat.clone();
        async move { chat.send(Request::get("probe")).await }
    });
    while stub.seen().len() < 6 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let error = chat.send(Request::get("a")).await.unwrap_err();
    assert!(
        matches!(error, UpstreamError::Unavailable { .. }),
        "{error}"
    );
    assert_eq!(stub.seen().len(), 6);
    probe.abort();
    stub.until_hung_up().await;
    assert_eq!(chat.snapshot().hosts[0].breaker, BreakerState::HalfOpen);
}

#[tokio::test]
async fn answers_that_break_off_open_it_as_well() {
    let stub = Stub::start(|_| vec![head(), chunk("one"), Step::HangUp]).await;
    let chat = upstream(without_retries(&stub));
    for _ in 0..5 {
        let mut answer = chat.send(Request::get("a")).await.unwrap();
        while answer.chunk().await.is_ok() {}
    }
    assert_eq!(chat.snapshot().hosts[0].breaker, BreakerState::Open);
}

#[tokio::test]
async fn neither_a_busy_host_nor_a_refused_request_opens_it() {
    let stub = Stub::start(|n| match n % 3 {
        0 => answer(503, "retry-after: 1\r\n", ""),
        1 => answer(429, "", ""),
        _ => answer(400, "", ""),
    })
    .await;
    let chat = upstream(without_retries(&stub));
    for _ in 0..12 {
        chat.send(Request::get("a")).await.unwrap_err();
    }
    assert_eq!(chat.snapshot().hosts[0].breaker, BreakerState::Closed);
    assert_eq!(counted(&chat, 0, Outcome::Busy), 8);
    assert_eq!(counted(&chat, 0, Outcome::Refused), 4);
}

#[tokio::test]
async fn a_request_waits_for_the_first_host_that_may_be_asked_again() {
    let failing = Stub::start(|_| answer(500, "", "")).await;
    let busy = Stub::start(|n| match n {
        0 => answer(503, "retry-after: 1\r\n", ""),
        _ => ok(),
    })
    .await;
    let mut settings = settings(&[&failing, &busy]);
    settings.breaker.failures = 1;
    settings.breaker.open_for = Duration::from_secs(1000);
    let began = Instant::now();
    upstream(settings).send(Request::get("a")).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!((failing.seen().len(), busy.seen().len()), (1, 2));
}
