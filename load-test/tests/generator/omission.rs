//! A service that stalls must show, however the requests to it would have been spread.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use voice_stack_load::arrivals::{Arrivals, Pattern};
use voice_stack_load::client::{Client, Patience, http_client};
use voice_stack_load::distribution::Collector;
use voice_stack_load::exchange::{Exchange, Outcome};
use voice_stack_load::run::{Event, Plan, Until, start};

use crate::alone;
use crate::stub::{Script, Stub};

const PER_SECOND: f64 = 100.0;
const LASTS: Duration = Duration::from_secs(8);
const USUAL: Duration = Duration::from_millis(2);
const STALL_FROM: Duration = Duration::from_secs(2);
const STALL_TO: Duration = Duration::from_secs(4);

const SCRIPT: Script = Script {
    usual: USUAL,
    stall: Some((STALL_FROM, STALL_TO)),
    slots: None,
};

/// All exchanges of a run.
pub(crate) async fn exchanges(stub: &Stub, arrivals: Arrivals, until: Until) -> Vec<Exchange> {
    let patience = Patience {
        timeout: Duration::from_mins(1),
        retries: 0,
    };
    let client = Client::new(http_client().expect("a client can be made"), patience);
    let plan = Plan {
        arrivals,
        until,
        seed: 1,
    };
    let stop = CancellationToken::new();
    let mut run = start(&client, &[stub.workload()], plan, &stop);
    let mut ended = Vec::new();
    while let Some(event) = run.events.recv().await {
        if let Event::Ended(exchange) = event {
            assert_eq!(exchange.outcome, Outcome::Served);
            ended.push(*exchange);
        }
    }
    ended
}

fn p99(seconds: impl IntoIterator<Item = f64>) -> f64 {
    let mut collector = Collector::default();
    collector.extend(seconds);
    collector.percentile(99.0).expect("there are values")
}

/// What requests at an even distance live through, by arithmetic.
fn truth() -> f64 {
    let requests = (LASTS.as_secs_f64() * PER_SECOND) as usize;
    let latencies = (0..requests).map(|it| {
        let at = it as f64 / PER_SECOND;
        let stall = STALL_FROM.as_secs_f64()..STALL_TO.as_secs_f64();
        if stall.contains(&at) {
            stall.end - at
        } else {
            USUAL.as_secs_f64()
        }
    });
    p99(latencies)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_loop_tells_of_a_stall_what_a_closed_loop_conceals() {
    let _machine = alone().await;
    let (open, closed) = (Stub::start(SCRIPT), Stub::start(SCRIPT));
    let constant = Arrivals::Open {
        pattern: Pattern::Constant {
            per_second: PER_SECOND,
        },
    };
    let one_client = Arrivals::Closed { workers: 1 };
    let (seen, concealed) = tokio::join!(
        exchanges(&open, constant, Until::Elapsed(LASTS)),
        exchanges(&closed, one_client, Until::Elapsed(LASTS)),
    );
    assert_eq!(seen.len(), 800);
    let total = |all: &[Exchange]| p99(all.iter().map(|it| it.total.as_secs_f64()));
    let (seen, concealed, truth) = (total(&seen), total(&concealed), truth());
    println!("p99: truth {truth:.3} s, open loop {seen:.3} s, closed loop {concealed:.3} s");
    assert!((seen / truth - 1.0).abs() < 0.01, "{seen} s, not {truth} s");
    assert!(concealed * 10.0 < truth, "{concealed} s, {truth} s");
}
