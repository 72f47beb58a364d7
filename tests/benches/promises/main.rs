//! How well the guards keep their promises, measured on the release binary with the real
//! model. Each figure stands beside the same figure without the trouble, from the same run,
//! because the machines that run this are noisy.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used)] // as in tests: a bench that can't go on should stop

mod load;
mod report;
mod times;

use std::time::{Duration, Instant};

use voice_stack_tests::client::Client;
use voice_stack_tests::kind::{ASR, transcription};
use voice_stack_tests::service::{Service, wait_until};
use voice_stack_tests::{raw, samples, synthetic};

use crate::load::{Background, SlowConnections};
use crate::report::Report;
use crate::times::Times;

fn main() {
    // `cargo bench` and `cargo test --benches` add flags that mean nothing here.
    let mut report = Report::default();
    guard_cost(&mut report);
    probes(&mut report);
    surplus(&mut report);
    slow_connections(&mut report);
    hang_ups(&mut report);
    report.print();
}

fn speech(seconds: usize) -> Vec<u8> {
    synthetic::wav(&samples::jfk_samples()[..seconds * 16_000])
}

fn minutes_of_speech() -> Vec<u8> {
    (ASR.long)().raw()
}

fn active(client: &Client) -> u64 {
    let detailed = client.get("/health/detailed").json();
    detailed["slots"]["active"].as_u64().unwrap()
}

fn accepted(client: &Client, audio: &[u8]) -> Duration {
    let asked = Instant::now();
    let answer = client.transcribe(audio, &[]);
    assert_eq!(answer.status, 200, "{}", answer.text);
    asked.elapsed()
}

/// Requests that cost almost nothing, in turns on a service with all guards and on one
/// without those that can be turned off.
fn guard_cost(report: &mut Report) {
    let off = [
        "MEMORY_THRESHOLD_PERCENT",
        "SWAP_THRESHOLD_PERCENT",
        "VRAM_THRESHOLD_PERCENT",
        "PSI_THRESHOLD_PERCENT",
    ]
    .map(|name| (name, "0"));
    let with = Service::start(&ASR, &[("PRELOAD", "true")]);
    let without = Service::start(&ASR, &[&off[..], &[("PRELOAD", "true")]].concat());
    let (with, without) = (with.client(), without.client());
    let silence = synthetic::silence(0.5);
    let (mut on, mut off) = (Times::default(), Times::default());
    for round in 0..520 {
        let (one, other) = (accepted(&with, &silence), accepted(&without, &silence));
        if round >= 20 {
            on.add(one);
            off.add(other);
        }
    }
    let cost = on.median() - off.median();
    report.line(
        "guards on against off, a request",
        &format!(
            "{cost:+.3} ms (median {:.2} against {:.2})",
            on.median(),
            off.median()
        ),
        "< 1 ms",
        cost < 1.0,
    );
}

fn probes(report: &mut Report) {
    let asr = Service::start(&ASR, &[("PRELOAD", "true"), ("ASR_PROBE_PORT", "0")]);
    let client = asr.client();
    let probe_client = Client::new(asr.probe_url());
    let idle = Times::of(1000, || probe(&client));
    let minutes = minutes_of_speech();
    for (name, prober) in [("service's port", &client), ("probe port", &probe_client)] {
        let _running = [
            raw::send(asr.port(), &minutes),
            raw::send(asr.port(), &minutes),
        ];
        wait_until("both slots are taken", || active(&client) == 2);
        let busy = Times::of(1000, || probe(prober));
        assert_eq!(active(&client), 2, "the load ended too early");
        report.line(
            &format!("/health while all cores compute, {name}"),
            &format!(
                "p50 {:.2} ms, p99 {:.2} ms (idle: {:.2}, {:.2})",
                busy.median(),
                busy.percentile(99.0),
                idle.median(),
                idle.percentile(99.0)
            ),
            "p99 < 10 ms",
            busy.percentile(99.0) < 10.0,
        );
    }
}

fn probe(client: &Client) -> Duration {
    let asked = Instant::now();
    assert!(client.is_alive());
    asked.elapsed()
}

