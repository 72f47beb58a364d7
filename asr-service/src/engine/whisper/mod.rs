//! Whisper through whisper.cpp.

mod cpp;
mod languages;
mod mel;
mod model;
mod quality;
mod words;

pub use self::cpp::{gpu_devices, log_to_tracing};
pub use self::model::{Shared, load};
