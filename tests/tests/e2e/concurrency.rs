//! Slots and the queue: who runs, who waits, who is turned away, and who leaves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use voice_stack_tests::client::Client;
use voice_stack_tests::scrape::Scrape;
use voice_stack_tests::service::{Asr, wait_until};
use voice_stack_tests::{raw, samples, synthetic};

fn slots(client: &Client) -> Value {
    client.get("/health/detailed").json()["slots"].clone()
}

/// Speech that keeps a slot busy for as long as a test may need.
fn minutes_of_speech() -> Vec<u8> {
    synthetic::wav(&samples::jfk_samples().repeat(60))
}

#[test]
fn ten_clients_share_two_slots_and_all_of_their_requests_succeed() {
    let asr = Asr::start(&[("MAX_CONCURRENT_REQUESTS", "2"), ("PRELOAD", "true")]);
    let speech = synthetic::wav(&samples::jfk_samples()[..3 * 16_000]);
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                let client = asr.client();
                for _ in 0..20 {
                    assert!(!client.text_of(&speech, &[]).is_empty());
                }
            });
        }
    });
    let slots = slots(&asr.client());
    assert_eq!(slots["active_high_water"], 2, "{slots}");
    assert_eq!((&slots["active"], &slots["queued"]), (&0.into(), &0.into()));
    let done = Scrape::of(&asr.client()).sum(
        "voice_requests_total",
        &[("endpoint", "/v1/audio/transcriptions"), ("status", "200")],
    );
    assert_eq!(done as u64, 200);
}

#[test]
fn the_surplus_is_turned_away_at_once_and_the_accepted_are_served() {
    let asr = Asr::start(&[("MAX_QUEUE", "1"), ("PRELOAD", "true")]);
    let client = asr.client();
    let long = raw::transcription(&minutes_of_speech());
    let _running = [raw::send(asr.port(), &long), raw::send(asr.port(), &long)];
    wait_until("both slots are taken", || slots(&client)["active"] == 2);
    let _waiting = raw::send(asr.port(), &long);
    wait_until("the queue is full", || slots(&client)["queued"] == 1);

    let jfk = samples::jfk();
    let mut took: Vec<Duration> = (0..200)
        .map(|_| {
            let asked = Instant::now();
            let answer = client.transcribe(&jfk, &[]);
            let took = asked.elapsed();
            assert_eq!((answer.status, answer.code()), (503, "queue_full".into()));
            let retry: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&retry));
            took
        })
        .collect();
    took.sort();
    println!(
        "turned away in {:?} (p50), {:?} (p99)",
        took[100], took[197]
    );
    let slots = slots(&client);
    assert_eq!((&slots["active"], &slots["queued"]), (&2.into(), &1.into()));
    let rejected = Scrape::of(&client).sum("voice_rejections_total", &[("reason", "queue_full")]);
    assert_eq!(rejected as u64, 200);
}

#[test]
fn clients_that_hang_up_give_back_their_slots_and_their_places_in_the_queue() {
    const CLIENTS: usize = 200;
    let asr = Asr::start(&[("MAX_QUEUE", "64"), ("PRELOAD", "true")]);
    let client = asr.client();
    let long = raw::transcription(&minutes_of_speech());
    let disconnected = |stage| {
        let labels = [("cause", "disconnected"), ("stage", stage)];
        Scrape::of(&client).sum("voice_cancellations_total", &labels) as usize
    };

    // In the middle of their inference, two at a time.
    for gone in (2..=CLIENTS).step_by(2) {
        let pair = [raw::send(asr.port(), &long), raw::send(asr.port(), &long)];
        wait_until("both slots are taken", || slots(&client)["active"] == 2);
        drop(pair);
        wait_until("both slots are free", || slots(&client)["active"] == 0);
        wait_until("both are counted", || disconnected("inference") == gone);
    }

    // In the queue, behind two that stay for a while.
    let short = raw::transcription(&samples::jfk());
    let running = [raw::send(asr.port(), &long), raw::send(asr.port(), &long)];
    wait_until("both slots are taken", || slots(&client)["active"] == 2);
    for gone in (50..=CLIENTS).step_by(50) {
        let waiting: Vec<_> = (0..50).map(|_| raw::send(asr.port(), &short)).collect();
        wait_until("they wait", || slots(&client)["queued"] == 50);
        drop(waiting);
        wait_until("their places are free", || slots(&client)["queued"] == 0);
        wait_until("they are counted", || disconnected("queue") == gone);
    }
    assert_eq!(slots(&client)["active"], 2, "those who stayed go on");
    drop(running);
    wait_until("both slots are free", || slots(&client)["active"] == 0);

    // Nobody who left goes on computing.
    let before = asr.cpu_seconds();
    std::thread::sleep(Duration::from_secs(1));
    let busy = asr.cpu_seconds() - before;
    assert!(busy < 0.2, "{busy} s of CPU in a second without a request");
    assert_eq!(disconnected("inference"), CLIENTS + 2);
    assert_eq!(
        Scrape::of(&client).sum("voice_uploads_held_bytes", &[]) as u64,
        0
    );
    assert!(!client.text_of(&samples::jfk(), &[]).is_empty());
}

#[test]
fn a_waiting_client_learns_how_long_it_waited() {
    let asr = Asr::start(&[("MAX_CONCURRENT_REQUESTS", "1")]);
    let jfk = samples::jfk();
    let waited = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let answer = asr.client().transcribe(&jfk, &[]);
                assert_eq!(answer.status, 200, "{}", answer.text);
                let millis: u64 = answer.header("x-queue-wait-ms").unwrap().parse().unwrap();
                waited.fetch_add(usize::from(millis > 0), Ordering::SeqCst);
            });
        }
    });
    assert_eq!(waited.into_inner(), 2, "one had the slot at once");
}
