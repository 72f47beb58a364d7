//! Turns weights that a package registry carries into the ggml files that whisper.cpp loads.
//!
//! Everything read here comes from outside: every length, offset and shape is checked before
//! it is used, and a malformed file is a [`ConvertError`], never a panic.

mod conversion;
mod ctranslate2;
mod ggml;
mod mel;
mod quantise;
mod silero;
#[cfg(test)]
mod tests;
mod vocabulary;
mod whisper;

pub use conversion::ConvertError;
pub(crate) use conversion::{Conversion, Inputs};
pub use mel::filters as mel_filters;

/// All conversions. A new one is a file of this folder and a line here.
const CONVERSIONS: &[Conversion] = &[whisper::CONVERSION, silero::CONVERSION];

/// The conversion of that name.
pub(crate) fn find(name: &str) -> Option<&'static Conversion> {
    CONVERSIONS
        .iter()
        .find(|conversion| conversion.name == name)
}
