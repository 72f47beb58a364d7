//! OpenAI's endpoints: transcriptions and translations.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use voice_common::ApiError;
use voice_common::admission::Priority;
use voice_common::error::ErrorResponses;
use voice_common::middleware::with_queue_wait;
use voice_common::priority::PriorityHeader;
use voice_common::uploads::form::Form;

use super::documents::{TranscriptionForm, TranslationForm};
use super::parameters::{Parameters, ResponseFormat};
use super::stream;
use super::stream::TranscriptEvent;
use crate::engine::{ParameterNames, Transcript};
use crate::format::{self, JsonAnswer, Plain, Verbose};
use crate::job::{App, Input, Transcription};

const FILE_FIELD: &str = "file";
/// What these endpoints call the options. Translating is a path here: where a model can't,
/// another model is what the client has to name.
const NAMES: ParameterNames = ParameterNames {
    language: "language",
    translate: "model",
    prompt: "prompt",
    temperature: "temperature",
    words: "timestamp_granularities",
};
const PLAIN: &str = "text/plain; charset=utf-8";

/// Transcribe speech in the language that is spoken.
#[utoipa::path(
    post, path = "/v1/audio/transcriptions", tag = "Audio", security((), ("bearer" = [])),
    params(PriorityHeader),
    request_body(content = TranscriptionForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, content(
            (JsonAnswer = "application/json"),
            (String = "text/plain"), (String = "text/vtt"),
            (TranscriptEvent = "text/event-stream"))),
        ErrorResponses))]
pub(super) async fn transcribe(
    State(app): State<Arc<App>>,
    priority: Priority,
    body: Request,
) -> Result<Response, ApiError> {
    respond(app, priority, body, false).await
}

/// Translate speech into English text.
#[utoipa::path(
    post, path = "/v1/audio/translations", tag = "Audio", security((), ("bearer" = [])),
    params(PriorityHeader),
    request_body(content = TranslationForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, content(
            (JsonAnswer = "application/json"),
            (String = "text/plain"), (String = "text/vtt"))),
        ErrorResponses))]
pub(super) async fn translate(
    State(app): State<Arc<App>>,
    priority: Priority,
    body: Request,
) -> Result<Response, ApiError> {
    respond(app, priority, body, true).await
}

async fn respond(
    app: Arc<App>,
    priority: Priority,
    body: Request,
    translate: bool,
) -> Result<Response, ApiError> {
    let mut form = Form::receive(body, FILE_FIELD, &Parameters::FIELDS, app.body_limit).await?;
    let parameters = Parameters::from_form(&form, translate)?;
    let library = app.jobs.models.loader();
    let transcription = Transcription {
        model_id: library.resolve(parameters.model.as_deref())?,
        options: parameters.options.clone(),
        parameters: &NAMES,
    };
    let input = Input {
        file: form.take_file(FILE_FIELD)?,
        field: FILE_FIELD,
        headerless: false,
        priority,
    };
    if parameters.stream {
        return stream::transcribe(app, input, transcription).await;
    }
    let done = app.transcribe(input, transcription).await?;
    Ok(with_queue_wait(
        done.waited,
        body_of(done.result, &parameters),
    ))
}

fn body_of(transcript: Transcript, parameters: &Parameters) -> Response {
    let text = |content_type: &'static str, text: String| {
        ([(CONTENT_TYPE, content_type)], text).into_response()
    };
    match parameters.format {
        ResponseFormat::Json => Json(JsonAnswer::Plain(Plain::from(&transcript))).into_response(),
        ResponseFormat::Text => text(PLAIN, transcript.text() + "\n"),
        ResponseFormat::Srt => text(PLAIN, format::srt(&transcript.segments)),
        ResponseFormat::Vtt => text("text/vtt; charset=utf-8", format::vtt(&transcript.segments)),
        ResponseFormat::VerboseJson => {
            let options = &parameters.options;
            let verbose = Verbose::new(
                transcript,
                options.translate,
                parameters.segments,
                options.words,
            );
            Json(JsonAnswer::Verbose(verbose)).into_response()
        }
    }
}
