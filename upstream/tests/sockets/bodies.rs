//! What is sent and what comes back.

use std::time::Duration;

use voice_upstream::header::HeaderValue;
use voice_upstream::{Outcome, Request, StatusCode, UpstreamError};

use crate::stub::{Step, Stub, answer, chunk, head, ok};
use crate::{counted, get_whole, settings, upstream};

#[tokio::test]
async fn a_request_and_its_answer_go_through_whole() {
    let stub = Stub::start(|_| answer(201, "x-a: b\r\n", r#"{"a": 1}"#)).await;
    let chat = upstream(settings(&[&stub]));
    let body = serde_json::json!({"model": "m"});
    let answer = chat
        .send(Request::post("chat/completions").json(&body))
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()["x-a"], "b");
    let read: serde_json::Value = answer.json(100).await.unwrap();
    assert_eq!(read, serde_json::json!({"a": 1}));
    let seen = &stub.seen()[0];
    assert!(
        seen.head
            .starts_with("POST /v1/chat/completions HTTP/1.1\r\n"),
        "{}",
        seen.head
    );
    assert!(
        seen.head.contains("content-type: application/json\r\n"),
        "{}",
        seen.head
    );
    assert_eq!(seen.body, br#"{"model":"m"}"#);
}

#[tokio::test]
async fn pieces_come_as_they_are_sent() {
    let stub = Stub::start(|_| vec![head(), chunk("one"), Step::Stall]).await;
    let chat = upstream(settings(&[&stub]));
    let mut answer = chat.send(Request::get("stream")).await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "one");
    assert_eq!(chat.snapshot().hosts[0].in_flight, 1);
}

#[tokio::test]
async fn a_body_is_read_no_faster_than_it_is_asked_for() {
    const PIECES: usize = 256;
    const PIECE_BYTES: usize = 128 << 10;
    let stub = Stub::start(|_| {
        let mut steps = vec![head()];
        steps.extend(std::iter::repeat_n(chunk(vec![0; PIECE_BYTES]), PIECES));
        steps
    })
    .await;
    let chat = upstream(settings(&[&stub]));
    let mut answer = chat.send(Request::get("stream")).await.unwrap();
    answer.chunk().await.unwrap();
    let mut sent = 0;
    // Until the buffers between here and there are full.
    while sent < stub.sent() {
        sent = stub.sent();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(sent < PIECES * PIECE_BYTES * 3 / 4, "{sent} bytes");
}

#[tokio::test]
async fn connections_are_used_again() {
    let stub = Stub::start(|_| ok()).await;
    let chat = upstream(settings(&[&stub]));
    for _ in 0..5 {
        get_whole(&chat).await;
    }
    // One may be opened in vain while the last one is on its way back to the pool.
    assert_eq!(stub.seen().len(), 5);
    assert!(stub.connections() < 5, "{}", stub.connections());
    assert_eq!(counted(&chat, 0, Outcome::Served), 5);
}

#[tokio::test]
async fn a_dropped_answer_closes_its_connection() {
    let stub = Stub::start(|_| vec![head(), chunk("one"), Step::Stall]).await;
    let chat = upstream(settings(&[&stub]));
    let mut answer = chat.send(Request::get("stream")).await.unwrap();
    answer.chunk().await.unwrap();
    drop(answer);
    stub.until_hung_up().await;
    assert_eq!(counted(&chat, 0, Outcome::Abandoned), 1);
    assert_eq!(chat.snapshot().hosts[0].in_flight, 0);
}

#[tokio::test]
async fn a_dropped_request_closes_its_connection() {
    let stub = Stub::start(|_| vec![Step::Stall]).await;
    let chat = upstream(settings(&[&stub]));
    tokio::select! {
        _ = chat.send(Request::get("never")) => panic!("nobody answers"),
        () = stub.until_asked() => {}
    }
    stub.until_hung_up().await;
    assert_eq!(counted(&chat, 0, Outcome::Abandoned), 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error_each_time_it_is_asked_and_not_repeated() {
    for ending in [vec![head(), chunk("one"), Step::HangUp], {
        let short = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this";
        vec![Step::Send(short.into()), Step::HangUp]
    }] {
        let stub = Stub::start(move |_| ending.clone()).await;
        let chat = upstream(settings(&[&stub]));
        let mut answer = chat.send(Request::get("stream")).await.unwrap();
        assert!(answer.chunk().await.unwrap().is_some());
        let error = answer.chunk().await.unwrap_err();
        assert!(
            matches!(error, UpstreamError::Interrupted { .. }),
            "{error}"
        );
        assert_eq!(answer.chunk().await.unwrap_err(), error);
        assert_eq!(stub.seen().len(), 1);
        assert_eq!(counted(&chat, 0, Outcome::Interrupted), 1);
    }
}

#[tokio::test]
async fn more_than_was_allowed_is_not_read() {
    let stub = Stub::start(|_| vec![head(), chunk("0123456789"), chunk("x"), Step::Stall]).await;
    let chat = upstream(settings(&[&stub]));
    let error = chat
        .send(Request::get("a"))
        .await
        .unwrap()
        .bytes(10)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the answer of chat is longer than 10 bytes"
    );
    stub.until_hung_up().await;
}

#[tokio::test]
async fn other_json_than_expected_is_said_to_be_so() {
    let stub = Stub::start(|_| answer(200, "", "<html>")).await;
    let chat = upstream(settings(&[&stub]));
    let error = chat
        .send(Request::get("a"))
        .await
        .unwrap()
        .json::<u32>(100)
        .await
        .unwrap_err();
    assert!(matches!(error, UpstreamError::Malformed { .. }), "{error}");
}

#[tokio::test]
async fn a_streamed_body_is_sent_once() {
    let stub = Stub::start(|_| answer(503, "", "")).await;
    let chat = upstream(settings(&[&stub]));
    let octets = HeaderValue::from_static("application/octet-stream");
    let request = Request::post("a").streamed_body(octets, "made on the way".into());
    let error = chat.send(request).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Failed { .. }), "{error}");
    assert_eq!(stub.seen().len(), 1);
    assert_eq!(stub.seen()[0].body, b"made on the way");
}
