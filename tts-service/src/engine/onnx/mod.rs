//! What of ONNX Runtime is a voice's: the device that it computes on, sessions that requests take
//! turns at, and the end of memory that runs took. Its library and the sessions themselves are in
//! `voice_onnx`. Knows no model: an engine brings the inputs of its own.

mod pool_shape;
mod runtime;
mod sessions;
mod shrink_when_idle;

pub(super) use pool_shape::{PoolShape, footprint_bytes};
pub use runtime::Runtime;
pub(super) use runtime::installed;
pub(super) use sessions::{Closing, Computation, Model, Sessions};
