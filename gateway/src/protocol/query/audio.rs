//! The recording, as the recognition takes it.

use voice_common::ApiError;
use voice_common::cancellation::Cancellation;
use voice_common::uploads::form::{UploadedContent, UploadedFile};
use voice_stack_audio::{AudioError, AudioSource, DecodeLimits};

use super::fields::FILE_FIELD;

/// A question, not a lecture; what is longer is for the recognition itself.
const LIMITS: DecodeLimits = DecodeLimits {
    max_audio_seconds: 120.0,
};

/// Samples at [`crate::speech::HEARD_RATE_HZ`]. Dropping the future ends the decoding.
pub(super) async fn decode(file: UploadedFile) -> Result<Vec<i16>, ApiError> {
    let cancellation = Cancellation::new();
    let hang_up = cancellation.cancel_on_drop();
    let decoded = tokio::task::spawn_blocking(move || {
        let source = match file.content {
            UploadedContent::Memory(bytes) => AudioSource::Bytes(bytes),
            UploadedContent::Disk(file) => AudioSource::File(file),
        };
        let is_cancelled = || cancellation.is_cancelled();
        voice_stack_audio::decode(source, file.name.as_deref(), LIMITS, &is_cancelled)
    });
    let decoded = decoded.await.map_err(ApiError::internal)?;
    hang_up.disarm();
    let audio = decoded.map_err(told)?;
    let sample = |it: &f32| (it * 32_767.0).round() as i16;
    Ok(audio.samples.iter().map(sample).collect())
}

fn told(error: AudioError) -> ApiError {
    let message = error.to_string();
    match error {
        AudioError::Unsupported { .. } => ApiError::UnsupportedMediaType { message },
        AudioError::Invalid { .. } => ApiError::InvalidInput {
            code: "invalid_audio",
            param: FILE_FIELD,
            message,
        },
        AudioError::TooLong { .. } => ApiError::InputTooLong {
            code: "audio_too_long",
            message,
        },
        AudioError::Cancelled => ApiError::ClientClosed,
        AudioError::Unreadable(cause) => ApiError::internal(cause),
    }
}
