//! Slots and the queue: who runs, who waits, who is turned away, and who leaves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use voice_stack_tests::effort::repetitions;
use voice_stack_tests::kind::Kind;
use voice_stack_tests::raw;
use voice_stack_tests::scrape::Scrape;
use voice_stack_tests::service::{Service, wait_until};

for_both! {
    ten_clients_share_two_slots_and_all_of_their_requests_succeed,
    the_surplus_is_turned_away_at_once_and_the_accepted_are_served,
    clients_that_hang_up_give_back_their_slots_and_their_places_in_the_queue,
    the_slot_is_free_when_the_answer_ends,
    a_waiting_client_learns_how_long_it_waited,
}

fn ten_clients_share_two_slots_and_all_of_their_requests_succeed(kind: &'static Kind) {
    let settings = [("MAX_CONCURRENT_REQUESTS", "2"), ("PRELOAD", "true")];
    let service = Service::start(kind, &settings);
    let request = (kind.ordinary)();
    let each = repetitions(3, 20);
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                let client = service.client();
                for _ in 0..each {
                    client.serve(&request);
                }
            });
        }
    });
    let slots = service.client().slots();
    assert_eq!(slots["active_high_water"], 2, "{slots}");
    assert_eq!((&slots["active"], &slots["queued"]), (&0.into(), &0.into()));
    let done = Scrape::of(&service.client()).sum(
        "voice_requests_total",
        &[("endpoint", kind.endpoint), ("status", "200")],
    );
    assert_eq!(done as u64, 10 * each);
}

fn the_surplus_is_turned_away_at_once_and_the_accepted_are_served(kind: &'static Kind) {
    let service = Service::start(kind, &[("MAX_QUEUE", "1"), ("PRELOAD", "true")]);
    let client = service.client();
    let long = (kind.long)().raw();
    let _running = [0; 2].map(|_| raw::send(service.port(), &long));
    service.wait_for_active(2);
    let _waiting = raw::send(service.port(), &long);
    wait_until("the queue is full", || client.slots()["queued"] == 1);

    let request = (kind.telling)();
    let mut took: Vec<Duration> = (0..200)
        .map(|_| {
            let asked = Instant::now();
            let answer = client.send(&request);
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
    let slots = client.slots();
    assert_eq!((&slots["active"], &slots["queued"]), (&2.into(), &1.into()));
    let rejected = Scrape::of(&client).sum("voice_rejections_total", &[("reason", "queue_full")]);
    assert_eq!(rejected as u64, 200);
}

fn clients_that_hang_up_give_back_their_slots_and_their_places_in_the_queue(kind: &'static Kind) {
    let clients = repetitions(50, 200);
    let service = Service::start(kind, &[("MAX_QUEUE", "64"), ("PRELOAD", "true")]);
    let client = service.client();
    let long = (kind.long)().raw();
    let two_long = || [0; 2].map(|_| raw::send(service.port(), &long));
    let disconnected = |stage| {
        let labels = [("cause", "disconnected"), ("stage", stage)];
        Scrape::of(&client).sum("voice_cancellations_total", &labels) as usize
    };

    // In the middle of their inference, two at a time.
    for gone in (2..=clients).step_by(2) {
        let pair = two_long();
        service.wait_for_active(2);
        drop(pair);
        service.wait_for_active(0);
        wait_until("both are counted", || disconnected("inference") == gone);
    }

    // In the queue, behind two that stay for a while.
    let short = (kind.ordinary)().raw();
    let running = two_long();
    service.wait_for_active(2);
    for gone in (50..=clients).step_by(50) {
        let waiting: Vec<_> = (0..50).map(|_| raw::send(service.port(), &short)).collect();
        wait_until("they wait", || client.slots()["queued"] == 50);
        drop(waiting);
        wait_until("their places are free", || client.slots()["queued"] == 0);
        wait_until("they are counted", || disconnected("queue") == gone);
    }
    assert_eq!(client.slots()["active"], 2, "those who stayed go on");
    drop(running);
    service.wait_for_active(0);

    // Nobody who left goes on computing.
    let before = service.cpu_seconds();
    std::thread::sleep(Duration::from_secs(1));
    let busy = service.cpu_seconds() - before;
    assert!(busy < 0.2, "{busy} s of CPU in a second without a request");
    assert_eq!(disconnected("inference"), clients + 2);
    assert_eq!(
        Scrape::of(&client).sum("voice_uploads_held_bytes", &[]) as u64,
        0
    );
    client.serve(&(kind.telling)());
}

fn the_slot_is_free_when_the_answer_ends(kind: &'static Kind) {
    let settings = [("MAX_CONCURRENT_REQUESTS", "1"), ("MAX_QUEUE", "0")];
    let service = Service::start(kind, &settings);
    let client = service.client();
    let requests = [(kind.ordinary)(), (kind.telling)()];
    for request in requests.iter().cycle().take(repetitions(10, 24)) {
        client.serve(request);
    }
}

fn a_waiting_client_learns_how_long_it_waited(kind: &'static Kind) {
    let service = Service::start(kind, &[("MAX_CONCURRENT_REQUESTS", "1")]);
    let request = (kind.telling)();
    let waited = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let answer = service.client().serve(&request);
                let millis: u64 = answer.header("x-queue-wait-ms").unwrap().parse().unwrap();
                waited.fetch_add(usize::from(millis > 0), Ordering::SeqCst);
            });
        }
    });
    assert_eq!(waited.into_inner(), 2, "one had the slot at once");
}
