//! One inference from permit to result: admit → lease → decode → infer, the last two on a
//! blocking thread that owns the permit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use voice_common::ApiError;
use voice_common::admission::Permit;
use voice_common::cancellation::{CancelCause, CancelStage, Cancellation};
use voice_common::health::ServiceCore;
use voice_common::limits::BodyLimit;
use voice_common::metrics::InferenceCost;
use voice_common::model_slots::ModelSlots;

use crate::audio::{self, Audio, AudioError, AudioSource, DecodeLimits};
use crate::engine::{EngineError, Transcriber};
use crate::library::Library;
use crate::upload::UploadedFile;

/// What the endpoints share.
pub struct App {
    /// The frame.
    pub core: Arc<ServiceCore>,
    /// The models.
    pub models: ModelSlots<Library>,
    /// Largest body.
    pub body_limit: BodyLimit,
    /// Longest audio.
    pub decode_limits: DecodeLimits,
    /// Longest time for one request.
    pub request_timeout: Duration,
}

/// Audio as it was sent.
pub struct Input {
    /// The bytes.
    pub file: UploadedFile,
    /// The field that carried them, for error messages.
    pub field: &'static str,
    /// No container: 16 kHz mono signed 16-bit little-endian samples.
    pub headerless: bool,
}

/// A result and what the client should know about how it came about.
pub struct Done<T> {
    /// What the engine gave.
    pub result: T,
    /// Time in the queue.
    pub waited: Duration,
}

/// What an inference works with: everything that its thread owns for the time being.
pub struct Inference<'a> {
    /// The model.
    pub model: &'a dyn Transcriber,
    /// The right to compute.
    pub permit: &'a Permit,
    /// 16 kHz mono.
    pub samples: &'a [f32],
    /// To be looked at now and then.
    pub cancellation: &'a Cancellation,
    /// Time that the request spent in the queue.
    pub waited: Duration,
}

impl App {
    /// Runs `infer` on the decoded `input` with the model `model_id`, under a permit. A
    /// client that leaves drops the future, which stops the work.
    ///
    /// # Errors
    /// Everything that [`ApiError`] knows of: rejection, unusable audio, deadline, …
    pub async fn run<T: Send + 'static>(
        &self,
        input: Input,
        model_id: &str,
        infer: impl FnOnce(Inference<'_>) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<Done<T>, ApiError> {
        let cancellation = self.core.cancellation.child();
        let hang_up = cancellation.cancel_on_drop();
        let done = self
            .run_until_cancelled(input, model_id, &cancellation, infer)
            .await;
        hang_up.disarm();
        done
    }

    /// As [`Self::run`], but only `cancellation` stops the work. The permit comes back when
    /// the computing has really ended, whoever waits for it or not.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn run_until_cancelled<T: Send + 'static>(
        &self,
        input: Input,
        model_id: &str,
        cancellation: &Cancellation,
        infer: impl FnOnce(Inference<'_>) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<Done<T>, ApiError> {
        let mut stopped = CountStopped::new(&self.core, cancellation);
        // Whoever waits for a permit is going to use the model: it shall not leave meanwhile.
        let claim = self.models.claim(model_id);
        let admitted = tokio::select! {
            admitted = self.core.admission.admit() => admitted,
            () = cancellation.cancelled() => return Err(self.stopped(cancellation)),
        };
        let admitted = admitted.inspect_err(|_| stopped.answered())?;
        stopped.admitted();
        let waited = admitted.waited;
        self.core.metrics.admitted(waited);
        let deadline = async {
            tokio::time::sleep(self.request_timeout).await;
            cancellation.cancel(CancelCause::Deadline);
        };
        let work = async {
            let model = self.models.lease(model_id).await;
            drop(claim);
            let model = model.inspect_err(|_| stopped.answered())?;
            let (permit, limits) = (admitted.permit, self.decode_limits);
            let (core, cancellation) = (Arc::clone(&self.core), cancellation.clone());
            let span = tracing::Span::current();
            tokio::task::spawn_blocking(move || {
                let _span = span.enter();
                let _counted = stopped.by_its_cause();
                let field = input.field;
                let audio = decode(input, limits, &cancellation)
                    .map_err(|error| audio_error(error, field, &cancellation))?;
                let started = Instant::now();
                let result = infer(Inference {
                    model: &**model,
                    permit: &permit,
                    samples: &audio.samples,
                    cancellation: &cancellation,
                    waited,
                })
                .map_err(|error| engine_error(error, &cancellation))?;
                let cost = InferenceCost {
                    processing_seconds: started.elapsed().as_secs_f64(),
                    audio_seconds: audio.duration_seconds(),
                };
                core.metrics.inference_finished(cost);
                tracing::info!(
                    audio_seconds = cost.audio_seconds,
                    processing_seconds = cost.processing_seconds,
                    "inference finished"
                );
                Ok(result)
            })
            .await
            .unwrap_or_else(|panic| Err(ApiError::internal(panic)))
        };
        let outcome = tokio::select! {
            outcome = work => outcome,
            // The job notices by itself; its permit and its model stay with it until then.
            () = deadline => Err(self.stopped(cancellation)),
            () = cancellation.cancelled() => Err(self.stopped(cancellation)),
        };
        outcome.map(|result| Done { result, waited })
    }

    fn stopped(&self, cancellation: &Cancellation) -> ApiError {
        let cause = cancellation.cause().unwrap_or(CancelCause::Shutdown);
        ApiError::cancelled(cause, self.request_timeout)
    }
}

/// Counts a request that was stopped, once, under the stage that it had reached. Whoever
/// carries the request on owns it: first the future, then the job.
struct CountStopped {
    core: Arc<ServiceCore>,
    cancellation: Cancellation,
    stage: CancelStage,
    /// What it means when the request ends and nobody has cancelled it. hyper drops the
    /// future of a client that left before anything else learns of it.
    uncancelled: Option<CancelCause>,
}

impl CountStopped {
    fn new(core: &Arc<ServiceCore>, cancellation: &Cancellation) -> Self {
        Self {
            core: Arc::clone(core),
            cancellation: cancellation.clone(),
            stage: CancelStage::Queue,
            uncancelled: Some(CancelCause::Disconnected),
        }
    }

    fn admitted(&mut self) {
        self.stage = CancelStage::Inference;
    }

    /// The request has its answer, if only a rejection.
    fn answered(&mut self) {
        self.uncancelled = None;
    }

    /// From now on only who cancels stops the request: a job runs to its end.
    fn by_its_cause(mut self) -> Self {
        self.uncancelled = None;
        self
    }
}

impl Drop for CountStopped {
    fn drop(&mut self) {
        if let Some(cause) = self.cancellation.cause().or(self.uncancelled) {
            self.core.metrics.cancelled(cause, self.stage);
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
    let content: AudioSource = content;
    if input.headerless {
        audio::decode_headerless_s16le_16khz(content, limits, &is_cancelled)
    } else {
        audio::decode(content, name.as_deref(), limits, &is_cancelled)
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
            status: StatusCode::PAYLOAD_TOO_LARGE,
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

/// Nobody waits for this answer: whoever cancelled has answered already.
fn stopped_early(cancellation: &Cancellation) -> ApiError {
    ApiError::cancelled(
        cancellation.cause().unwrap_or(CancelCause::Shutdown),
        Duration::ZERO,
    )
}

#[cfg(test)]
mod tests;
