//! Turns weights that a package registry carries into the ggml files that whisper.cpp loads.
//!
//! Everything read here comes from outside: every length, offset and shape is checked before
//! it is used, and a malformed file is a [`ConvertError`], never a panic.

mod ctranslate2;
mod ggml;
mod mel;
mod quantise;
mod silero;
#[cfg(test)]
mod tests;
mod vocabulary;
mod whisper;

use std::io;

pub use mel::filters as mel_filters;
pub(crate) use silero::silero_to_ggml;
pub(crate) use whisper::ctranslate2_to_ggml;

/// Why an input can't be converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The input breaks the rules of its own format, or is not the model it should be.
    #[error("{0}")]
    Malformed(String),
    /// Reading the input or writing the result failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Shorthand for a malformed input.
fn malformed<T>(why: impl Into<String>) -> Result<T, ConvertError> {
    Err(ConvertError::Malformed(why.into()))
}
