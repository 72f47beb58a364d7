//! The promises that can be broken.

use clap::ValueEnum;

/// A promise that is broken, by its name in `FAULT`, such as `slow-probes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Fault {
    TooManyAtOnce,
    EndlessQueue,
    NoRetryAfter,
    KeepsSlots,
    NoUploadLimit,
    BreaksOnNonsense,
    SlowProbes,
    LoadsForEach,
    UnloadsInUse,
    NoMemoryGuard,
    NeverUnloads,
    LosesRequests,
    NeverEnds,
}

impl Fault {
    /// The one that `FAULT` names, if it does.
    pub(crate) fn from_environment() -> Option<Self> {
        let name = std::env::var("FAULT").ok()?;
        let found = Self::from_str(&name, false);
        Some(found.unwrap_or_else(|_| panic!("there is no fault '{name}'")))
    }
}
