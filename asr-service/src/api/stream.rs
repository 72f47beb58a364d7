//! `stream=true`: server-sent events as segments become final.

use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::{Stream, StreamExt as _};
use serde::Serialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;
use voice_common::ApiError;
use voice_common::cancellation::{CancelOnDrop, Cancellation};
use voice_common::error::ErrorBody;

use crate::engine::{Options, Transcript};
use crate::format::Usage;
use crate::job::{App, Input};

/// Segments that may wait for a slow reader. A reader that stops reading must not make a
/// job hold its transcript without bound; segments are small and few.
const BUFFERED_EVENTS: usize = 64;

/// One event of a stream.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type")]
pub enum TranscriptEvent {
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

/// What the job sends to the stream.
enum Progress {
    Text(String),
    Finished(Box<Transcript>),
    Failed(ApiError),
}

/// Runs the request and answers with events. A failure before the first text is a plain
/// error answer with its status; a later one is an event.
pub async fn transcribe(
    app: Arc<App>,
    input: Input,
    model_id: String,
    options: Options,
) -> Result<Response, ApiError> {
    let cancellation = app.core.cancellation.child();
    let hang_up = cancellation.cancel_on_drop();
    let (sender, mut receiver) = mpsc::channel(BUFFERED_EVENTS);
    tokio::spawn(run(app, input, model_id, options, cancellation, sender));

    let first = match receiver.recv().await {
        Some(Progress::Failed(error)) => return Err(error),
        Some(progress) => progress,
        None => return Err(ApiError::internal("the job ended without a word")),
    };
    let rest = futures::stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|progress| (progress, receiver))
    });
    let progress = futures::stream::once(async { first }).chain(rest);
    Ok(Sse::new(events(progress, hang_up))
        .keep_alive(KeepAlive::default())
        .into_response())
}

async fn run(
    app: Arc<App>,
    input: Input,
    model_id: String,
    options: Options,
    cancellation: Cancellation,
    sender: mpsc::Sender<Progress>,
) {
    let segments = sender.clone();
    let done = app
        .run(
            input,
            &model_id,
            &cancellation,
            move |model, permit, samples, cancellation| {
                model.transcribe(permit, samples, &options, cancellation, &mut |segment| {
                    // Fails only when nobody reads any more; the cancellation says so as well.
                    let _ = segments.blocking_send(Progress::Text(segment.text.clone()));
                })
            },
        )
        .await;
    let last = match done {
        Ok(done) => Progress::Finished(Box::new(done.result)),
        Err(error) => Progress::Failed(error),
    };
    let _ = sender.send(last).await;
}

fn events(
    progress: impl Stream<Item = Progress>,
    hang_up: CancelOnDrop,
) -> impl Stream<Item = Result<Event, Infallible>> {
    // Dropping the stream before its end means that the client left.
    let mut hang_up = Some(hang_up);
    let mut sent_text = false;
    progress.map(move |progress| {
        let event = match progress {
            Progress::Text(text) => {
                let delta = if sent_text {
                    text
                } else {
                    text.trim_start().to_string()
                };
                sent_text = true;
                TranscriptEvent::Delta { delta }
            }
            Progress::Finished(transcript) => TranscriptEvent::Done {
                text: transcript.text(),
                usage: Usage::of(&transcript),
            },
            Progress::Failed(error) => TranscriptEvent::Error(error.body()),
        };
        if !matches!(event, TranscriptEvent::Delta { .. })
            && let Some(hang_up) = hang_up.take()
        {
            hang_up.disarm();
        }
        let json = serde_json::to_string(&event).expect("events hold nothing but text and numbers");
        Ok(Event::default().data(json))
    })
}
