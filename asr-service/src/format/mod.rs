//! A transcript as text, subtitles or JSON.

mod json;
mod subtitles;

pub(crate) use json::{JsonAnswer, Plain, Usage, Verbose, Webservice};
pub(crate) use subtitles::{srt, tsv, vtt};
