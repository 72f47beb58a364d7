//! How urgent a request is.

use tokio::sync::watch;
use utoipa::ToSchema;

/// What a client says of its request. It decides who is granted a permit first, and nothing else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Priority {
    /// Somebody waits for the answer: before those of batch that wait, but never more than three
    /// of them in a row.
    Interactive,
    /// Work that has time. Every fourth grant at least goes to one that waits.
    #[default]
    Batch,
    /// Only for a slot that nobody else wants: it never waits.
    Idle,
}

impl Priority {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Interactive, Self::Batch, Self::Idle];

    /// As clients write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Batch => "batch",
            Self::Idle => "idle",
        }
    }
}

/// The priority of work that may become more urgent while it waits: work that is done once for
/// several clients is as urgent as the most urgent of them.
#[derive(Debug)]
pub struct Urgency(watch::Sender<Priority>);

impl Default for Urgency {
    /// Nobody wants it yet.
    fn default() -> Self {
        Priority::Idle.into()
    }
}

impl Urgency {
    /// One more client wants it.
    pub fn also(&self, priority: Priority) {
        self.0.send_if_modified(|now| {
            let rises = now.rank() < priority.rank();
            if rises {
                *now = priority;
            }
            rises
        });
    }

    pub(super) fn now(&self) -> Priority {
        *self.0.borrow()
    }

    pub(super) async fn is_interactive(&self) {
        let mut changes = self.0.subscribe();
        let risen = changes.wait_for(|it| *it == Priority::Interactive).await;
        drop(risen.expect("its sender is borrowed meanwhile"));
    }
}

impl From<Priority> for Urgency {
    fn from(priority: Priority) -> Self {
        Self(watch::Sender::new(priority))
    }
}

impl Priority {
    fn rank(self) -> u8 {
        match self {
            Self::Idle => 0,
            Self::Batch => 1,
            Self::Interactive => 2,
        }
    }
}
