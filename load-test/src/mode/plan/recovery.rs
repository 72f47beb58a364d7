//! Whether a service is after a step what it was before.

use std::time::{Duration, Instant};

use super::judgement::not_proven;
use crate::client::{Client, Patience};
use crate::finding::{Evidence, broken, proven};
use crate::mode::setup::Reached;
use crate::report::terminal::time;
use crate::watch::state::{Slots, State, state};
use crate::workload::Workload;

/// What is under way when a step ends is done after this time, or the service hangs.
const IDLE_WITHIN: Duration = Duration::from_mins(2);
/// How often it is asked.
const POLL: Duration = Duration::from_millis(200);
/// Requests that show that it serves.
const REQUESTS: u64 = 5;

/// What a service was before a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    pid: Option<u32>,
}

impl Before {
    /// What it is now.
    pub(super) async fn of(http: &reqwest::Client, reached: &Reached) -> Self {
        let state = state(http, &reached.target).await.ok();
        Self {
            pid: state.and_then(|it| it.process).map(|it| it.pid),
        }
    }

    /// What it is now, compared with that, and whether it serves.
    pub(super) async fn compare(
        self,
        http: &reqwest::Client,
        reached: &Reached,
        workload: &Workload,
        patience: Patience,
    ) -> Evidence {
        let began = Instant::now();
        let state = match idle(http, reached).await {
            Ok(state) => state,
            Err(evidence) => return evidence,
        };
        let waited = began.elapsed();
        match (self.pid, state.process.map(|it| it.pid)) {
            (Some(before), Some(after)) if before == after => {}
            (Some(before), Some(after)) => {
                return broken(format!(
                    "process {before} is gone and {after} runs in its place: its log says why"
                ));
            }
            _ => return not_proven("the service doesn't say which process it is".into()),
        }
        let client = Client::new(http.clone(), patience);
        let mut slowest = Duration::ZERO;
        for number in 0..REQUESTS {
            let now = Instant::now();
            let exchange = client.exchange(&workload.call(number), now, now).await;
            if let Some(complaint) = exchange.outcome.complaint() {
                return broken(format!(
                    "idle after {}, and then: {complaint}",
                    time(waited.as_secs_f64())
                ));
            }
            slowest = slowest.max(exchange.total);
        }
        proven(format!(
            "idle after {}, then {REQUESTS} of {REQUESTS} requests were served, {} at most",
            time(waited.as_secs_f64()),
            time(slowest.as_secs_f64())
        ))
    }
}

async fn idle(http: &reqwest::Client, reached: &Reached) -> Result<State, Evidence> {
    let is_idle = |it: Slots| it.active == 0 && it.queued == 0;
    let began = Instant::now();
    loop {
        let seen = match state(http, &reached.target).await {
            Ok(state) if state.slots.is_some_and(is_idle) => return Ok(state),
            Ok(state) => match state.slots {
                Some(slots) => format!("{} run, {} wait", slots.active, slots.queued),
                None => return Err(not_proven("it says nothing of its slots".into())),
            },
            Err(cause) => format!("it does not answer: {cause}"),
        };
        if began.elapsed() > IDLE_WITHIN {
            let patience = IDLE_WITHIN.as_secs();
            return Err(broken(format!(
                "{patience} s after the last request {seen}"
            )));
        }
        tokio::time::sleep(POLL).await;
    }
}
