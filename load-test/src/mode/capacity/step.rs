//! One rate, tried on a service.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::search::{Purpose, Trial};
use crate::arrivals::{Arrivals, Pattern};
use crate::client::Patience;
use crate::exit::Failure;
use crate::mode::measurement::{document, measure};
use crate::mode::setup::{Setup, unreachable};
use crate::objective::Objective;
use crate::report::document::{Document, ObjectiveReport};
use crate::run::{Plan, Until};
use crate::target::Target;
use crate::watch::state::state;
use crate::workload::Workload;

/// How often a service is asked whether it is idle.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What became of a rate.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Step {
    /// Requests a second on average that it was asked for.
    pub(super) per_second: f64,
    /// What it was tried for.
    pub(super) purpose: Purpose,
    /// Requests that ended.
    pub(super) requests: u64,
    /// Those that were served in a second, until the last answer.
    pub(super) served_per_second: f64,
    pub(super) p50_seconds: Option<f64>,
    pub(super) p95_seconds: Option<f64>,
    pub(super) rejected: u64,
    pub(super) failed: u64,
    /// Whether all objectives held.
    pub(super) is_held: bool,
    /// The generator could not keep its schedule: the figures don't count.
    pub(super) is_bottleneck: bool,
    pub(super) objectives: Vec<ObjectiveReport>,
}

/// Tries rates on one service.
pub(super) struct Stepper<'a> {
    /// With that service alone.
    pub(super) setup: &'a Setup,
    pub(super) target: &'a Target,
    pub(super) workload: Arc<Workload>,
    pub(super) slo: &'a [Objective],
    pub(super) patience: Patience,
    /// How long requests arrive.
    pub(super) lasts: Duration,
    /// The same for each step: requests arrive in the same order and at the same relative
    /// distances.
    pub(super) seed: u64,
    pub(super) is_verbose: bool,
    pub(super) stop: &'a CancellationToken,
    /// Requests that were sent so far.
    pub(super) sent: u64,
}

impl Stepper<'_> {
    /// Tries a rate on a service that is idle. `None` if it was stopped meanwhile.
    ///
    /// # Errors
    /// The service does not get idle, or has left.
    pub(super) async fn step(&mut self, trial: Trial) -> Result<Option<Step>, Failure> {
        self.wait_until_idle().await?;
        if self.stop.is_cancelled() {
            return Ok(None);
        }
        let per_second = trial.per_second;
        let plan = Plan {
            arrivals: Arrivals::Open {
                pattern: Pattern::Poisson { per_second },
            },
            until: Until::Elapsed(self.lasts),
            seed: self.seed,
        };
        // Texts that an earlier step sent would be answered from a cache.
        let run = self.setup.run.wrapping_add(self.sent);
        let workloads = vec![Arc::new(self.workload.in_run(run))];
        let Self {
            setup,
            patience,
            is_verbose,
            stop,
            ..
        } = self;
        let measured = measure(setup, workloads, *patience, plan, *is_verbose, stop).await;
        let document = document(setup, measured, plan, self.slo);
        if document.is_stopped {
            return Ok(None);
        }
        let step = Step::of(trial, document);
        self.sent += step.requests;
        Ok(Some(step))
    }

    /// What the step before left in the queue would be counted for this one.
    async fn wait_until_idle(&self) -> Result<(), Failure> {
        // No request of ours takes longer; what still runs then is another client's.
        let give_up = Instant::now() + self.patience.timeout;
        loop {
            match state(&self.setup.http, self.target).await {
                Ok(state) => {
                    // A service that doesn't tell has to be taken for idle.
                    if state
                        .slots
                        .is_none_or(|it| it.active == 0 && it.queued == 0)
                    {
                        return Ok(());
                    }
                    if Instant::now() > give_up {
                        return Err(Failure::Usage(format!(
                            "the {} service does not get idle: somebody else asks it",
                            self.target.service.title()
                        )));
                    }
                }
                Err(cause) if Instant::now() > give_up => {
                    return Err(unreachable(self.target, &cause));
                }
                Err(_) => {}
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = self.stop.cancelled() => return Ok(()),
            }
        }
    }
}

impl Step {
    fn of(trial: Trial, document: Document) -> Self {
        let client = document.services.first().map(|it| &it.client);
        let latency = client.and_then(|it| it.latency);
        Self {
            per_second: trial.per_second,
            purpose: trial.purpose,
            requests: client.map_or(0, |it| it.requests),
            served_per_second: client.map_or(0.0, |it| it.served_per_second),
            p50_seconds: latency.map(|it| it.p50),
            p95_seconds: latency.map(|it| it.p95),
            rejected: client.map_or(0, |it| it.rejected),
            failed: client.map_or(0, |it| it.failed),
            is_held: document.objectives.iter().all(|it| it.is_held),
            is_bottleneck: document.generator.is_bottleneck,
            objectives: document.objectives,
        }
    }
}
