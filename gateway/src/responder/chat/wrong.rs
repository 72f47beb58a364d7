//! What can be wrong with an answer while it is read.

/// Why an answer can't be read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrong {
    /// The server says that it failed.
    Reported(String),
    /// It ended, and may not be all.
    Unfinished,
    /// It can't be understood, or nothing is in it.
    Malformed(String),
    /// It is longer than this.
    TooLong(usize),
}
