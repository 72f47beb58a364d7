//! Names of what goes on in a conversation. All come from one counter, so none is ever used twice.

/// What the user says in one go, from the first word until the bot may answer. It stays the same
/// when the speaker goes on after a pause or reopens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Turn(pub u64);

/// One answer of the bot. All that reaches the client of an answer carries it, so that what belongs
/// to an answer that was superseded can be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u64);

/// An order that was given to the pipeline and is to be answered under this name. Facts about a job
/// that was cancelled, or that has been answered already, are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Job(pub u64);

/// An entry of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item(pub u64);

impl Item {
    /// No entry: what follows it comes before all others.
    pub const NONE: Self = Self(0);
}

#[derive(Debug, Clone, Default)]
pub(super) struct Ids(u64);

impl Ids {
    fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }

    pub(super) fn turn(&mut self) -> Turn {
        Turn(self.next())
    }

    pub(super) fn generation(&mut self) -> Generation {
        Generation(self.next())
    }

    pub(super) fn job(&mut self) -> Job {
        Job(self.next())
    }

    pub(super) fn item(&mut self) -> Item {
        Item(self.next())
    }
}
