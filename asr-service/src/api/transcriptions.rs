//! OpenAI's endpoints: transcriptions and translations.

use std::sync::Arc;

use axum::Json;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use voice_common::ApiError;
use voice_common::error::ErrorResponses;

use super::documents::{TranscriptionForm, TranslationForm};
use super::parameters::{Parameters, ResponseFormat};
use super::stream::TranscriptEvent;
use super::{answer, stream};
use crate::engine::Transcript;
use crate::format::{self, Plain, Verbose};
use crate::job::{App, Input};
use crate::upload::Form;

const FILE_FIELD: &str = "file";

/// Transcribe speech in the language that is spoken.
#[utoipa::path(
    post, path = "/v1/audio/transcriptions", tag = "Audio", security((), ("bearer" = [])),
    request_body(content = TranscriptionForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, content(
            (Plain = "application/json"), (Verbose = "application/json"),
            (String = "text/plain"), (String = "text/vtt"),
            (TranscriptEvent = "text/event-stream"))),
        ErrorResponses))]
pub async fn transcribe(
    State(app): State<Arc<App>>,
    body: Result<Multipart, MultipartRejection>,
) -> Result<Response, ApiError> {
    respond(app, body, false).await
}

/// Translate speech into English text.
#[utoipa::path(
    post, path = "/v1/audio/translations", tag = "Audio", security((), ("bearer" = [])),
    request_body(content = TranslationForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, content(
            (Plain = "application/json"), (Verbose = "application/json"),
            (String = "text/plain"), (String = "text/vtt"))),
        ErrorResponses))]
pub async fn translate(
    State(app): State<Arc<App>>,
    body: Result<Multipart, MultipartRejection>,
) -> Result<Response, ApiError> {
    respond(app, body, true).await
}

async fn respond(
    app: Arc<App>,
    body: Result<Multipart, MultipartRejection>,
    translate: bool,
) -> Result<Response, ApiError> {
    let multipart = body.map_err(|_| super::not_multipart())?;
    let mut form = Form::receive(multipart, FILE_FIELD, app.body_limit).await?;
    let parameters = Parameters::from_form(&form, translate)?;
    let model = app.models.loader().resolve(parameters.model.as_deref())?;
    let input = Input {
        file: form.take_file(FILE_FIELD)?,
        field: FILE_FIELD,
        headerless: false,
    };
    if parameters.stream {
        return stream::transcribe(app, input, model.id, parameters.options).await;
    }

    let cancellation = app.core.cancellation.child();
    let hang_up = cancellation.cancel_on_drop();
    let options = parameters.options.clone();
    let done = app
        .run(
            input,
            &model.id,
            &cancellation,
            move |model, permit, samples, cancellation| {
                model.transcribe(permit, samples, &options, cancellation, &mut |_| {})
            },
        )
        .await;
    hang_up.disarm();
    let done = done?;
    let body = body_of(&done.result, &parameters);
    Ok(answer(&done, body))
}

fn body_of(transcript: &Transcript, parameters: &Parameters) -> Response {
    let text = |content_type: &'static str, text: String| {
        ([(CONTENT_TYPE, content_type)], text).into_response()
    };
    const PLAIN: &str = "text/plain; charset=utf-8";
    match parameters.format {
        ResponseFormat::Json => Json(Plain::from(transcript)).into_response(),
        ResponseFormat::Text => text(PLAIN, transcript.text() + "\n"),
        ResponseFormat::Srt => text(PLAIN, format::srt(&transcript.segments)),
        ResponseFormat::Vtt => text("text/vtt; charset=utf-8", format::vtt(&transcript.segments)),
        ResponseFormat::VerboseJson => {
            let options = &parameters.options;
            let verbose = Verbose::new(
                transcript.clone(),
                options.translate,
                parameters.segments,
                options.words,
            );
            Json(verbose).into_response()
        }
    }
}
