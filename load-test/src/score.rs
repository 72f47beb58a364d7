//! Is an answer right? A service that answers fast and wrongly has not kept its promise.

pub mod normalise;
pub mod speech;
pub mod wer;
