//! Speech synthesis: text in, speech out, the first audio at once.

pub mod audio;
pub mod encode;
pub mod engine;
pub mod text;
