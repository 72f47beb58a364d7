//! SIGTERM: what was accepted is answered, and the end comes in time.

use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt as _;

use voice_stack_tests::service::{Asr, wait_until};
use voice_stack_tests::{raw, samples, synthetic};

/// What became of one request.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Answered(u16),
    /// Nobody listened any more: the client knows that nothing was taken.
    NotAccepted,
    /// Taken and never answered.
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
    raw::status_of(&raw::rest_of(&stream)).map_or(Fate::Lost, Fate::Answered)
}

#[test]
fn under_load_no_accepted_request_is_lost() {
    let mut asr = Asr::start(&[("PRELOAD", "true"), ("DRAIN_GRACE_SECONDS", "1")]);
    let (port, client) = (asr.port(), asr.client());
    let request = raw::transcription(&synthetic::wav(&samples::jfk_samples()[..3 * 16_000]));
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
        wait_until("requests wait", || {
            client.get("/health/detailed").json()["slots"]["queued"] != 0
        });
        asr.terminate();
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
    assert!(!fates.contains(&Fate::Lost), "{fates:?}\n{}", asr.log());
    // Who comes between the end of the grace and the closing of the door is refused in words.
    assert_eq!(answered(200) + answered(503) + 6, fates.len(), "{fates:?}");
    assert!(answered(200) >= 6 && answered(503) <= 6, "{fates:?}");
    assert_eq!(asr.wait().code(), Some(0));
}

#[test]
fn the_service_is_unready_at_once_and_still_answers_during_the_grace() {
    let mut asr = Asr::start(&[("DRAIN_GRACE_SECONDS", "3")]);
    let client = asr.client();
    assert_eq!(client.get("/health/ready").status, 200);
    asr.terminate();
    wait_until("it is unready", || {
        client.get("/health/ready").status == 503
    });
    assert_eq!(client.get("/health/ready").json()["reason"], "draining");
    assert!(client.is_alive(), "alive is not ready");
    let answer = client.transcribe(&samples::jfk(), &[]);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(asr.wait().code(), Some(0));
}

/// A service that computes for minutes to come, and the connection that waits for it.
fn at_work(settings: &[(&str, &str)]) -> (Asr, TcpStream) {
    let asr = Asr::start(settings);
    let minutes = raw::transcription(&synthetic::wav(&samples::jfk_samples().repeat(60)));
    let running = raw::send(asr.port(), &minutes);
    let client = asr.client();
    wait_until("it runs", || {
        client.get("/health/detailed").json()["slots"]["active"] == 1
    });
    (asr, running)
}

#[test]
fn work_past_the_drain_time_is_cancelled_and_its_client_is_told() {
    let (mut asr, running) = at_work(&[("PRELOAD", "true"), ("DRAIN_TIMEOUT_SECONDS", "1")]);
    asr.terminate();
    let answer = raw::rest_of(&running);
    assert_eq!(raw::status_of(&answer), Some(503), "{answer}");
    assert!(answer.contains("\"draining\""), "{answer}");
    assert_eq!(asr.wait().code(), Some(0));
}

#[test]
fn a_second_signal_ends_at_once() {
    let (mut asr, running) = at_work(&[("PRELOAD", "true")]);
    let client = asr.client();
    asr.terminate();
    wait_until("it drains", || client.get("/health/ready").status == 503);
    asr.terminate();
    assert_eq!(asr.wait().signal(), Some(15), "as SIGTERM ends a process");
    assert_eq!(raw::rest_of(&running), "");
}
