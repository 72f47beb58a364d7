//! Clients that hold connections open without using them.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use voice_stack_tests::kind::Kind;
use voice_stack_tests::raw;
use voice_stack_tests::scrape::Scrape;
use voice_stack_tests::service::{Service, wait_until};

for_both! {
    slow_heads_and_bodies_are_closed_with_a_word_and_good_clients_never_notice,
    connections_beyond_the_cap_are_told_and_a_closed_one_makes_room,
}

const SLOW_CLIENTS: usize = 500;

/// Opens connections that have begun a request.
fn begin(port: u16, beginning: &[u8]) -> Vec<TcpStream> {
    (0..SLOW_CLIENTS)
        .map(|_| raw::send(port, beginning))
        .collect()
}

fn slow_heads_and_bodies_are_closed_with_a_word_and_good_clients_never_notice(kind: &'static Kind) {
    let service = Service::start(kind, &[("PRELOAD", "true")]);
    let request = (kind.ordinary)();
    let head = format!("POST {} HTTP/1.1\r\nHost: localhost\r\n", kind.endpoint);
    let body = request.begun(1_000_000, kind.beginning);

    let began = Instant::now();
    let slow_heads = begin(service.port(), head.as_bytes());
    let slow_bodies = begin(service.port(), &body);
    let all_closed = AtomicBool::new(false);
    let (answers, served) = std::thread::scope(|scope| {
        // Each of them sends a byte a second, as slowhttptest does.
        scope.spawn(|| {
            while !all_closed.load(Ordering::SeqCst) {
                for mut stream in slow_heads.iter().chain(&slow_bodies) {
                    let _ = stream.write_all(b"x");
                }
                std::thread::sleep(Duration::from_secs(1));
            }
        });
        let good = scope.spawn(|| {
            let client = service.client();
            let mut served = 0;
            while !all_closed.load(Ordering::SeqCst) {
                client.serve(&request);
                served += 1;
            }
            served
        });
        let answers: Vec<String> = slow_heads
            .iter()
            .chain(&slow_bodies)
            .map(raw::rest_of)
            .collect();
        all_closed.store(true, Ordering::SeqCst);
        (answers, good.join().unwrap())
    });
    println!(
        "{} slow connections closed after {:?}, {served} good requests served",
        answers.len(),
        began.elapsed()
    );
    assert!(served > 0);
    // A connection that is closed over unread bytes may lose its last words to a reset.
    let told = answers
        .iter()
        .filter(|it| raw::status_of(it) == Some(408))
        .count();
    assert!(told * 10 >= answers.len() * 9, "only {told} were told why");
    assert!(answers.iter().any(|it| it.contains("request's head")));
    assert!(answers.iter().any(|it| it.contains("request's body")));

    let scrape = Scrape::of(&service.client());
    let closed = scrape.sum("voice_connections_closed_total", &[("reason", "slow_head")]);
    assert_eq!(closed as usize, SLOW_CLIENTS);
    let timeouts = scrape.sum("voice_requests_total", &[("status", "408")]);
    assert_eq!(timeouts as usize, SLOW_CLIENTS);
}

fn connections_beyond_the_cap_are_told_and_a_closed_one_makes_room(kind: &'static Kind) {
    let service = Service::start(
        kind,
        &[("MAX_CONNECTIONS", "4"), ("RECEIVE_TIMEOUT_SECONDS", "2")],
    );
    let connections: Vec<_> = (0..6)
        .map(|_| raw::connect(service.port()).unwrap())
        .collect();
    for mut stream in &connections {
        // A refused one may be closed already.
        let _ = stream.write_all(b"GET /health");
    }
    let answers: Vec<String> = connections.iter().map(raw::rest_of).collect();
    let count = |status| {
        let of_status = answers
            .iter()
            .filter(|it| raw::status_of(it) == Some(status));
        of_status.count()
    };
    // The client that waited for the start may still have had one of the four.
    assert!((2..=3).contains(&count(503)), "{answers:#?}");
    assert_eq!(count(503) + count(408), 6, "{answers:#?}");
    let refusal = answers
        .iter()
        .find(|it| raw::status_of(it) == Some(503))
        .unwrap();
    assert!(refusal.contains("too_many_connections") && refusal.contains("retry-after: 1"));
    // The service notices a closed connection a moment after its client closed it.
    wait_until("closed ones make room", || service.client().is_alive());
}
