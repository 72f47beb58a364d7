//! The whisper-asr-webservice contract, as Bazarr and others use it.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use voice_common::ApiError;
use voice_common::admission::Priority;
use voice_common::error::ErrorResponses;
use voice_common::middleware::with_queue_wait;
use voice_common::priority::PriorityHeader;
use voice_common::uploads::form::Form;

use super::documents::WebserviceForm;
use super::parameters;
use crate::engine::{Options, ParameterNames, Transcript};
use crate::format::{self, Webservice};
use crate::job::{App, Input, Transcription};

const FILE_FIELD: &str = "audio_file";
/// What `/asr` calls the options. It has no temperature.
const NAMES: ParameterNames = ParameterNames {
    language: "language",
    translate: "task",
    prompt: "initial_prompt",
    temperature: "temperature",
    words: "word_timestamps",
};

/// The query of `/asr`.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AsrQuery {
    /// transcribe (if absent) or translate.
    #[param(nullable = false, example = "transcribe")]
    task: Option<String>,
    /// ISO-639-1 code of the spoken language; absent = detect.
    #[param(nullable = false, example = "en")]
    language: Option<String>,
    /// txt (if absent), json, srt, vtt or tsv.
    #[param(nullable = false, example = "srt")]
    output: Option<String>,
    /// false: the file is headerless 16 kHz mono s16le.
    #[param(nullable = false, value_type = Option<bool>)]
    encode: Option<String>,
    /// Accepted for compatibility: silence is always left out.
    #[param(nullable = false, value_type = Option<bool>)]
    vad_filter: Option<String>,
    /// Words in the segments of json.
    #[param(nullable = false, value_type = Option<bool>)]
    word_timestamps: Option<String>,
    /// What was said before, or names as they are spelt.
    #[param(nullable = false)]
    initial_prompt: Option<String>,
}

/// The query of `/detect-language`.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DetectQuery {
    /// false: the file is headerless 16 kHz mono s16le.
    #[param(nullable = false, value_type = Option<bool>)]
    encode: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Output {
    Txt,
    Json,
    Srt,
    Vtt,
    Tsv,
}

impl Output {
    fn parse(text: Option<&str>) -> Result<Self, ApiError> {
        match text.map(str::trim) {
            None | Some("" | "txt" | "text") => Ok(Self::Txt),
            Some("json") => Ok(Self::Json),
            Some("srt") => Ok(Self::Srt),
            Some("vtt") => Ok(Self::Vtt),
            Some("tsv") => Ok(Self::Tsv),
            Some(_) => Err(ApiError::invalid(
                "output",
                "output must be one of txt, json, srt, vtt, tsv.",
            )),
        }
    }

    fn body(self, transcript: Transcript, words: bool) -> Response {
        let (content_type, name, text) = match self {
            Self::Json => return Json(Webservice::new(transcript, words)).into_response(),
            Self::Txt => ("text/plain; charset=utf-8", "txt", transcript.text() + "\n"),
            Self::Srt => (
                "text/plain; charset=utf-8",
                "srt",
                format::srt(&transcript.segments),
            ),
            Self::Vtt => (
                "text/vtt; charset=utf-8",
                "vtt",
                format::vtt(&transcript.segments),
            ),
            Self::Tsv => {
                let text = format::tsv(&transcript.segments);
                ("text/tab-separated-values; charset=utf-8", "tsv", text)
            }
        };
        let disposition = format!("attachment; filename=\"transcript.{name}\"");
        (
            [
                (CONTENT_TYPE, content_type.to_string()),
                (CONTENT_DISPOSITION, disposition),
            ],
            text,
        )
            .into_response()
    }
}

/// Which language was heard.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Detected {
    /// English name in lower case.
    #[serde(rename = "detected_language")]
    language: &'static str,
    /// ISO-639-1 code.
    language_code: &'static str,
    /// 0 to 1; 0 when there was no speech.
    confidence: f32,
}

/// Transcribe or translate.
#[utoipa::path(
    post, path = "/asr", tag = "Webservice", security((), ("bearer" = [])),
    params(AsrQuery, PriorityHeader),
    request_body(content = WebserviceForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, content(
            (String = "text/plain"), (Webservice = "application/json"),
            (String = "text/vtt"), (String = "text/tab-separated-values"))),
        ErrorResponses))]
