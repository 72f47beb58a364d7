//! One sending of a request to one host.

use std::sync::Arc;

use crate::breaker::Admission;
use crate::host::Host;
use crate::snapshot::Outcome;

/// An attempt that is under way, from its admission to the last byte of its answer. One that is
/// dropped without an end was abandoned by the caller.
#[derive(Debug)]
pub(crate) struct Attempt {
    host: Arc<Host>,
    /// Taken when the attempt ends.
    admission: Option<Admission>,
}

impl Attempt {
    pub(crate) fn new(host: Arc<Host>, admission: Admission) -> Self {
        Self {
            host,
            admission: Some(admission),
        }
    }

    /// The head of a good answer is there.
    pub(crate) fn answering(&self) {
        if let Some(admission) = &self.admission {
            self.host.answering(admission);
        }
    }

    pub(crate) fn end(mut self, outcome: Outcome) {
        self.settle(outcome);
    }

    fn settle(&mut self, outcome: Outcome) {
        if let Some(admission) = self.admission.take() {
            self.host.ended(admission, outcome);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.settle(Outcome::Abandoned);
    }
}
