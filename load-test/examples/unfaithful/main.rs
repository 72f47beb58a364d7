//! An ASR service that keeps its promises, or breaks the one that the variable `FAULT` names:
//! what `validate` must be able to tell apart. It transcribes nothing: it knows one recording.
//!
//! `ASR_PORT`, `MEMORY_THRESHOLD_PERCENT` and `IDLE_TIMEOUT_MINUTES` are as in the real one.

mod admission;
mod fault;
mod model;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_LENGTH, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::StreamExt as _;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use admission::{Admission, Slot};
use fault::Fault;
use model::Model;

const SLOTS: usize = 2;
const QUEUE: usize = 8;
const MOST_BYTES: usize = 24 << 20;
const TEXT: &str = "And so my fellow Americans ask not what your country can do for you ask \
                    what you can do for your country";

struct Service {
    fault: Option<Fault>,
    admission: Admission,
    model: Model,
    is_full: bool,
}

fn setting(name: &str) -> Option<f64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::main]
async fn main() {
    let fault = Fault::from_environment();
    let slots = match fault {
        Some(Fault::TooManyAtOnce) => SLOTS + 2,
        _ => SLOTS,
    };
    let queue = match fault {
        Some(Fault::EndlessQueue) => usize::MAX,
        _ => QUEUE,
    };
    let idle_minutes = setting("IDLE_TIMEOUT_MINUTES").unwrap_or(60.0);
    let service = Arc::new(Service {
        fault,
        admission: Admission::new(slots, queue),
        model: Model::new(Duration::from_secs_f64(idle_minutes * 60.0), fault),
        is_full: setting("MEMORY_THRESHOLD_PERCENT").is_some_and(|it| it < 1.0)
            && fault != Some(Fault::NoMemoryGuard),
    });
    let router = Router::new()
        .route("/health", get(health))
        .route("/health/detailed", get(detailed))
        .route("/metrics", get(metrics))
        .route("/v1/audio/transcriptions", post(transcribe))
        .route("/v1/models/{id}/unload", post(unload))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(Arc::clone(&service));
    let port = setting("ASR_PORT").unwrap_or(0.0) as u16;
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .expect("the port is free");
    println!("{}", listener.local_addr().expect("it is bound"));
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be waited for");
    let told_to_end = async move {
        terminate.recv().await;
        match fault {
            Some(Fault::LosesRequests) => std::process::exit(0),
            Some(Fault::NeverEnds) => std::future::pending().await,
            _ => {}
        }
    };
    let served = axum::serve(listener, router).with_graceful_shutdown(told_to_end);
    served.await.expect("it goes on until it is told to end");
}

async fn health(State(service): State<Arc<Service>>) -> &'static str {
    if service.fault == Some(Fault::SlowProbes) && service.admission.active() > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    "ok"
}

async fn detailed(State(service): State<Arc<Service>>) -> Response {
    let models = if service.model.is_loaded() {
        json!([{"id": "tiny", "state": "ready"}])
    } else {
        json!([])
    };
    Json(json!({
        "service": "asr",
        "version": "0",
        "default_model": "tiny",
        "slots": {
            "total": SLOTS,
            "active": service.admission.active(),
            "queued": service.admission.queued(),
        },
        "models": models,
        "limits": {
            "max_concurrent_requests": SLOTS,
            "max_queue": QUEUE,
            "queue_timeout_seconds": 60.0,
            "max_upload_bytes": MOST_BYTES,
            "idle_timeout_seconds": 3600.0,
            "drain_timeout_seconds": 1.0,
        },
        "process": {"pid": std::process::id()},
    }))
    .into_response()
}

async fn metrics(State(service): State<Arc<Service>>) -> String {
    format!(
        "voice_slots {SLOTS}\nvoice_in_flight_high_water {}\nvoice_queue_depth {}\n\
         voice_model_loads_total{{outcome=\"ok\"}} {}\n",
        service.admission.take_high_water(),
        service.admission.queued(),
        service.model.loads(),
    )
}

async fn unload(State(service): State<Arc<Service>>, Path(_id): Path<String>) -> StatusCode {
    let is_in_use = service.admission.active() > 0;
    if is_in_use && service.fault != Some(Fault::UnloadsInUse) {
        return StatusCode::CONFLICT;
    }
    service.model.unload();
    StatusCode::OK
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let error = json!({"message": message, "type": "error", "param": null, "code": code});
    (status, Json(json!({ "error": error }))).into_response()
}

fn refusal(service: &Service, code: &str, message: &str) -> Response {
    let mut answer = error(StatusCode::SERVICE_UNAVAILABLE, code, message);
    if service.fault != Some(Fault::NoRetryAfter) {
        answer.headers_mut().insert(RETRY_AFTER, 1.into());
    }
    answer
}

async fn transcribe(State(service): State<Arc<Service>>, request: Request) -> Response {
    let most = match service.fault {
        Some(Fault::NoUploadLimit) => usize::MAX,
        _ => MOST_BYTES,
    };
    let too_large = || {
        error(
            StatusCode::PAYLOAD_TOO_LARGE,
            "payload_too_large",
            "too large",
        )
    };
    if declared(request.headers()).is_some_and(|it| it > most) {
        return too_large();
    }
    // All of it is read, also if it is refused: most clients send it before they look for an
    // answer, and would take a closed connection for the answer.
    let is_full = service.admission.is_full();
    let Some(body) = receive(request, most).await else {
        return too_large();
    };
    if service.is_full {
        return refusal(
            &service,
            "resource_exhausted",
            "Resource threshold exceeded",
        );
    }
    if is_full {
        return refusal(&service, "queue_full", "Too many concurrent requests");
    }
    let has = |magic: &[u8]| body.windows(magic.len()).take(2048).any(|it| it == magic);
    if body.len() < 10_000 || !(has(b"fLaC") || has(b"RIFF")) {
        let status = match service.fault {
            Some(Fault::BreaksOnNonsense) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        return error(status, "invalid_audio", "this is no sound");
    }
    let Some(slot) = service.admission.admit().await else {
        return refusal(&service, "queue_full", "Too many concurrent requests");
    };
    let is_long = body.len() > 1 << 20;
    let takes = Duration::from_millis(if is_long { 20_000 } else { 600 });
    let work = work(Arc::clone(&service), slot, takes);
    if service.fault == Some(Fault::KeepsSlots) {
        // No client waits for it any more when its own has left, but it goes on.
        let _ = tokio::spawn(work).await;
    } else {
        work.await;
    }
    Json(json!({ "text": TEXT })).into_response()
}

/// The body; `None` if it is larger than it may be, or doesn't come to its end.
async fn receive(request: Request, most: usize) -> Option<Vec<u8>> {
    let mut pieces = request.into_body().into_data_stream();
    let (mut body, mut is_larger) = (Vec::new(), false);
    while let Some(piece) = pieces.next().await {
        body.extend_from_slice(&piece.ok()?);
        if body.len() > most {
            is_larger = true;
            body.clear();
        }
    }
    (!is_larger).then_some(body)
}

async fn work(service: Arc<Service>, slot: Slot, takes: Duration) {
    service.model.load().await;
    tokio::time::sleep(takes).await;
    service.model.used();
    drop(slot);
}

fn declared(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
