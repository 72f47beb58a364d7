//! The time of day, as people tell it.

use std::fmt;
use std::sync::Arc;

use jiff::Zoned;

/// Tells the date, the time and the time zone. Clones are the same clock.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Zoned + Send + Sync>);

impl Clock {
    /// The machine's, in its time zone; UTC if it has none.
    pub fn system() -> Self {
        Self(Arc::new(Zoned::now))
    }

    /// One that has stopped.
    pub fn stopped(at: Zoned) -> Self {
        Self(Arc::new(move || at.clone()))
    }

    /// What it shows.
    pub fn now(&self) -> Zoned {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}
