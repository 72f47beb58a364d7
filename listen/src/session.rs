//! Models of the store, opened in ONNX Runtime.

use std::path::Path;

use ort::session::Session;
use voice_onnx::{Library, SharedSession};
use voice_stack_models::{Catalogue, Store};

use crate::error::OpenError;

/// Opens the model of this name after its digest was checked: ONNX Runtime trusts what a file
/// says of itself.
///
/// # Errors
/// It, or ONNX Runtime, is not installed or can't be used.
pub(crate) fn open<const OUTPUTS: usize>(
    store: &Store,
    model: &'static str,
) -> Result<SharedSession<OUTPUTS>, OpenError> {
    let library = store.require_named("onnxruntime")?;
    let library = Library::load(&library).map_err(OpenError::Library)?;
    let entry = Catalogue::embedded().find(model)?;
    store.verify(entry)?;
    build(&library, &store.path_of(entry))
        .map_err(|it| it.to_string())
        .and_then(SharedSession::new)
        .map_err(|reason| OpenError::Refused { model, reason })
}

/// A session that computes on the thread of its caller alone: a frame is too little for two, and
/// streams compute beside each other.
fn build(_loaded: &Library, file: &Path) -> ort::Result<Session> {
    Session::builder()?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_env_allocators()?
        .commit_from_file(file)
}
