//! Whisper through whisper.cpp.

mod cpp;
mod device;
mod footprint;
mod forms;
mod languages;
mod mel;
mod model;
mod quality;
mod store;
mod words;

pub(super) use store::open;
