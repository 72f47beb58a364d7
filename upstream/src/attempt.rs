//! One sending of a request to one host.

use std::sync::Arc;
use std::time::Duration;

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
    /// Begins one, unless the host's breaker has opened meanwhile: then how long it is to be left
    /// alone.
    pub(crate) fn begin(host: &Arc<Host>) -> Result<Self, Duration> {
        let admission = host.admit()?;
        Ok(Self {
            host: Arc::clone(host),
            admission: Some(admission),
        })
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
