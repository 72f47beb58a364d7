//! ONNX Runtime: its library, sessions of models that requests take turns at, and the memory
//! that runs take. Knows no model: an engine brings the inputs of its own.

mod library_file;
mod pool_shape;
mod runtime;
mod sessions;
mod shared_arena;
mod shared_session;
mod shrink_when_idle;

pub(super) use pool_shape::{PoolShape, footprint_bytes};
pub use runtime::Runtime;
pub(super) use runtime::installed;
pub(super) use sessions::{Closing, Computation, Model, Sessions};
pub(super) use shared_session::Inputs;