pub(super) async fn asr(
    State(app): State<Arc<App>>,
    query: Result<Query<AsrQuery>, QueryRejection>,
    priority: Priority,
    body: Request,
) -> Result<Response, ApiError> {
    let Query(query) = query.map_err(|it| super::bad_query(&it))?;
    let output = Output::parse(query.output.as_deref())?;
    let translate = match query.task.as_deref().map(str::trim) {
        None | Some("" | "transcribe") => false,
        Some("translate") => true,
        Some(_) => {
            return Err(ApiError::invalid(
                "task",
                "task must be transcribe or translate.",
            ));
        }
    };
    let words = parameters::switch("word_timestamps", query.word_timestamps.as_deref())?;
    parameters::switch("vad_filter", query.vad_filter.as_deref())?;
    let encode = parameters::switch("encode", query.encode.as_deref())?;
    let options = Options {
        language: parameters::language("language", query.language.as_deref())?,
        translate,
        prompt: query.initial_prompt,
        temperature: 0.0,
        words: words.unwrap_or(false),
    };
    let words = options.words;
    let (input, model_id) = receive(&app, priority, body, encode).await?;
    let transcription = Transcription {
        model_id,
        options,
        parameters: &NAMES,
    };
    let done = app.transcribe(input, transcription).await?;
    Ok(with_queue_wait(
        done.waited,
        output.body(done.result, words),
    ))
}

/// Say which language is spoken.
#[utoipa::path(
    post, path = "/detect-language", tag = "Webservice", security((), ("bearer" = [])),
    params(DetectQuery, PriorityHeader),
    request_body(content = WebserviceForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Detected), ErrorResponses))]
pub(super) async fn detect_language(
    State(app): State<Arc<App>>,
    query: Result<Query<DetectQuery>, QueryRejection>,
    priority: Priority,
    body: Request,
) -> Result<Response, ApiError> {
    let Query(query) = query.map_err(|it| super::bad_query(&it))?;
    let encode = parameters::switch("encode", query.encode.as_deref())?;
    let (input, model_id) = receive(&app, priority, body, encode).await?;
    let done = app
        .run(input, &model_id, |job, samples| {
            job.model
                .detect_language(job.permit, samples, job.cancellation)
        })
        .await?;
    let detected = Detected {
        language: done.result.language.name(),
        language_code: done.result.language.code(),
        confidence: done.result.probability,
    };
    Ok(with_queue_wait(done.waited, Json(detected)))
}

/// The same under /bazarr, for setups that share one address between services.
#[utoipa::path(
    post, path = "/bazarr/asr", tag = "Webservice", security((), ("bearer" = [])),
    params(AsrQuery, PriorityHeader),
    request_body(content = WebserviceForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, content(
            (String = "text/plain"), (Webservice = "application/json"),
            (String = "text/vtt"), (String = "text/tab-separated-values"))),
        ErrorResponses))]
pub(super) async fn bazarr_asr(
    app: State<Arc<App>>,
    query: Result<Query<AsrQuery>, QueryRejection>,
    priority: Priority,
    body: Request,
) -> Result<Response, ApiError> {
    asr(app, query, priority, body).await
}

/// The same under /bazarr.
#[utoipa::path(
    post, path = "/bazarr/detect-language", tag = "Webservice", security((), ("bearer" = [])),
    params(DetectQuery, PriorityHeader),
    request_body(content = WebserviceForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Detected), ErrorResponses))]
pub(super) async fn bazarr_detect_language(
    app: State<Arc<App>>,
    query: Result<Query<DetectQuery>, QueryRejection>,
    priority: Priority,
    body: Request,
) -> Result<Response, ApiError> {
    detect_language(app, query, priority, body).await
}

async fn receive(
    app: &App,
    priority: Priority,
    body: Request,
    encode: Option<bool>,
) -> Result<(Input, String), ApiError> {
    let mut form = Form::receive(body, FILE_FIELD, &[], app.body_limit).await?;
    let model_id = app.jobs.models.loader().resolve(None)?;
    let file = form.take_file(FILE_FIELD)?;
    Ok((
        Input {
            file,
            field: FILE_FIELD,
            headerless: encode == Some(false),
            priority,
        },
        model_id,
    ))
}
