//! What came of what was expected.

use std::fmt::Write as _;

use super::step::{Expectation, Step};
use crate::exchange::{Exchange, Outcome};
use crate::finding::{Evidence, Verdict, broken, proven};
use crate::mode::soak::drift::Drift;
use crate::mode::soak::growth;
use crate::report::document::ServiceReport;
use crate::report::terminal::time;
use crate::watch::state::Limits;

impl Expectation {
    /// Its name, as that of a check.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AllServed => "served",
            Self::NothingFails => "failures",
            Self::NobodyRefused => "refusals",
            Self::SlotsKept => "slots",
            Self::NothingGrows => "growth",
            Self::Recovers => "recovery",
        }
    }

    /// It in words.
    pub(super) fn promise(self) -> &'static str {
        match self {
            Self::AllServed => "everything is served",
            Self::NothingFails => "every answer is a right one or a clean refusal",
            Self::NobodyRefused => "who finds room in slots and queue is not turned away",
            Self::SlotsKept => "at most MAX_CONCURRENT_REQUESTS run at once",
            Self::NothingGrows => "memory, open files and threads don't grow",
            Self::Recovers => "afterwards the same process serves as before",
        }
    }
}

/// What a service did in a step. [`Expectation::Recovers`] is not seen in the run, but after it.
pub(super) fn judge(
    expectation: Expectation,
    step: &Step,
    report: &ServiceReport,
    limits: Option<Limits>,
) -> Evidence {
    if report.client.requests == 0 {
        return not_proven("no request ended".into());
    }
    match expectation {
        Expectation::AllServed => all_served(report),
        Expectation::NothingFails => nothing_fails(report),
        Expectation::NobodyRefused => nobody_refused(step, report, limits),
        Expectation::SlotsKept => slots_kept(report),
        Expectation::NothingGrows => nothing_grows(report),
        Expectation::Recovers => not_proven("was not looked into".into()),
    }
}

/// Nothing is known.
pub(super) fn not_proven(seen: String) -> Evidence {
    Evidence {
        verdict: Verdict::NotProven,
        seen,
    }
}

fn counts(report: &ServiceReport) -> String {
    let client = &report.client;
    let mut counts = format!("{} of {} served", client.served, client.requests);
    if client.rejected > 0 {
        let _ = write!(counts, ", {} turned away", client.rejected);
    }
    if let Some(latency) = &client.latency {
        let (p50, p95) = (time(latency.p50), time(latency.p95));
        let _ = write!(counts, ", p50 {p50}, p95 {p95}");
    }
    counts
}

/// What the most frequent of the errors of a kind said.
fn most_frequent(report: &ServiceReport, is_rejection: bool) -> &str {
    let errors = report.client.errors.iter();
    errors
        .filter(|it| it.is_rejection == is_rejection)
        .map(|it| it.message.as_str())
        .next()
        .unwrap_or("without a reason")
}

fn all_served(report: &ServiceReport) -> Evidence {
    let client = &report.client;
    if client.served == client.requests {
        return proven(counts(report));
    }
    let why = most_frequent(report, client.failed == 0);
    broken(format!("{}: {why}", counts(report)))
}

fn nothing_fails(report: &ServiceReport) -> Evidence {
    match report.client.failed {
        0 => proven(counts(report)),
        failed => broken(format!(
            "{failed} of {} failed: {}",
            report.client.requests,
            most_frequent(report, false)
        )),
    }
}

fn nobody_refused(step: &Step, report: &ServiceReport, limits: Option<Limits>) -> Evidence {
    let Some(limits) = limits else {
        return not_proven("the service doesn't say what it was set to allow".into());
    };
    let room = limits.max_concurrent_requests + limits.max_queue;
    let fit = u64::from(step.workers) <= room;
    let is_for_the_queue = |it: &Exchange| match &it.outcome {
        Outcome::Rejected(refusal) => refusal.code == "queue_full",
        _ => true,
    };
    let rejected = report.client.rejected;
    let clients = format!("{} clients, room for {room}", step.workers);
    if rejected == 0 {
        proven(format!("{clients}: nobody was turned away"))
    } else if !fit && report.exchanges.iter().all(is_for_the_queue) {
        proven(format!("{clients}: the queue turned {rejected} away"))
    } else {
        broken(format!(
            "{clients}: {rejected} were turned away: {}",
            most_frequent(report, true)
        ))
    }
}

