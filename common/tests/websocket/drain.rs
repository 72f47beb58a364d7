//! SIGTERM: every open WebSocket is told, and nothing keeps the process.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::raw::{CLOSE, FIN, Raw, TEXT, ask_over, close, frame};
use crate::service::Service;

/// What one client saw until its WebSocket was closed: how many messages came back, in their
/// order and without a gap, and the code of the close frame.
fn talk(port: u16, index: usize, talking: &AtomicUsize) -> (usize, Option<u16>) {
    let mut socket = Raw::open(port);
    let mut echoed = 0;
    loop {
        let text = format!("{index} {echoed}");
        socket.send(&frame(FIN | TEXT, text.as_bytes()));
        match socket.frame() {
            Some((first, payload)) if first == FIN | TEXT => {
                assert_eq!(payload, text.as_bytes(), "in order, and nothing left out");
                if echoed == 0 {
                    talking.fetch_add(1, Ordering::Relaxed);
                }
                echoed += 1;
            }
            Some((first, payload)) if first == FIN | CLOSE => {
                let code = u16::from_be_bytes([payload[0], payload[1]]);
                socket.send(&frame(FIN | CLOSE, &close(code, b"")));
                assert_eq!(socket.rest(), [], "nothing after the close frame");
                return (echoed, Some(code));
            }
            other => {
                assert_eq!(other, None);
                return (echoed, None);
            }
        }
    }
}

#[test]
fn a_hundred_websockets_under_load_are_all_closed_with_1001_and_the_process_ends() {
    let mut service = Service::start(&["--drain-grace-seconds", "1"]);
    let port = service.port;
    let talking = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..100)
            .map(|index| (index, &talking))
            .map(|(index, talking)| scope.spawn(move || talk(port, index, talking)))
            .collect();
        while talking.load(Ordering::Relaxed) < clients.len() {
            std::thread::sleep(Duration::from_millis(10));
        }
        service.shows(&[r#"voice_websockets{service="echo"} 100"#]);
        service.terminate();
        let signalled = Instant::now();
        for client in clients {
            let (echoed, code) = client.join().unwrap();
            assert_eq!(code, Some(1001));
            assert!(echoed > 0);
        }
        assert!(signalled.elapsed() >= Duration::from_secs(1), "the grace");
        assert!(service.ended().success());
        // Far less than the drain time, which is 30 s.
        assert!(signalled.elapsed() < Duration::from_secs(20));
    });
    assert!(service.log().contains("drained"));
}

#[test]
fn one_that_is_asked_for_in_the_grace_is_opened_and_told_1001_as_well() {
    let service = Service::start(&["--drain-grace-seconds", "3"]);
    service.terminate();
    while !service.get("/health/ready").starts_with("HTTP/1.1 503 ") {
        std::thread::sleep(Duration::from_millis(10));
    }
    let (_, code) = talk(service.port, 0, &AtomicUsize::default());
    assert_eq!(code, Some(1001));
}

#[test]
fn a_client_that_does_not_answer_the_close_keeps_the_process_for_five_seconds_at_most() {
    let mut service = Service::start(&["--drain-grace-seconds", "0"]);
    let mut socket = Raw::open(service.port);
    service.terminate();
    let signalled = Instant::now();
    assert_eq!(socket.frame().unwrap().0, FIN | CLOSE);
    assert!(service.ended().success());
    let took = signalled.elapsed();
    assert!(took >= Duration::from_secs(4), "{took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

/// Whether the service has closed the connection, without an answer.
fn is_closed(cause: &std::io::Error) -> bool {
    matches!(
        cause.kind(),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
    )
}

#[test]
fn after_the_grace_a_new_client_is_refused_before_the_upgrade_and_then_not_connected() {
    let service = Service::start(&["--drain-grace-seconds", "0"]);
    // Without its answer to the close, the process goes on for five seconds.
    let mut socket = Raw::open(service.port);
    service.terminate();
    assert_eq!(socket.frame().unwrap().0, FIN | CLOSE);
    loop {
        let asked = TcpStream::connect(("127.0.0.1", service.port))
            .and_then(|stream| ask_over(stream, &[], &[]));
        match asked {
            // It was connected before the listener was closed.
            Ok(answer) => {
                assert_eq!(answer.status(), 503);
                assert_eq!(answer.code(), "draining");
            }
            Err(cause) if cause.kind() == ErrorKind::ConnectionRefused => return,
            // It was connected while the listener was being closed.
            Err(cause) => assert!(is_closed(&cause), "{cause}"),
        }
    }
}

#[test]
fn after_the_grace_a_client_that_was_connected_before_is_refused_or_closed_on() {
    let service = Service::start(&["--drain-grace-seconds", "0"]);
    let mut socket = Raw::open(service.port);
    let connected = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
    service.terminate();
    assert_eq!(socket.frame().unwrap().0, FIN | CLOSE);
    match ask_over(connected, &[], &[]) {
        Ok(answer) => {
            assert_eq!(answer.status(), 503);
            assert_eq!(answer.code(), "draining");
        }
        // It was closed before its request came.
        Err(cause) => assert!(is_closed(&cause), "{cause}"),
    }
}
