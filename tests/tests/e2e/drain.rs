//! SIGTERM: what was accepted is answered, and the end comes in time.

use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt as _;

use voice_stack_tests::kind::Kind;
use voice_stack_tests::raw;
use voice_stack_tests::service::{Service, wait_until};

for_both! {
    under_load_no_accepted_request_is_lost,
    the_service_is_unready_at_once_and_still_answers_during_the_grace,
    work_past_the_drain_time_is_cancelled_and_its_client_is_told,
    a_second_signal_ends_at_once,
}

/// What became of one request.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Answered(u16),
    /// Nobody listened any more: the client knows that nothing was taken.
    NotAccepted,
    /// Taken and never answered, or not to the end.
    Lost,
}

fn ask(port: u16, request: &[u8]) -> Fate {
    use std::io::Write as _;
    let Ok(mut stream) = raw::connect(port) else {
        return Fate::NotAccepted;
    };
    if stream.write_all(request).is_err() {
        return Fate::Lost;
    }
    match raw::answer_on(&stream) {
        Some(answer) if answer.is_whole => Fate::Answered(answer.status),
        _ => Fate::Lost,
    }
}

fn under_load_no_accepted_request_is_lost(kind: &'static Kind) {
    let settings = [("PRELOAD", "true"), ("DRAIN_GRACE_SECONDS", "1")];
    let mut service = Service::start(kind, &settings);
    let (port, client) = (service.port(), service.client());
    let request = (kind.ordinary)().raw();
    let fates: Vec<Fate> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    let mut fates = Vec::new();
                    while fates.last() != Some(&Fate::NotAccepted) {
                        fates.push(ask(port, &request));
                    }
                    fates
                })
            })
            .collect();
        wait_until("requests wait", || client.slots()["queued"] != 0);
        service.terminate();
        clients
            .into_iter()
            .flat_map(|it| it.join().unwrap())
            .collect()
    });
    let answered = |status| {
        fates
            .iter()
            .filter(|it| **it == Fate::Answered(status))
            .count()
    };
    assert!(!fates.contains(&Fate::Lost), "{fates:?}\n{}", service.log());
    // Who comes between the end of the grace and the closing of the door is refused in words.
    assert_eq!(answered(200) + answered(503) + 6, fates.len(), "{fates:?}");
    assert!(answered(200) >= 6 && answered(503) <= 6, "{fates:?}");
    assert_eq!(service.wait().code(), Some(0));
}

fn the_service_is_unready_at_once_and_still_answers_during_the_grace(kind: &'static Kind) {
    let mut service = Service::start(kind, &[("DRAIN_GRACE_SECONDS", "3")]);
    let client = service.client();
    assert_eq!(client.get("/health/ready").status, 200);
    service.terminate();
    wait_until("it is unready", || {
        client.get("/health/ready").status == 503
    });
    assert_eq!(client.get("/health/ready").json()["reason"], "draining");
    assert!(client.is_alive(), "alive is not ready");
    let answer = client.serve(&(kind.telling)());
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(service.wait().code(), Some(0));
}

/// A service that computes for minutes to come, and the connection that waits for it.
fn at_work(kind: &'static Kind, settings: &[(&str, &str)]) -> (Service, TcpStream) {
    let service = Service::start(kind, settings);
    let running = raw::send(service.port(), &(kind.long)().raw());
    service.wait_for_active(1);
    (service, running)
}

fn work_past_the_drain_time_is_cancelled_and_its_client_is_told(kind: &'static Kind) {
    let settings = [("PRELOAD", "true"), ("DRAIN_TIMEOUT_SECONDS", "1")];
    let (mut service, running) = at_work(kind, &settings);
    service.terminate();
    kind.cut_short
        .assert_told(raw::answer_on(&running).as_ref());
    assert_eq!(service.wait().code(), Some(0));
}

fn a_second_signal_ends_at_once(kind: &'static Kind) {
    let (mut service, running) = at_work(kind, &[("PRELOAD", "true")]);
    let client = service.client();
    service.terminate();
    wait_until("it drains", || client.get("/health/ready").status == 503);
    service.terminate();
    let signal = service.wait().signal();
    assert_eq!(signal, Some(15), "as SIGTERM ends a process");
    let answer = raw::answer_on(&running);
    kind.cut_short.assert_nothing_whole(answer.as_ref());
}