/// Three clients fill the slots and the queue; then four more come that are turned away.
fn surplus(report: &mut Report) {
    let asr = Service::start(&ASR, &[("MAX_QUEUE", "1"), ("PRELOAD", "true")]);
    let speech = speech(3);
    let mut alone = Times::default();
    let mut crowded = Times::default();
    let mut refused = Times::default();
    for _ in 0..3 {
        let (served, _) = load::clients(&asr, 3, &speech, Duration::from_secs(8));
        alone.extend(served);
        let (served, turned_away) = load::clients(&asr, 7, &speech, Duration::from_secs(8));
        crowded.extend(served);
        refused.extend(turned_away);
    }
    report.line(
        "turned away with queue_full",
        &format!(
            "p50 {:.2} ms, p99 {:.2} ms of {}",
            refused.median(),
            refused.percentile(99.0),
            refused.len()
        ),
        "p99 < 20 ms",
        refused.percentile(99.0) < 20.0,
    );
    let ratio = crowded.median() / alone.median();
    report.line(
        "accepted, once out of the queue, with the surplus against without",
        &format!(
            "{ratio:.2} x (median {:.0} ms against {:.0})",
            crowded.median(),
            alone.median()
        ),
        "<= 1.1 x",
        ratio <= 1.1,
    );
}

fn slow_connections(report: &mut Report) {
    let asr = Service::start(&ASR, &[("PRELOAD", "true")]);
    let speech = speech(3);
    let (mut alone, mut among) = (Times::default(), Times::default());
    let window = Duration::from_secs(12);
    let mut longest = Duration::ZERO;
    for _ in 0..3 {
        alone.extend(load::clients(&asr, 2, &speech, window).0);
        let slow = SlowConnections::open(asr.port(), 500, 500);
        // Ends the bench if one of them fails.
        among.extend(load::clients(&asr, 2, &speech, window).0);
        longest = longest.max(slow.until_closed());
    }
    let ratio = among.percentile(95.0) / alone.percentile(95.0);
    report.line(
        "p95 among 500 slow heads and 500 slow bodies",
        &format!(
            "{ratio:.2} x ({:.0} ms against {:.0}), all {} succeed",
            among.percentile(95.0),
            alone.percentile(95.0),
            among.len()
        ),
        "<= 1.1 x",
        ratio <= 1.1,
    );
    report.line(
        "slow connections closed after",
        &format!("{:.1} s at most", longest.as_secs_f64()),
        "<= 15 s",
        longest <= Duration::from_secs(15),
    );
}

fn hang_ups(report: &mut Report) {
    let asr = Service::start(&ASR, &[("PRELOAD", "true")]);
    let client = asr.client();
    let short = transcription(&synthetic::wav(&samples::jfk_samples())).raw();
    let minutes = minutes_of_speech();
    // Both into the encoder, which only looks when it is through.
    for (name, request, after_millis, target_millis, target) in [
        ("11 s of audio", &short, 60, 250.0, "<= 250 ms"),
        (
            "a window of 30 s",
            &minutes,
            250,
            1000.0,
            "one encoder pass",
        ),
    ] {
        let freed = Times::of(40, || {
            let running = raw::send(asr.port(), request);
            wait_until("it runs", || active(&client) == 1);
            std::thread::sleep(Duration::from_millis(after_millis));
            let left = Instant::now();
            drop(running);
            wait_until("the slot is free", || active(&client) == 0);
            left.elapsed()
        });
        report.line(
            &format!("slot free after a hang-up, {name}"),
            &format!(
                "p50 {:.0} ms, most {:.0} ms",
                freed.median(),
                freed.percentile(100.0)
            ),
            target,
            freed.percentile(100.0) <= target_millis,
        );
    }
    let background = Background::of(&asr);
    std::thread::sleep(Duration::from_secs(1));
    let busy = background.cpu_percent();
    report.line(
        "CPU in the second after the last one",
        &format!("{busy:.1} % of a core"),
        "idle",
        busy < 5.0,
    );
}
