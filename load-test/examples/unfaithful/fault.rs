//! The promises that can be broken.

/// A promise that is broken, by its name in `FAULT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    const ALL: [(&'static str, Self); 13] = [
        ("too-many-at-once", Self::TooManyAtOnce),
        ("endless-queue", Self::EndlessQueue),
        ("no-retry-after", Self::NoRetryAfter),
        ("keeps-slots", Self::KeepsSlots),
        ("no-upload-limit", Self::NoUploadLimit),
        ("breaks-on-nonsense", Self::BreaksOnNonsense),
        ("slow-probes", Self::SlowProbes),
        ("loads-for-each", Self::LoadsForEach),
        ("unloads-in-use", Self::UnloadsInUse),
        ("no-memory-guard", Self::NoMemoryGuard),
        ("never-unloads", Self::NeverUnloads),
        ("loses-requests", Self::LosesRequests),
        ("never-ends", Self::NeverEnds),
    ];

    /// The one that `FAULT` names, if it does.
    pub(crate) fn from_environment() -> Option<Self> {
        let name = std::env::var("FAULT").ok()?;
        let found = Self::ALL.into_iter().find(|(it, _)| *it == name);
        Some(
            found
                .unwrap_or_else(|| panic!("there is no fault '{name}'"))
                .1,
        )
    }
}
