//! More than the instances can take.

use std::net::TcpStream;

use voice_stack_tests::answer::Answer;
use voice_stack_tests::kind::{ASR, Kind, TTS};
use voice_stack_tests::raw;
use voice_stack_tests::scrape::Scrape;
use voice_stack_tests::service::{Service, wait_until};

use crate::balancer::{Balancer, Ports, Product, start_on};

const ONE_RUNS_AND_ONE_WAITS: [(&str, &str); 2] =
    [("MAX_CONCURRENT_REQUESTS", "1"), ("MAX_QUEUE", "1")];

behind_both! {
    full_instances_are_asked_twice_at_most_and_the_client_gets_their_words,
    a_client_that_hangs_up_ends_its_work,
}

/// Takes all slots and waiting places of an instance, without the balancer.
fn fill(service: &Service) -> [TcpStream; 2] {
    let long = (service.kind().long)().raw();
    let running = raw::send(service.port(), &long);
    service.wait_for_active(1);
    let waiting = raw::send(service.port(), &long);
    let client = service.client();
    wait_until("one waits", || client.slots()["queued"] == 1);
    [running, waiting]
}

fn assert_told_to_come_back(answer: &Answer) {
    assert_eq!((answer.status, &*answer.code()), (503, "queue_full"));
    assert_eq!(answer.fault_as_error(), None);
    let seconds = answer.header("retry-after").map(str::parse::<u32>);
    assert!(matches!(seconds, Some(Ok(1..))), "{seconds:?}");
}

fn full_instances_are_asked_twice_at_most_and_the_client_gets_their_words(product: Product) {
    for kind in [&ASR, &TTS] {
        are_asked_twice_at_most(product, kind);
    }
}

fn are_asked_twice_at_most(product: Product, kind: &'static Kind) {
    const REQUESTS: u32 = 10;
    let ports = Ports::new();
    let settings = [kind.settings, &ONE_RUNS_AND_ONE_WAITS].concat();
    let instances = ports.start(kind, &settings);
    let _held = instances.each_ref().map(fill);
    let balancer = Balancer::start(product, ports);
    let client = balancer.client(kind);
    for _ in 0..REQUESTS {
        assert_told_to_come_back(&client.send(&(kind.ordinary)()));
    }
    let refusals = |it: &Service| {
        let labels = [("reason", "queue_full")];
        Scrape::of(&it.client()).sum("voice_rejections_total", &labels)
    };
    let tries: f64 = instances.iter().map(refusals).sum();
    println!(
        "{product:?}, {}: {REQUESTS} requests, {tries} tries",
        kind.name
    );
    assert!((f64::from(REQUESTS)..=f64::from(2 * REQUESTS)).contains(&tries));
}

fn a_client_that_hangs_up_ends_its_work(product: Product) {
    for kind in [&ASR, &TTS] {
        let ports = Ports::new();
        let instances = ports.start(kind, kind.settings);
        let balancer = Balancer::start(product, ports);
        let slots_taken = || -> u64 {
            let taken = |it: &Service| it.client().slots()["active"].as_u64().unwrap();
            instances.iter().map(taken).sum()
        };
        let connection = raw::send(balancer.port(kind), &(kind.long)().raw());
        wait_until("one works", || slots_taken() == 1);
        drop(connection);
        wait_until("none works", || slots_taken() == 0);
    }
}

/// HAProxy before two instances of one slot each, which are taken for as long as the second part lives.
fn haproxy_before_busy_instances() -> (Balancer, [(Service, TcpStream); 2]) {
    let ports = Ports::new();
    let settings = [TTS.settings, &[("MAX_CONCURRENT_REQUESTS", "1")]].concat();
    let long = (TTS.long)().raw();
    let busy = ports.start(&TTS, &settings).map(|it| {
        let running = raw::send(it.port(), &long);
        it.wait_for_active(1);
        (it, running)
    });
    (Balancer::start(Product::HAProxy, ports), busy)
}

#[test]
fn haproxy_lets_wait_what_the_instances_cannot_take_and_refuses_the_rest() {
    // As its configuration says: four at each of two instances, and 64 that wait.
    const AT_INSTANCES: usize = 8;
    const WAITING: usize = 64;
    const TOO_MANY: usize = 5;
    let (balancer, _busy) = haproxy_before_busy_instances();
    let request = (TTS.quick)().raw();
    let connect = || raw::send(balancer.port(&TTS), &request);
    let taken: Vec<TcpStream> = (0..AT_INSTANCES + WAITING).map(|_| connect()).collect();
    wait_until("all others wait", || balancer.queued(&TTS) == WAITING);
    for _ in 0..TOO_MANY {
        assert_told_to_come_back(&raw::answer_on(&connect()).unwrap());
    }
    // Lists wait for nobody.
    assert_eq!(balancer.client(&TTS).get("/v1/models").status, 200);
    // Who leaves the queue makes room.
    drop(taken);
    wait_until("nobody waits", || balancer.queued(&TTS) == 0);
}

#[test]
fn haproxy_lets_no_idle_request_wait() {
    let (balancer, _busy) = haproxy_before_busy_instances();
    let request = (TTS.quick)();
    let send = |headers: &str| raw::send(balancer.port(&TTS), &request.raw_with(headers));
    let refused = || raw::answer_on(&send("X-Priority: idle\r\n")).unwrap();
    assert_eq!(refused().code(), "no_idle_slot", "by an instance");
    // Four at each of two instances, and two that wait.
    let _taken = [""; 9].map(send);
    let _urgent = send("X-Priority: interactive\r\n");
    wait_until("two wait", || balancer.queued(&TTS) == 2);
    let answer = refused();
    assert_eq!((answer.status, &*answer.code()), (503, "no_idle_slot"));
    assert!(answer.header("retry-after").is_some());
}

#[test]
fn haproxy_leaves_out_an_instance_that_is_short_of_memory_and_would_refuse_everything() {
    let ports = Ports::new();
    let [asr1, asr2] = ports.asr;
    let _well = start_on(&ASR, asr2, &[]);
    let short = Service::start_on(&ASR, asr1, &[("MEMORY_THRESHOLD_PERCENT", "1")]);
    let balancer = Balancer::start(Product::HAProxy, ports);
    // It says itself that it is ready, for the first ten seconds of this.
    wait_until("the guard is seen", || {
        balancer.log().contains("matched unwanted content")
    });
    for _ in 0..3 {
        balancer.client(&ASR).serve(&(ASR.quick)());
    }
    short.assert_no_panic();
}
