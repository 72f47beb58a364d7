//! ONNX Runtime, as the crates that compute with it share it: a [`Library`] that is checked before
//! `ort` loads it and loaded once a process, one arena for what all runs on a CPU take, and a
//! [`SharedSession`] whose runs may overlap. Knows no model, and no store of models.

mod library;
mod library_file;
mod shared_arena;
mod shared_session;

pub use library::Library;
pub use shared_session::{Inputs, SharedSession};
