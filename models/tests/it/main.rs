//! Tests of the library and the binary from outside.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod command;
mod download;
mod package;
mod parts;
mod published;
mod real;
mod unpack;
mod voices;
mod support {
    pub(crate) mod fixture;
    #[allow(dead_code, reason = "the converters' own tests read the rest")]
    pub(crate) mod ggml;
    pub(crate) mod server;
    #[allow(dead_code, reason = "the converters' own tests read the rest")]
    pub(crate) mod tiny_whisper;
    pub(crate) mod tool;
    pub(crate) mod wheel;
}
