//! What the services run on.

pub use parking_lot::Mutex;
pub use tokio::time::{Instant, timeout};
