//! What request bodies may take while they come in: time, and memory or disk all together.

pub mod form;
mod ledger;
pub(crate) mod options;
pub(crate) mod watching;

pub use self::ledger::Uploads;
pub use self::options::UploadOptions;
