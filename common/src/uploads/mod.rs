//! What request bodies may take while they come in: time, and memory or disk all together.

mod ledger;
mod watching;

pub use self::ledger::Uploads;
pub use self::watching::watch_upload;
