//! OpenAI's endpoint: text in, speech out.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures::{Stream, StreamExt as _};
use voice_common::ApiError;
use voice_common::admission::Priority;
use voice_common::core::ServiceCore;
use voice_common::error::ErrorResponses;
use voice_common::middleware::with_queue_wait;
use voice_common::priority::PriorityHeader;

use super::documents::{SpeechEvent, SpeechForm, Usage};
use crate::app::{App, Speech};
use crate::cache::Kept;
use crate::encode::AudioFormat;
use crate::request::{Delivery, SpeechFields};
use crate::shared_synthesis::{Finished, Next, Reader};

/// Speak a text. The body begins as soon as the first sentence is ready.
#[utoipa::path(
    post, path = "/v1/audio/speech", tag = "Audio", security((), ("bearer" = [])),
    params(PriorityHeader),
    request_body(content = SpeechForm, content_type = "application/json"),
    responses(
        (status = 200, content(
            (Vec<u8> = "audio/mpeg"), (Vec<u8> = "audio/ogg"), (Vec<u8> = "audio/aac"),
            (Vec<u8> = "audio/flac"), (Vec<u8> = "audio/wav"), (Vec<u8> = "audio/pcm"),
            (SpeechEvent = "text/event-stream"))),
        ErrorResponses))]
pub(super) async fn speak(
    State(app): State<Arc<App>>,
    priority: Priority,
    request: Request,
) -> Result<Response, ApiError> {
    let asked = Instant::now();
    let body = receive(request, &app).await?;
    let fields = SpeechFields::parse(&body, app.most_characters)?;
    drop(body);
    let characters = fields.input.chars().count();
    let (format, delivery) = (fields.format, fields.delivery);
    match begin(&app, &fields, priority, asked).await? {
        Begun::Kept(kept) => {
            let finished = Finished {
                whole: None,
                audio_seconds: kept.audio_seconds,
            };
            let answer = match delivery {
                Delivery::Audio => whole(format, kept.body),
                Delivery::Events => {
                    let usage = usage(characters, &finished);
                    let events = [delta(&kept.body), SpeechEvent::Done { usage }];
                    server_sent(futures::stream::iter(events))
                }
            };
            Ok(with_queue_wait(Duration::ZERO, answer))
        }
        Begun::Coming(first, reader) => {
            let core = Arc::clone(&app.jobs.core);
            let waited = reader.waited();
            let answer = match delivery {
                Delivery::Audio => audio(format, first, reader, core),
                Delivery::Events => server_sent(events(first, reader, core, characters)),
            };
            Ok(with_queue_wait(waited, answer))
        }
    }
}

/// Speech of which the first piece is there.
enum Begun {
    Kept(Kept),
    Coming(Next, Reader),
}

async fn begin(
    app: &Arc<App>,
    fields: &SpeechFields,
    priority: Priority,
    asked: Instant,
) -> Result<Begun, ApiError> {
    loop {
        let mut reader = match app.speech(fields, priority, asked)? {
            Speech::Kept(kept) => return Ok(Begun::Kept(kept)),
            Speech::Coming(reader) => reader,
        };
        match reader.next().await {
            // The request that this one joined was idle and is refused; this one may wait.
            Err(ApiError::NoIdleSlot { .. }) if priority != Priority::Idle => {}
            first => return Ok(Begun::Coming(first?, reader)),
        }
    }
}

/// The body, if it may be JSON at all.
async fn receive(request: Request, app: &App) -> Result<Bytes, ApiError> {
    let content_type = request.headers().get(CONTENT_TYPE);
    let content_type = content_type.map(|it| it.to_str().unwrap_or_default().to_lowercase());
    let essence = content_type
        .as_deref()
        .map(|it| it.split(';').next().unwrap_or_default().trim());
    // curl calls what it sends a form unless told otherwise; what it is will show.
    let may_be_json = essence.is_none_or(|it| {
        it.is_empty()
            || it == "application/x-www-form-urlencoded"
            || it == "application/json"
            || it.ends_with("+json")
    });
    if !may_be_json {
        return Err(ApiError::UnsupportedMediaType {
            message: "The body must be JSON (Content-Type: application/json).".into(),
        });
    }
    Bytes::from_request(request, &())
        .await
        .map_err(|broken| match broken.status() {
            StatusCode::PAYLOAD_TOO_LARGE => app.body_limit.exceeded(),
            _ => ApiError::InvalidBody {
                message: "The body ended too early.".into(),
            },
        })
}

fn whole(format: AudioFormat, body: Bytes) -> Response {
    ([(CONTENT_TYPE, format.content_type())], body).into_response()
}

/// The audio as the body: of known length if it is finished already.
fn audio(format: AudioFormat, first: Next, reader: Reader, core: Arc<ServiceCore>) -> Response {
    if let Some(body) = reader.whole() {
        return whole(format, body);
    }
    // An error ends the body in the middle, which is all that HTTP can say by then.
    let pieces = pieces(first, reader, core).filter_map(async |next| match next {
        Ok(Next::Piece(piece)) => Some(Ok(piece)),
        Ok(Next::End(_)) => None,
        Err(error) => Some(Err(error)),
    });
    let head = [(CONTENT_TYPE, format.content_type())];
    (head, Body::from_stream(pieces)).into_response()
}

fn events(
    first: Next,
    reader: Reader,
    core: Arc<ServiceCore>,
    characters: usize,
) -> impl Stream<Item = SpeechEvent> {
    pieces(first, reader, core).map(move |next| match next {
        Ok(Next::Piece(piece)) => delta(&piece),
        Ok(Next::End(finished)) => SpeechEvent::Done {
            usage: usage(characters, &finished),
        },
        Err(error) => SpeechEvent::Error(error.body()),
    })
}

/// All that comes, up to the end or the error. Dropping it early means that the client left.
fn pieces(
    first: Next,
    reader: Reader,
    core: Arc<ServiceCore>,
) -> impl Stream<Item = Result<Next, ApiError>> {
    enum Then {
        Give(Next, Reader),
        Read(Reader),
        Stop,
    }
    futures::stream::unfold(Then::Give(first, reader), async |then| {
        let (next, reader) = match then {
            Then::Give(first, reader) => (Ok(first), reader),
            Then::Read(mut reader) => (reader.next().await, reader),
            Then::Stop => return None,
        };
        let then = match &next {
            Ok(Next::Piece(_)) => Then::Read(reader),
            Ok(Next::End(_)) | Err(_) => Then::Stop,
        };
        Some((next, then))
    })
    .inspect(move |next| {
        if let Err(error) = next {
            core.metrics.broken_off(error.code());
        }
    })
}

fn delta(piece: &Bytes) -> SpeechEvent {
    SpeechEvent::Delta {
        audio: BASE64_STANDARD.encode(piece),
    }
}

fn usage(characters: usize, finished: &Finished) -> Usage {
    Usage {
        input_tokens: characters,
        output_tokens: 0,
        total_tokens: characters,
        seconds: finished.audio_seconds,
    }
}

fn server_sent(events: impl Stream<Item = SpeechEvent> + Send + 'static) -> Response {
    let events = events.map(|event| {
        let json = serde_json::to_string(&event).expect("events hold nothing but text and numbers");
        Ok::<_, Infallible>(Event::default().data(json))
    });
    Sse::new(events)
        .keep_alive(KeepAlive::default())
        .into_response()
}
