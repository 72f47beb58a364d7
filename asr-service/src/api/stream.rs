//! `stream=true`: server-sent events as segments become final.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt as _};
use serde::Serialize;
use tokio::sync::mpsc;
use tracing::{Instrument as _, Span};
use utoipa::ToSchema;
use voice_common::ApiError;
use voice_common::cancellation::{CancelOnDrop, Cancellation};
use voice_common::core::ServiceCore;
use voice_common::error::ErrorBody;
use voice_common::middleware::with_queue_wait;

use crate::engine::Transcript;
use crate::format::Usage;
use crate::job::{App, Input, Transcription};

/// One event of a stream.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type")]
pub(super) enum TranscriptEvent {
    /// More text.
    #[serde(rename = "transcript.text.delta")]
    Delta {
        /// Append this to what came before.
        delta: String,
    },
    /// The end.
    #[serde(rename = "transcript.text.done")]
    Done {
        /// The whole text.
        text: String,
        /// Duration of the audio.
        usage: Usage,
    },
    /// The end, too early.
    #[serde(rename = "error")]
    Error(ErrorBody),
}

/// What the job sends to the stream. The channel has no bound: the job keeps the segments
/// anyway, and a reader that stops reading must not stop a job that holds a permit.
enum Progress {
    Started { waited: Duration },
    Text(String),
    Finished(Box<Transcript>),
    Failed(ApiError),
}

/// Runs the request and answers with events. A failure before the first text is a plain
/// error answer with its status; a later one is an event.
pub(super) async fn transcribe(
    app: Arc<App>,
    input: Input,
    transcription: Transcription,
) -> Result<Response, ApiError> {
    let core = Arc::clone(&app.jobs.core);
    let cancellation = core.cancellation.child();
    let hang_up = cancellation.cancel_on_drop();
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let job = run(app, input, transcription, cancellation, sender);
    tokio::spawn(job.instrument(Span::current()));

    let mut time_in_queue = Duration::ZERO;
    let first = loop {
        match receiver.recv().await {
            Some(Progress::Started { waited }) => time_in_queue = waited,
            Some(Progress::Failed(error)) => {
                hang_up.disarm();
                return Err(error);
            }
            Some(progress) => break progress,
            None => return Err(ApiError::internal("the job ended without a word")),
        }
    };
    let rest = futures::stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|progress| (progress, receiver))
    });
    let progress = futures::stream::once(async { first }).chain(rest);
    let events = Sse::new(events(progress, hang_up, core)).keep_alive(KeepAlive::default());
    Ok(with_queue_wait(time_in_queue, events))
}

async fn run(
    app: Arc<App>,
    input: Input,
    transcription: Transcription,
    cancellation: Cancellation,
    sender: mpsc::UnboundedSender<Progress>,
) {
    let (segments, model_id) = (sender.clone(), transcription.model_id.clone());
    let done = app
        .run_until_cancelled(input, &model_id, &cancellation, move |job, samples| {
            // Sending fails only when nobody reads any more; then the job is cancelled too.
            let send = |progress| drop(segments.send(progress));
            send(Progress::Started { waited: job.waited });
            transcription.compute(&job, samples, &mut |segment| {
                send(Progress::Text(segment.text.clone()));
            })
        })
        .await;
    let last = match done {
        Ok(done) => Progress::Finished(Box::new(done.result)),
        Err(error) => Progress::Failed(error),
    };
    drop(sender.send(last));
}

fn events(
    progress: impl Stream<Item = Progress>,
    hang_up: CancelOnDrop,
    core: Arc<ServiceCore>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    // Dropping the stream before its end means that the client left. After a deadline the
    // job may still say something: nothing follows the last event.
    let mut unfinished = Some(hang_up);
    let mut sent_text = false;
    progress
        .scan((), move |(), progress| {
            let event = unfinished.is_some().then(|| match progress {
                Progress::Started { .. } => None,
                Progress::Text(text) => {
                    let delta = if sent_text {
                        text
                    } else {
                        text.trim_start().to_string()
                    };
                    sent_text = true;
                    Some(TranscriptEvent::Delta { delta })
                }
                Progress::Finished(transcript) => Some(TranscriptEvent::Done {
                    text: transcript.text(),
                    usage: Usage::of(&transcript),
                }),
                Progress::Failed(error) => {
                    core.metrics.broken_off(error.code());
                    Some(TranscriptEvent::Error(error.body()))
                }
            });
            if matches!(
                event,
                Some(Some(
                    TranscriptEvent::Done { .. } | TranscriptEvent::Error(_)
                ))
            ) && let Some(hang_up) = unfinished.take()
            {
                hang_up.disarm();
            }
            std::future::ready(event)
        })
        .filter_map(std::future::ready)
        .map(|event| {
            let json =
                serde_json::to_string(&event).expect("events hold nothing but text and numbers");
            Ok(Event::default().data(json))
        })
}
