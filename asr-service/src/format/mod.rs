//! A transcript as text, subtitles or JSON.

mod json;
mod subtitles;

pub use json::{JsonAnswer, Plain, Usage, Verbose, Webservice};
pub use subtitles::{srt, tsv, vtt};
