//! Who gets a WebSocket, who gets none, and who loses it.

use std::io::Write as _;

use crate::raw::{CLOSE, FIN, PING, Raw, TEXT, ask, close, frame};
use crate::service::Service;

#[test]
fn beyond_the_bound_a_websocket_is_refused_before_the_upgrade_until_one_has_ended() {
    let service = Service::start(&["--max-websockets", "2"]);
    let mut one = Raw::open(service.port);
    let _other = Raw::open(service.port);
    let refused = ask(service.port, &[], &[]);
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.header("retry-after"), Some("5"));
    assert!(refused.header("x-request-id").is_some());
    assert_eq!(refused.code(), "too_many_websockets");
    service.shows(&[
        r#"voice_websockets{service="echo"} 2"#,
        r#"voice_websockets_opened_total{service="echo"} 2"#,
        r#"voice_rejections_total{service="echo",reason="too_many_websockets"} 1"#,
        r#"voice_requests_total{service="echo",endpoint="/echo",status="101"} 2"#,
    ]);
    one.send(&frame(FIN | CLOSE, &close(1000, b"")));
    assert_eq!(one.rest().len(), 1);
    service.shows(&[
        r#"voice_websockets{service="echo"} 1"#,
        r#"voice_websockets_closed_total{service="echo",reason="client"} 1"#,
    ]);
    Raw::open(service.port);
}

#[test]
fn a_websocket_is_one_of_the_connections() {
    let service = Service::start(&["--max-connections", "2"]);
    let (_one, _other) = (Raw::open(service.port), Raw::open(service.port));
    let answer = service.get("/health");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("too_many_connections"), "{answer}");
}

#[test]
fn what_is_no_request_for_a_websocket_is_told_so() {
    let service = Service::start(&[]);
    let answer = service.get("/echo");
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    assert!(answer.contains("upgrade: websocket\r\n"), "{answer}");
    assert!(answer.contains("upgrade_required"), "{answer}");
}

#[test]
fn a_key_may_come_as_a_subprotocol_and_stays_out_of_the_answer_and_the_log() {
    let keys = tempfile::NamedTempFile::new().unwrap();
    writeln!(keys.as_file(), "sk-very-secret").unwrap();
    let file = keys.path().to_str().unwrap();
    let mut service = Service::start(&["--api-keys-file", file, "--log-level", "trace"]);
    let offer = |key: &str| {
        let line = format!("sec-websocket-protocol: echo, openai-insecure-api-key.{key}");
        ask(service.port, &[&line], &[])
    };
    let answer = offer("sk-very-secret");
    assert_eq!(answer.header("sec-websocket-protocol"), Some("echo"));
    assert!(!answer.head.contains("secret"), "{}", answer.head);
    let mut socket = answer.socket();
    let wrong = offer("sk-not-so-secret");
    assert_eq!(wrong.status(), 401);
    assert_eq!(wrong.code(), "invalid_api_key");
    assert_eq!(ask(service.port, &[], &[]).status(), 401);
    let bearer = ask(service.port, &["authorization: Bearer sk-very-secret"], &[]);
    assert_eq!(bearer.header("sec-websocket-protocol"), None);
    bearer.socket();
    socket.send(&frame(FIN | CLOSE, &[]));
    socket.rest();
    service.terminate();
    assert!(service.ended().success());
    let log = service.log();
    assert!(log.contains("drained"), "{log}");
    assert!(!log.contains("secret"), "{log}");
}

#[test]
fn a_foreign_web_page_gets_no_websocket_unless_it_is_named() {
    let service = Service::start(&["--cors-origins", "https://talk.example"]);
    let port = service.port;
    for (origin, status) in [
        ("https://evil.example", 403),
        ("null", 403),
        ("https://talk.example", 101),
        (&*format!("http://127.0.0.1:{port}"), 101),
    ] {
        let answer = ask(port, &[&format!("origin: {origin}")], &[]);
        assert_eq!(answer.status(), status, "{origin}");
        if status == 403 {
            assert_eq!(answer.code(), "origin_not_allowed");
        }
    }
}

#[test]
fn a_client_that_reads_nothing_loses_its_websocket() {
    let service = Service::start(&["--send-timeout-seconds", "0.5"]);
    let mut socket = Raw::open(service.port);
    // Until neither side's buffers hold more: the echo can't be sent.
    let message = frame(FIN | TEXT, &vec![b'x'; 100_000]);
    for _ in 0..200 {
        socket.send(&message);
    }
    service.shows(&[
        r#"voice_websockets{service="echo"} 0"#,
        r#"voice_websockets_closed_total{service="echo",reason="unread_answer"} 1"#,
        r#"voice_connections_closed_total{service="echo",reason="unread_answer"} 1"#,
    ]);
}

#[test]
fn a_client_that_leaves_without_a_word_or_half_way_is_noticed() {
    let service = Service::start(&[]);
    drop(Raw::open(service.port));
    let mut half = Raw::open(service.port);
    half.send(&frame(FIN | TEXT, b"last"));
    assert_eq!(half.frame(), Some((FIN | TEXT, b"last".to_vec())));
    half.end_sending();
    assert_eq!(half.rest(), []);
    service.shows(&[
        r#"voice_websockets{service="echo"} 0"#,
        r#"voice_websockets_closed_total{service="echo",reason="gone"} 2"#,
    ]);
}

#[test]
fn what_comes_in_one_packet_with_the_request_is_not_lost() {
    let service = Service::start(&[]);
    let early = [frame(FIN | TEXT, b"early"), frame(FIN | PING, b"bird")].concat();
    let mut socket = ask(service.port, &[], &early).socket();
    let mut frames = [socket.frame().unwrap().1, socket.frame().unwrap().1];
    frames.sort();
    assert_eq!(frames, [b"bird".to_vec(), b"early".to_vec()]);
}
