//! Conversations and the like that outlast a request: a bounded set, each with an end.
//!
//! A session ends when it was not used for too long, when it has become too old, when somebody
//! ends it, or with the service. Its cancellation is cancelled then and nobody finds it any
//! more. Who exists and who is in use is one state under one lock.

mod metrics;
mod session;
mod state;

use std::ops::Deref;
use std::pin::pin;
use std::sync::{Arc, Weak};

use futures::future::select;

pub use self::metrics::SessionMetrics;
pub use self::session::{Session, SessionCounts, SessionLimits, SessionsFull};

use self::metrics::SessionEnd;
use self::state::{Next, State};
use crate::cancellation::{CancelCause, Cancellation};
use crate::concurrency::{Instant, Mutex, sleep_until, spawn};

/// A bounded set of sessions. Clones share the same state.
#[derive(Debug)]
pub struct Sessions<T>(Arc<Shared<T>>);

#[derive(Debug)]
struct Shared<T> {
    service: Cancellation,
    metrics: SessionMetrics,
    state: Mutex<State<T>>,
}

impl<T> Clone for Sessions<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Send + Sync + 'static> Sessions<T> {
    /// None yet; `service` ends them all. The metrics are still to be registered.
    pub fn new(limits: SessionLimits, service: Cancellation) -> Self {
        Self(Arc::new(Shared {
            service,
            metrics: SessionMetrics::default(),
            state: Mutex::new(State::new(limits)),
        }))
    }

    /// What is counted, for the service's registry.
    pub fn metrics(&self) -> &SessionMetrics {
        &self.0.metrics
    }

    /// A new session, in use by the caller. Must be called on a runtime.
    ///
    /// # Errors
    /// As many exist as may be.
    pub fn open(&self, value: T) -> Result<SessionUse<T>, SessionsFull> {
        let session = Arc::new(Session::new(self.0.service.child(), value));
        let now = Instant::now();
        self.0.state.lock().open(&session, now)?;
        self.0.metrics.opened();
        spawn(expire(
            Arc::downgrade(&self.0),
            Arc::clone(&session.id),
            session.cancellation.clone(),
        ));
        Ok(SessionUse {
            shared: Arc::clone(&self.0),
            session,
        })
    }

    /// Uses the session of this id, if there is one. While it is used it is not idle.
    pub fn find(&self, id: &str) -> Option<SessionUse<T>> {
        let session = self.0.state.lock().begin_use(id)?;
        Some(SessionUse {
            shared: Arc::clone(&self.0),
            session,
        })
    }

    /// Ends the session of this id; false if there is none any more.
    pub fn end(&self, id: &str) -> bool {
        self.0.end(id, SessionEnd::Closed)
    }

    /// How many there are.
    pub fn counts(&self) -> SessionCounts {
        self.0.state.lock().counts()
    }
}

impl<T> Shared<T> {
    fn end(&self, id: &str, end: SessionEnd) -> bool {
        let removed = self.state.lock().remove(id);
        let Some(session) = removed else { return false };
        self.ended(&session, end);
        true
    }

    fn ended(&self, session: &Session<T>, end: SessionEnd) {
        self.metrics.ended(end);
        session.cancellation.cancel(CancelCause::SessionEnded);
    }
}

/// Ends the session at its time, unless it has ended before.
async fn expire<T>(shared: Weak<Shared<T>>, id: Arc<str>, cancellation: Cancellation) {
    loop {
        let at = {
            let Some(shared) = shared.upgrade() else {
                return;
            };
            let next = shared.state.lock().expire(&id, Instant::now());
            match next {
                Next::LookAgain(at) => at,
                Next::Ended(session, end) => return shared.ended(&session, end),
                Next::Gone => return,
            }
        };
        select(pin!(sleep_until(at)), pin!(cancellation.cancelled())).await;
        if cancellation.is_cancelled() {
            if let Some(shared) = shared.upgrade() {
                // It is there still if it was the service that was cancelled.
                shared.end(&id, SessionEnd::Shutdown);
            }
            return;
        }
    }
}

/// A session that is in use. The time for which it may be idle begins when the last of these
/// is dropped; the session itself may end meanwhile, of age or because somebody ends it.
#[derive(Debug)]
pub struct SessionUse<T> {
    shared: Arc<Shared<T>>,
    session: Arc<Session<T>>,
}

impl<T> SessionUse<T> {
    /// Ends the session.
    pub fn end(self) {
        self.shared.end(&self.session.id, SessionEnd::Closed);
    }
}

impl<T> Deref for SessionUse<T> {
    type Target = Session<T>;

    fn deref(&self) -> &Session<T> {
        &self.session
    }
}

impl<T> Drop for SessionUse<T> {
    fn drop(&mut self) {
        let now = Instant::now();
        self.shared.state.lock().end_use(&self.session.id, now);
    }
}

#[cfg(test)]
mod tests;
