//! Fallbacks and the bounds of the pool.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use voice_upstream::{
    BaseUrl, BreakerState, Outcome, Pool, PoolSettings, Request, Upstream, UpstreamError,
};

use crate::stub::{Step, Stub, answer, nobody, ok};
use crate::{counted, get_whole, settings, upstream};

#[tokio::test]
async fn the_first_healthy_host_is_asked() {
    let (first, second) = (Stub::start(|_| ok()).await, Stub::start(|_| ok()).await);
    let chat = upstream(settings(&[&first, &second]));
    for _ in 0..3 {
        get_whole(&chat).await;
    }
    assert_eq!((first.seen().len(), second.seen().len()), (3, 0));
}

#[tokio::test]
async fn a_host_that_is_gone_is_followed_by_the_next_and_left_alone_after_five_times() {
    let second = Stub::start(|_| ok()).await;
    let mut settings = settings(&[&second]);
    settings
        .base_urls
        .insert(0, BaseUrl::parse(&nobody().await).unwrap());
    let chat = upstream(settings);
    for _ in 0..8 {
        get_whole(&chat).await;
    }
    assert_eq!(second.seen().len(), 8);
    assert_eq!(counted(&chat, 0, Outcome::Unreachable), 5);
    let snapshot = chat.snapshot();
    assert_eq!(snapshot.hosts[0].breaker, BreakerState::Open);
    assert_eq!(
        (snapshot.requests, snapshot.retries),
        (8, 0),
        "a fallback needs no budget"
    );
}

#[tokio::test]
async fn a_host_may_have_a_name() {
    let stub = Stub::start(|_| ok()).await;
    let mut settings = settings(&[&stub]);
    let named = stub.base_url().replace("127.0.0.1", "localhost");
    settings.base_urls = vec![BaseUrl::parse(&named).unwrap()];
    let chat = upstream(settings);
    get_whole(&chat).await;
    assert!(stub.seen()[0].head.contains("host: localhost:"));
}

#[tokio::test]
async fn a_busy_host_hands_over_without_a_pause() {
    let first = Stub::start(|_| answer(503, "retry-after: 30\r\n", "")).await;
    let second = Stub::start(|_| ok()).await;
    let chat = upstream(settings(&[&first, &second]));
    get_whole(&chat).await;
    assert_eq!((first.seen().len(), second.seen().len()), (1, 1));
}

#[tokio::test]
async fn a_request_that_may_be_sent_once_goes_to_no_second_host() {
    let (first, second) = (
        Stub::start(|_| vec![Step::HangUp]).await,
        Stub::start(|_| ok()).await,
    );
    let chat = upstream(settings(&[&first, &second]));
    let error = chat
        .send(Request::post("tool").at_most_once())
        .await
        .unwrap_err();
    assert!(
        matches!(error, UpstreamError::Unreachable { .. }),
        "{error}"
    );
    assert_eq!((first.seen().len(), second.seen().len()), (1, 0));
}

#[tokio::test]
async fn a_refused_request_is_not_tried_elsewhere() {
    let refused = r#"{"error":{"message":"no such model","code":"model_not_found"}}"#;
    let first = Stub::start(move |_| answer(404, "", refused)).await;
    let second = Stub::start(|_| ok()).await;
    let chat = upstream(settings(&[&first, &second]));
    let error = chat.send(Request::get("a")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "chat refused the request (404 Not Found): no such model"
    );
    let UpstreamError::Refused { code, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(code.as_deref(), Some("model_not_found"));
    assert!(second.seen().is_empty());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Stub::start(|_| ok()).await;
    let location = format!("location: {}/a\r\n", other.base_url());
    let first = Stub::start(move |_| answer(307, &location, "")).await;
    let chat = upstream(settings(&[&first]));
    let error = chat.send(Request::get("a")).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Refused { .. }), "{error}");
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn a_host_gets_no_more_requests_at_a_time_than_its_bound() {
    let stub = Arc::new(Stub::start(|_| vec![Step::Stall]).await);
    let pool = Pool::new(PoolSettings {
        connections_per_host: 3,
        ..PoolSettings::default()
    })
    .unwrap();
    let chat = Upstream::new(&pool, settings(&[&stub])).unwrap();
    let ended = Arc::new(AtomicUsize::new(0));
    let asking: Vec<_> = (0..6)
        .map(|_| {
            let (chat, ended) = (chat.clone(), Arc::clone(&ended));
            tokio::spawn(async move {
                let _ = chat.send(Request::get("a")).await;
                ended.fetch_add(1, Ordering::Relaxed);
            })
        })
        .collect();
    while stub.seen().len() < 3 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(
        (stub.seen().len(), chat.snapshot().hosts[0].in_flight),
        (3, 3)
    );
    // Requests that are given up make room for those that wait.
    asking
        .iter()
        .take(3)
        .for_each(tokio::task::JoinHandle::abort);
    while stub.seen().len() < 6 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    asking.iter().for_each(tokio::task::JoinHandle::abort);
    assert_eq!(ended.load(Ordering::Relaxed), 0);
}
