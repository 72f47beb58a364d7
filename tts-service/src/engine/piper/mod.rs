//! Piper's voices: VITS models in ONNX, fed with the ids of phonemes.

mod ids;
mod model;
mod store;
mod voice;
mod voice_config;

pub use ids::{phonemes, to_ids};
pub(super) use store::open;
pub use voice_config::VoiceConfig;
