//! What a client with bad intentions gets: an answer, and nothing else.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use voice_stack_tests::answer::Answer;
use voice_stack_tests::bombs;
use voice_stack_tests::client::{Then, exchange};
use voice_stack_tests::effort::repetitions;
use voice_stack_tests::kind::{ASR, Kind, Mutator};
use voice_stack_tests::multipart;
use voice_stack_tests::samples;
use voice_stack_tests::service::{Service, wait_until};

for_both! {
    broken_requests_are_answered_and_leave_nothing_behind,
    requests_that_are_hardly_requests_are_answered,
    what_is_not_http_is_answered_or_closed_and_harms_nobody,
}

/// Of the broken requests. `HOSTILE_SEED` in the environment tries others.
const SEED: u64 = 20_250_614;
const WARM_UP: u64 = 100;
const CLIENTS: usize = 4;

fn seed() -> u64 {
    let wanted = std::env::var("HOSTILE_SEED").ok();
    wanted.map_or(SEED, |seed| seed.parse().expect("HOSTILE_SEED is a number"))
}

/// What is wrong with an answer, if anything: all answers are results or errors of the
/// documented shape, and at this load there is no reason to refuse anybody.
fn complaint(kind: &Kind, answer: Option<&Answer>) -> Option<String> {
    let Some(answer) = answer else {
        return Some("no answer".into());
    };
    let fault = match answer.status {
        200 if !answer.is_whole => Some("cut off".into()),
        200 => (kind.hostility.fault)(answer),
        400..500 => answer.fault_as_error(),
        _ => Some(answer.text.clone()),
    };
    fault.map(|it| format!("{}: {it}", answer.status))
}

/// Sends these broken requests of the seed from a few clients at once. Gives the number of
/// good answers.
fn send_mutated(service: &Service, mutated: &Mutator, numbers: Range<u64>) -> u64 {
    let (next, served) = (AtomicU64::new(numbers.start), AtomicU64::new(0));
    let complaints = Mutex::new(Vec::new());
    let client = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= numbers.end {
                break;
            }
            let request = mutated(seed(), index);
            let answer = exchange(service.port(), &request.bytes, Then::Wait);
            if answer.as_ref().is_some_and(|it| it.status == 200) {
                served.fetch_add(1, Ordering::Relaxed);
            }
            if let Some(complaint) = complaint(service.kind(), answer.as_ref()) {
                let complaint = format!("request {index}: {}: {complaint}", request.what);
                complaints.lock().unwrap().push(complaint);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(client);
        }
    });
    let complaints = complaints.into_inner().unwrap();
    assert!(
        complaints.is_empty(),
        "seed {}:\n{}",
        seed(),
        complaints.join("\n")
    );
    served.into_inner()
}

fn assert_unharmed(service: &Service) {
    let client = service.client();
    client.serve(&(service.kind().telling)());
    wait_until("everything is done", || {
        let slots = client.slots();
        slots["active"] == 0 && slots["queued"] == 0
    });
    service.assert_no_panic();
}

/// Brings the service to where it is after a day of work.
///
/// Its memory is then that of the model, of a working memory for each of the two inferences
/// that run at once, which grows to what the largest request needs, and of the allocator's
/// arenas. Hostile requests have a part in the latter only, so all of it must be there before
/// the first measurement.
fn warm_up(service: &Service, mutated: &Mutator) {
    let largest = (service.kind().hostility.largest)();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| service.client().serve(&largest));
        }
    });
    send_mutated(service, mutated, 0..WARM_UP);
    service.client().serve(&(service.kind().telling)());
}

/// Resident memory when it hasn't changed for six seconds: what runs took is given back after
/// two to four without one.
fn settled_rss_bytes(service: &Service) -> u64 {
    let (mut last, mut since) = (service.rss_bytes(), Instant::now());
    wait_until("memory is settled", || {
        let now = service.rss_bytes();
        if now != last {
            (last, since) = (now, Instant::now());
        }
        since.elapsed() > Duration::from_secs(6)
    });
    last
}

fn broken_requests_are_answered_and_leave_nothing_behind(kind: &'static Kind) {
    let settings = [kind.hostility.settings, &[("PRELOAD", "true")]].concat();
    let service = Service::start(kind, &settings);
    let mutated = (kind.hostility.mutator)();
    warm_up(&service, &mutated);
    let requests = repetitions(400, 2_000);
    let (pid, before) = (service.pid(), settled_rss_bytes(&service));
    let lines_before = service.log().lines().count();

    let served = send_mutated(&service, &mutated, WARM_UP..WARM_UP + requests);

    assert_unharmed(&service);
    assert_eq!(service.pid(), pid);
    // With the model in memory, as an operator sees it: without it, little more than the
    // binary is left, and a page of a library that was used for the first time would count.
    let after = settled_rss_bytes(&service);
    println!(
        "{requests} requests, {served} of them served; {} MiB before, {} MiB after",
        before >> 20,
        after >> 20
    );
    assert!(
        after <= before + before / 20,
        "{before} bytes became {after}"
    );
    // A line or two for each request, whatever its author would like to have logged.
    let logged = service.log().lines().count() - lines_before;
    assert!(logged < 2 * requests as usize, "{logged} lines");
}

fn requests_that_are_hardly_requests_are_answered(kind: &'static Kind) {
    let service = Service::start(kind, &[]);
    for request in (kind.hostility.odd)() {
        let answer = exchange(service.port(), &request.bytes, request.then);
        if answer.is_none() && request.then == Then::HangUp {
            continue;
        }
        let complaint = complaint(kind, answer.as_ref());
        assert!(complaint.is_none(), "{}: {complaint:?}", request.name);
    }
    assert_unharmed(&service);
}

fn what_is_not_http_is_answered_or_closed_and_harms_nobody(kind: &'static Kind) {
    let service = Service::start(kind, &[]);
    for rubbish in [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let answer = exchange(service.port(), rubbish, Then::HangUp);
        assert!(answer.is_none_or(|it| (400..500).contains(&it.status)));
    }
    assert!(service.client().is_alive());
    service.assert_no_panic();
}

#[test]
fn files_that_claim_or_unfold_to_hours_and_gigabytes_are_answered() {
    let service = Service::start(&ASR, &[("MAX_AUDIO_SECONDS", "60")]);
    service.client().serve(&(ASR.telling)());
    let before = service.peak_rss_bytes();

    let malformed = samples::malformed().into_iter().map(|path| {
        let file = std::fs::read(&path).unwrap();
        (path.display().to_string(), file)
    });
    let bombs = bombs::all();
    let bombs = bombs.into_iter().map(|it| (it.name.to_string(), it.file));
    for (name, file) in malformed.chain(bombs) {
        let answer = exchange(service.port(), &multipart::upload(&file), Then::Wait);
        let complaint = complaint(&ASR, answer.as_ref());
        assert!(complaint.is_none(), "{name}: {complaint:?}");
        if name.contains("an hour") {
            assert_eq!(answer.unwrap().code(), "audio_too_long", "{name}");
        }
    }

    assert_unharmed(&service);
    // Not one of them had its gigabytes even for a moment.
    let peak = service.peak_rss_bytes();
    println!(
        "peak: {} MiB before, {} MiB after",
        before >> 20,
        peak >> 20
    );
    assert!(peak < before + (64 << 20), "{before} bytes became {peak}");
}