fn slots_kept(report: &ServiceReport) -> Evidence {
    let server = &report.server;
    let (Some(slots), Some(most)) = (server.slots, server.in_flight_high_water) else {
        return not_proven("the service's metrics don't say how many ran".into());
    };
    let waited = server.queue_depth_max.unwrap_or(0.0);
    let seen = format!("{most} at most, of {slots} slots; {waited} were seen waiting");
    if most <= slots {
        proven(seen)
    } else {
        broken(seen)
    }
}

fn nothing_grows(report: &ServiceReport) -> Evidence {
    let found = growth::found(&report.samples, growth::USUAL);
    let drift = Drift::of(&report.exchanges).map(|it| it.sentence());
    let sentences = found.iter().map(|it| it.sentence.clone()).chain(drift);
    let seen = sentences.collect::<Vec<_>>().join("; ");
    if found.iter().any(|it| it.verdict == growth::Verdict::Over) {
        broken(seen)
    } else if found.iter().all(|it| it.verdict == growth::Verdict::Under) {
        proven(seen)
    } else {
        not_proven(seen)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::exchange::Refusal;
    use crate::mode::testing::{document, exchange};
    use crate::run::Until;

    fn step(workers: u32) -> Step {
        Step {
            name: "?",
            only: None,
            workers,
            until: Until::Elapsed(Duration::from_secs(1)),
            expectations: &[],
        }
    }

    fn limits(slots: u64, queue: u64) -> Limits {
        Limits {
            max_concurrent_requests: slots,
            max_queue: queue,
            queue_timeout_seconds: 1.0,
            max_upload_bytes: 1,
            idle_timeout_seconds: 1.0,
            drain_timeout_seconds: 1.0,
        }
    }

    fn rejected(number: u64, code: &str) -> Exchange {
        Exchange {
            outcome: Outcome::Rejected(Refusal {
                status: 503,
                code: code.into(),
                message: "full".into(),
                retry_after_seconds: Some(1),
            }),
            ..exchange(number, 0.1)
        }
    }

    fn failed(number: u64) -> Exchange {
        Exchange {
            outcome: Outcome::Failed {
                status: Some(500),
                message: "broke".into(),
            },
            ..exchange(number, 0.1)
        }
    }

    fn verdict(expectation: Expectation, workers: u32, exchanges: Vec<Exchange>) -> Verdict {
        let document = document(exchanges);
        let limits = Some(limits(2, 8));
        judge(expectation, &step(workers), &document.services[0], limits).verdict
    }

    #[test]
    fn what_is_expected_can_be_kept_and_broken() {
        let served = || vec![exchange(0, 1.0), exchange(1, 1.0)];
        let with = |it: Exchange| [served(), vec![it]].concat();
        for (expectation, workers, exchanges, expected) in [
            (Expectation::AllServed, 2, served(), Verdict::Proven),
            (Expectation::AllServed, 2, vec![], Verdict::NotProven),
            (Expectation::AllServed, 2, with(failed(2)), Verdict::Broken),
            (
                Expectation::AllServed,
                2,
                with(rejected(2, "queue_full")),
                Verdict::Broken,
            ),
            (
                Expectation::NothingFails,
                2,
                with(rejected(2, "queue_full")),
                Verdict::Proven,
            ),
            (
                Expectation::NothingFails,
                2,
                with(failed(2)),
                Verdict::Broken,
            ),
            (Expectation::NobodyRefused, 10, served(), Verdict::Proven),
            (
                Expectation::NobodyRefused,
                10,
                with(rejected(2, "queue_full")),
                Verdict::Broken,
            ),
            (
                Expectation::NobodyRefused,
                11,
                with(rejected(2, "queue_full")),
                Verdict::Proven,
            ),
            (
                Expectation::NobodyRefused,
                11,
                with(rejected(2, "resource_exhausted")),
                Verdict::Broken,
            ),
            (Expectation::SlotsKept, 2, served(), Verdict::NotProven),
            (Expectation::NothingGrows, 2, served(), Verdict::NotProven),
        ] {
            let seen = verdict(expectation, workers, exchanges.clone());
            assert_eq!(seen, expected, "{expectation:?} {workers} {exchanges:?}");
        }
    }

    #[test]
    fn slots_are_kept_up_to_their_number() {
        for (most, expected) in [(2.0, Verdict::Proven), (3.0, Verdict::Broken)] {
            let mut document = document(vec![exchange(0, 1.0)]);
            let server = &mut document.services[0].server;
            (server.slots, server.in_flight_high_water) = (Some(2.0), Some(most));
            let seen = judge(
                Expectation::SlotsKept,
                &step(2),
                &document.services[0],
                None,
            );
            assert_eq!(seen.verdict, expected);
        }
    }
}
