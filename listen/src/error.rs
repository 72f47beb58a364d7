//! What can go wrong with a model.

/// Why a model can't be opened; one line, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file is missing or is not what it should be; says the command that mends it.
    #[error(transparent)]
    Files(#[from] voice_stack_models::Error),
    /// ONNX Runtime's library can't be used.
    #[error("{0}")]
    Library(String),
    /// The file is what the catalogue states, and ONNX Runtime does not take it.
    #[error("{model}: {reason}")]
    Refused {
        /// Name of the model in the catalogue.
        model: &'static str,
        /// ONNX Runtime's words.
        reason: String,
    },
}

/// Why a run of a model gave nothing; for the log.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// ONNX Runtime failed.
    #[error(transparent)]
    Failed(#[from] ort::Error),
    /// It gave something else than a model of this kind does.
    #[error("the model gave {0}")]
    Unexpected(String),
}
