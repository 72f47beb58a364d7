//! Requests that are sent again, and those that are not.

use std::time::{Duration, Instant, SystemTime};

use voice_upstream::{Outcome, Request, RetrySettings, UpstreamError};

use crate::stub::{Step, Stub, answer, ok};
use crate::{counted, settings, upstream};

#[tokio::test]
async fn what_passes_is_tried_again_with_the_same_body() {
    let stub = Stub::start(|n| match n {
        0 => answer(500, "", ""),
        1 => vec![Step::HangUp],
        2 => answer(429, "", ""),
        _ => ok(),
    })
    .await;
    let chat = upstream(settings(&[&stub]));
    let body = serde_json::json!({"a": 1});
    let answer = chat.send(Request::post("a").json(&body)).await.unwrap();
    assert_eq!(answer.bytes(10).await.unwrap(), "well");
    let bodies: Vec<_> = stub.seen().into_iter().map(|it| it.body).collect();
    assert_eq!(bodies, vec![br#"{"a":1}"#.to_vec(); 4]);
    let snapshot = chat.snapshot();
    assert_eq!((snapshot.requests, snapshot.retries), (1, 3));
}

#[tokio::test]
async fn after_three_rounds_the_last_error_is_told() {
    let stub = Stub::start(|_| answer(502, "", "bad gateway")).await;
    let chat = upstream(settings(&[&stub]));
    let error = chat.send(Request::get("a")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "chat failed (502 Bad Gateway): bad gateway"
    );
    assert_eq!(stub.seen().len(), 4);
}

#[tokio::test]
async fn a_refused_request_is_not_repeated() {
    let stub = Stub::start(|_| answer(422, "", r#"{"detail": "no"}"#)).await;
    let chat = upstream(settings(&[&stub]));
    let error = chat.send(Request::get("a")).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Refused { .. }), "{error}");
    assert_eq!(
        (stub.seen().len(), counted(&chat, 0, Outcome::Refused)),
        (1, 1)
    );
}

#[tokio::test]
async fn retry_after_is_kept_as_seconds_and_as_a_date() {
    let seconds: fn() -> String = || "1".into();
    // A date has whole seconds: two from now is between one and two.
    let date = || httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
    for after in [seconds, date] {
        let stub = Stub::start(move |n| match n {
            0 => answer(503, &format!("retry-after: {}\r\n", after()), ""),
            _ => ok(),
        })
        .await;
        let chat = upstream(settings(&[&stub]));
        let began = Instant::now();
        chat.send(Request::get("a")).await.unwrap();
        let took = began.elapsed();
        assert!(took >= Duration::from_secs(1), "{}: {took:?}", after());
    }
}

#[tokio::test]
async fn a_pause_past_the_end_of_the_request_is_not_waited_for() {
    let stub = Stub::start(|_| answer(503, "retry-after: 3600\r\n", "later")).await;
    let chat = upstream(settings(&[&stub]));
    let began = Instant::now();
    let error = chat.send(Request::get("a")).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_hours(1)));
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn when_everything_fails_the_budget_bounds_what_is_added() {
    let stub = Stub::start(|_| answer(500, "", "")).await;
    let mut settings = settings(&[&stub]);
    settings.breaker.failures = u32::MAX;
    settings.retries = RetrySettings {
        budget_floor: 0,
        ..settings.retries
    };
    let chat = upstream(settings);
    for _ in 0..100 {
        chat.send(Request::get("a")).await.unwrap_err();
    }
    let snapshot = chat.snapshot();
    assert!(
        snapshot.retries > 0 && snapshot.retries <= 10,
        "{snapshot:?}"
    );
    assert!(snapshot.retries_refused >= 90, "{snapshot:?}");
    assert_eq!(stub.seen().len() as u64, 100 + snapshot.retries);
}
