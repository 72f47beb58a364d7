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
    pub mod fixture;
    #[allow(dead_code, reason = "the converters' own tests read the rest")]
    pub mod ggml;
    pub mod server;
    #[allow(dead_code, reason = "the converters' own tests read the rest")]
    pub mod tiny_whisper;
    pub mod tool;
    pub mod wheel;
}
