//! How the tool ends.

use std::process::ExitCode;

/// What the caller of the tool is told by its exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All objectives were held.
    Held,
    /// One was not.
    Broken,
    /// The command line, or something that it names, can't be used.
    Usage,
    /// A service can't be reached.
    Unreachable,
    /// The generator could not keep its schedule: the figures don't count.
    Bottleneck,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(match ending {
            Ending::Held => 0,
            Ending::Broken => 1,
            Ending::Usage => 2,
            Ending::Unreachable => 3,
            Ending::Bottleneck => 4,
        })
    }
}

/// Why the tool can't do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line, or something that it names, can't be used.
    #[error("{0}")]
    Usage(String),
    /// A service can't be reached.
    #[error("{0}")]
    Unreachable(String),
}

impl Failure {
    /// The exit status that it means.
    pub fn ending(&self) -> Ending {
        match self {
            Self::Usage(_) => Ending::Usage,
            Self::Unreachable(_) => Ending::Unreachable,
        }
    }
}
