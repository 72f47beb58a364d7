//! What the formats implement.

/// The encoder failed. For the log: no input of ours should lead to it.
#[derive(Debug, thiserror::Error)]
#[error("{codec}: {reason}")]
pub struct EncodeError {
    /// The codec that failed.
    pub codec: &'static str,
    /// What it said.
    pub reason: String,
}

impl EncodeError {
    pub(super) fn new(codec: &'static str, reason: impl std::fmt::Debug) -> Self {
        Self {
            codec,
            reason: format!("{reason:?}"),
        }
    }
}

/// A format's own part of an encoder: it gets samples from -1 to 1 at its own rate.
pub(super) trait Codec: Send {
    fn encode(&mut self, samples: &[f32], out: &mut Vec<u8>) -> Result<(), EncodeError>;
    fn finish(self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError>;
}
