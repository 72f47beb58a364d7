//! One inference from permit to result: decode → infer, on the thread that owns the permit.

use std::sync::Arc;
use std::time::Instant;

use voice_common::ApiError;
use voice_common::admission::Priority;
use voice_common::cancellation::Cancellation;
use voice_common::jobs::{JobContext, JobResult, Jobs, stopped_early};
use voice_common::limits::BodyLimit;
use voice_common::metrics::InferenceCost;
use voice_common::uploads::form::{UploadedContent, UploadedFile};
use voice_stack_audio::{Audio, AudioError, AudioSource, DecodeLimits};

use crate::engine::{EngineError, Options, ParameterNames, Segment, Transcriber, Transcript};
use crate::library::Library;

/// What the endpoints share.
pub struct App {
    /// What computes.
    pub jobs: Arc<Jobs<Library>>,
    /// Largest body.
    pub body_limit: BodyLimit,
    /// Longest audio.
    pub decode_limits: DecodeLimits,
}

/// Audio as it was sent.
pub struct Input {
    /// The bytes.
    pub file: UploadedFile,
    /// The field that carried them, for error messages.
    pub field: &'static str,
    /// No container: 16 kHz mono signed 16-bit little-endian samples.
    pub headerless: bool,
    /// How urgent it is to its client.
    pub priority: Priority,
}

/// What an inference computes with, beside its samples.
pub(crate) type Context<'a> = JobContext<'a, Box<dyn Transcriber>>;

/// How an upload is to be transcribed.
#[derive(Debug, Clone)]
pub struct Transcription {
    /// By which model.
    pub model_id: String,
    /// What to make of the speech.
    pub options: Options,
    /// What the client calls the options.
    pub parameters: &'static ParameterNames,
}

impl Transcription {
    /// Transcribes 16 kHz mono samples, unless that asks for more than the model can do.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub fn compute(
        &self,
        context: &Context<'_>,
        samples: &[f32],
        on_segment: &mut dyn FnMut(&Segment),
    ) -> Result<Transcript, EngineError> {
        let (model, options) = (&**context.model, &self.options);
        model
            .capabilities()
            .check(&self.model_id, options, self.parameters)?;
        model.transcribe(
            context.permit,
            samples,
            options,
            context.cancellation,
            on_segment,
        )
    }
}

impl App {
    /// Transcribes `input` under a permit. A client that leaves drops the future, which stops
    /// the work.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn transcribe(
        &self,
        input: Input,
        transcription: Transcription,
    ) -> Result<JobResult<Transcript>, ApiError> {
        let model_id = transcription.model_id.clone();
        self.run(input, &model_id, move |context, samples| {
            transcription.compute(&context, samples, &mut |_| {})
        })
        .await
    }

    /// Runs `infer` on the decoded `input`, as 16 kHz mono, with the model `model_id`, under a
    /// permit. A client that leaves drops the future, which stops the work.
    ///
    /// # Errors
    /// Everything that [`ApiError`] knows of: rejection, unusable audio, deadline, …
    pub async fn run<T: Send + 'static>(
        &self,
        input: Input,
        model_id: &str,
        infer: impl FnOnce(Context<'_>, &[f32]) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<JobResult<T>, ApiError> {
        let priority = input.priority;
        let work = self.work(input, infer);
        self.jobs.run(model_id, priority, work).await
    }

    /// As [`Self::run`], but only `cancellation` stops the work.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn run_until_cancelled<T: Send + 'static>(
        &self,
        input: Input,
        model_id: &str,
        cancellation: &Cancellation,
        infer: impl FnOnce(Context<'_>, &[f32]) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<JobResult<T>, ApiError> {
        let urgency = input.priority.into();
        let work = self.work(input, infer);
        self.jobs
            .run_until_cancelled(model_id, &urgency, cancellation, work)
            .await
    }

    fn work<T>(
        &self,
        input: Input,
        infer: impl FnOnce(Context<'_>, &[f32]) -> Result<T, EngineError> + Send + 'static,
    ) -> impl FnOnce(Context<'_>) -> Result<T, ApiError> + Send + 'static {
        let (metrics, limits) = (self.jobs.inference.clone(), self.decode_limits);
        move |context| {
            let cancellation = context.cancellation;
            let field = input.field;
            let audio = decode(input, limits, cancellation)
                .map_err(|error| audio_error(error, field, cancellation))?;
            let started = Instant::now();
            let result = infer(context, &audio.samples)
                .map_err(|error| engine_error(error, cancellation))?;
            metrics.finished(InferenceCost {
                processing_seconds: started.elapsed().as_secs_f64(),
                audio_seconds: audio.duration_seconds(),
            });
            Ok(result)
        }
    }
}

fn decode(
    input: Input,
    limits: DecodeLimits,
    cancellation: &Cancellation,
) -> Result<Audio, AudioError> {
    let is_cancelled = || cancellation.is_cancelled();
    let UploadedFile { content, name } = input.file;
    let content = match content {
        UploadedContent::Memory(bytes) => AudioSource::Bytes(bytes),
        UploadedContent::Disk(file) => AudioSource::File(file),
    };
    if input.headerless {
        voice_stack_audio::decode_headerless_s16le_16khz(content, limits, &is_cancelled)
    } else {
        voice_stack_audio::decode(content, name.as_deref(), limits, &is_cancelled)
    }
}

fn audio_error(error: AudioError, field: &'static str, cancellation: &Cancellation) -> ApiError {
    let message = error.to_string();
    match error {
        AudioError::Unsupported { .. } => ApiError::UnsupportedMediaType { message },
        AudioError::Invalid { .. } => ApiError::InvalidInput {
            code: "invalid_audio",
            param: field,
            message,
        },
        AudioError::TooLong { .. } => ApiError::InputTooLong {
            code: "audio_too_long",
            message,
        },
        AudioError::Cancelled => stopped_early(cancellation),
        AudioError::Unreadable(cause) => ApiError::internal(cause),
    }
}

fn engine_error(error: EngineError, cancellation: &Cancellation) -> ApiError {
    match error {
        EngineError::Cancelled => stopped_early(cancellation),
        EngineError::Unsupported { param, message } => ApiError::invalid(param, message),
        EngineError::Failed(cause) => ApiError::internal(cause),
    }
}

#[cfg(test)]
mod tests;
