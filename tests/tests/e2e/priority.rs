//! Interactive requests go before those of batch, which go on.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use voice_stack_tests::client::{Then, exchange};
use voice_stack_tests::kind::Kind;
use voice_stack_tests::raw;
use voice_stack_tests::request::Request;
use voice_stack_tests::service::{Service, wait_until};

for_both! {
    an_interactive_request_is_answered_before_those_that_waited_longer,
    batch_requests_finish_under_a_stream_of_interactive_ones,
}

const ONE_SLOT: [(&str, &str); 2] = [("MAX_CONCURRENT_REQUESTS", "1"), ("PRELOAD", "true")];

fn serve(service: &Service, request: &Request, priority: &str) {
    let bytes = request.raw_with(&format!("X-Priority: {priority}\r\n"));
    let answer = exchange(service.port(), &bytes, Then::Wait).expect("an answer");
    let complaint = request.complaint(&answer);
    assert!(complaint.is_none(), "{priority}: {complaint:?}");
}

fn an_interactive_request_is_answered_before_those_that_waited_longer(kind: &'static Kind) {
    const BATCH: usize = 6;
    let service = Service::start(kind, &ONE_SLOT);
    let (client, request) = (service.client(), (kind.ordinary)());
    let running = raw::send(service.port(), &(kind.long)().raw());
    service.wait_for_active(1);
    let answered = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        let all = (1..=BATCH).map(|_| "batch").chain(["interactive"]);
        let (service, request, answered) = (&service, &request, &answered);
        for (before, priority) in all.enumerate() {
            scope.spawn(move || {
                serve(service, request, priority);
                answered.lock().unwrap().push(priority);
            });
            wait_until("it waits", || client.slots()["queued"] == before + 1);
        }
        drop(running);
    });
    let answered = answered.into_inner().unwrap();
    assert_eq!(answered.len(), BATCH + 1);
    // The first one; but whose thread is first to say so is not the service's business.
    let place = answered.iter().position(|it| *it == "interactive");
    assert!(place.unwrap() <= BATCH / 2, "{answered:?}");
}

fn batch_requests_finish_under_a_stream_of_interactive_ones(kind: &'static Kind) {
    const BATCH: usize = 2;
    let service = Service::start(kind, &ONE_SLOT);
    let request = (kind.ordinary)();
    let (is_over, interactive) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        // One of them has the slot, and the other one waits.
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    serve(&service, &request, "interactive");
                    interactive.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        wait_until("the stream flows", || {
            interactive.load(Ordering::SeqCst) > 0
        });
        let batch = [0; BATCH].map(|_| scope.spawn(|| serve(&service, &request, "batch")));
        let served = batch.map(|it| it.join().is_ok());
        // Before anything is claimed: else the stream would go on for ever.
        is_over.store(true, Ordering::SeqCst);
        assert_eq!(served, [true; BATCH]);
    });
}
