//! The steps of the plan.

use crate::cli::PlanArgs;
use crate::run::Until;
use crate::service::Service;

/// What is asked and what is expected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// What it asks, as a question.
    pub name: &'static str,
    /// The one service that it asks, where it does not ask all.
    pub only: Option<Service>,
    /// Clients at each service.
    pub workers: u32,
    /// When it ends.
    pub until: Until,
    /// What is expected of each service.
    pub expectations: &'static [Expectation],
}

/// What is expected of a service in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expectation {
    /// Everything is served.
    AllServed,
    /// Every answer is a right one or a refusal.
    NothingFails,
    /// A request that finds room in the slots and the queue is not turned away.
    NobodyRefused,
    /// No more run than there are slots.
    SlotsKept,
    /// Memory, files and threads don't grow.
    NothingGrows,
    /// Afterwards the same process serves as before.
    Recovers,
}

/// All of them, in their order.
pub(super) fn all(args: &PlanArgs) -> [Step; 6] {
    use Expectation::{AllServed, NobodyRefused, NothingFails, NothingGrows, Recovers, SlotsKept};
    [
        Step {
            name: "Does it work?",
            only: None,
            workers: 2,
            until: Until::Requests(5),
            expectations: &[AllServed],
        },
        Step {
            name: "Does it carry ordinary load?",
            only: None,
            workers: 10,
            until: Until::Requests(50),
            expectations: &[NothingFails, NobodyRefused, SlotsKept],
        },
        Step {
            name: "Does the queue hold who comes?",
            only: Some(Service::Asr),
            workers: 20,
            until: Until::Requests(100),
            expectations: &[NothingFails, NobodyRefused, SlotsKept],
        },
        Step {
            name: "What does it do at its thresholds?",
            only: None,
            workers: 50,
            until: Until::Requests(200),
            expectations: &[NothingFails, SlotsKept, Recovers],
        },
        Step {
            name: "Is it stable?",
            only: None,
            workers: 10,
            until: Until::Elapsed(args.sustained),
            expectations: &[NothingFails, SlotsKept, NothingGrows],
        },
        Step {
            name: "Does it stand more than it can do?",
            only: None,
            workers: 100,
            until: Until::Elapsed(args.stress),
            expectations: &[NothingFails, SlotsKept, Recovers],
        },
    ]
}
