use std::time::Duration;

use super::*;
use crate::ApiError;

const LIMITS: SessionLimits = SessionLimits {
    max: 2,
    idle: Duration::from_mins(5),
    longest: Duration::from_secs(1000),
};

fn sessions() -> Sessions<&'static str> {
    Sessions::new(LIMITS, Cancellation::new())
}

async fn after(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

fn scrape<T: Send + Sync + 'static>(sessions: &Sessions<T>) -> String {
    let mut registry = prometheus_client::registry::Registry::default();
    sessions.metrics().register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    text
}

#[tokio::test(start_paused = true)]
async fn a_session_that_nobody_uses_ends_and_its_work_with_it() {
    let sessions = sessions();
    let opened = sessions.open("history").unwrap();
    let (id, work) = (opened.id().to_string(), opened.cancellation().child());
    drop(opened);
    after(299).await;
    assert_eq!(sessions.find(&id).unwrap().value, "history");
    after(299).await;
    assert!(sessions.find(&id).is_some(), "the last use was 299 s ago");
    let begun = Instant::now();
    work.cancelled().await;
    assert_eq!(begun.elapsed().as_secs(), 300);
    assert!(sessions.find(&id).is_none());
    assert!(scrape(&sessions).contains(r#"sessions_ended_total{reason="idle"} 1"#));
}

#[tokio::test(start_paused = true)]
async fn a_session_in_use_is_not_idle_but_grows_old() {
    let sessions = sessions();
    let begun = Instant::now();
    let used = sessions.open("").unwrap();
    used.cancellation().cancelled().await;
    assert_eq!(begun.elapsed().as_secs(), 1000);
    assert_eq!(used.cancellation().cause(), Some(CancelCause::SessionEnded));
    assert!(sessions.find(used.id()).is_none());
    assert_eq!(sessions.counts().open, 0);
    assert!(scrape(&sessions).contains(r#"sessions_ended_total{reason="too_old"} 1"#));
}

#[tokio::test(start_paused = true)]
async fn idle_time_runs_from_the_end_of_the_last_use() {
    let sessions = sessions();
    let begun = Instant::now();
    let (first, ended) = {
        let opened = sessions.open("").unwrap();
        let ended = opened.cancellation().clone();
        (sessions.find(opened.id()).unwrap(), ended)
    };
    after(450).await;
    drop(first);
    ended.cancelled().await;
    assert_eq!(begun.elapsed().as_secs(), 750);
}

#[tokio::test(start_paused = true)]
async fn a_full_set_says_when_the_first_may_have_ended() {
    let sessions = sessions();
    drop(sessions.open("").unwrap());
    after(290).await;
    let second = sessions.open("").unwrap();
    let full = sessions.open("").unwrap_err();
    assert_eq!(full.retry_after_seconds, 11);
    let error = ApiError::from(full);
    assert_eq!(error.status().as_u16(), 503);
    assert_eq!(error.retry_after_seconds(), Some(11));
    let counts = SessionCounts {
        open: 2,
        limit: 2,
        high_water: 2,
    };
    assert_eq!(sessions.counts(), counts);
    second.end();
    sessions.open("").unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_ended_session_is_gone_at_once_and_only_it() {
    let sessions = sessions();
    let (one, other) = (sessions.open("one").unwrap(), sessions.open("two").unwrap());
    assert!(sessions.end(one.id()));
    assert!(!sessions.end(one.id()) && sessions.find(one.id()).is_none());
    assert_eq!(one.cancellation().cause(), Some(CancelCause::SessionEnded));
    assert_eq!(other.cancellation().cause(), None);
    drop(one);
    assert_eq!(sessions.counts().open, 1);
    assert!(sessions.find("another").is_none());
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_service_ends_them_all_with_its_own_cause() {
    let service = Cancellation::new();
    let sessions = Sessions::new(LIMITS, service.clone());
    let used = sessions.open(()).unwrap();
    service.cancel(CancelCause::Shutdown);
    assert_eq!(used.cancellation().cause(), Some(CancelCause::Shutdown));
    after(1).await;
    assert_eq!(sessions.counts().open, 0);
    assert!(scrape(&sessions).contains(r#"sessions_ended_total{reason="shutdown"} 1"#));
}

#[tokio::test(start_paused = true)]
async fn ids_are_long_and_never_the_same() {
    let sessions = sessions();
    let (one, other) = (sessions.open("").unwrap(), sessions.open("").unwrap());
    assert_ne!(one.id(), other.id());
    assert!(one.id().len() == 32 && one.id().bytes().all(|it| it.is_ascii_alphanumeric()));
}
