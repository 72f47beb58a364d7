//! An ASR service that answers as it is told to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use voice_stack_load::corpus::{Class, Recording};
use voice_stack_load::service::Service;
use voice_stack_load::target::Target;
use voice_stack_load::workload::{TranscriptAsk, Transcripts, Workload};

/// What is said in every recording.
pub(crate) const TEXT: &str = "one two three";

/// How a stub answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Script {
    /// The time that each answer takes,
    pub usual: Duration,
    /// except that nothing is answered between these two moments after the first request.
    pub stall: Option<(Duration, Duration)>,
    /// The number of requests that are answered at once; the others wait for them. All are where
    /// there is no number.
    pub slots: Option<usize>,
}

/// A running stub, on threads of its own. It lives as long as the process.
pub(crate) struct Stub {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    script: Script,
    slots: Semaphore,
    first: std::sync::OnceLock<Instant>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
    connections: AtomicUsize,
}

impl Stub {
    /// Starts one.
    pub(crate) fn start(script: Script) -> Self {
        let shared = Arc::new(Shared {
            script,
            slots: Semaphore::new(script.slots.unwrap_or(Semaphore::MAX_PERMITS)),
            first: std::sync::OnceLock::new(),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
        });
        let (tell, told) = std::sync::mpsc::channel();
        let router = Router::new()
            .route("/v1/audio/transcriptions", post(transcribe))
            .route("/health/detailed", get(state))
            .with_state(Arc::clone(&shared));
        let counted = Arc::clone(&shared);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("threads");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                let address = listener.local_addr().expect("it is bound");
                tell.send(address)
                    .expect("the starting thread waits for it");
                let listener = axum::serve::ListenerExt::tap_io(listener, move |_| {
                    counted.connections.fetch_add(1, Ordering::Relaxed);
                });
                axum::serve(listener, router).await.expect("it goes on");
            });
        });
        Self {
            address: told.recv().expect("the stub starts"),
            shared,
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Requests for it.
    pub(crate) fn workload(&self) -> Arc<Workload> {
        let target =
            Target::new(Service::Asr, &self.address.to_string(), None).expect("an address");
        let recording = Recording {
            name: "three.wav".into(),
            class: Class::Short,
            file: Bytes::from_static(b"RIFF"),
            audio_seconds: 2.0,
            reference: TEXT.into(),
            language: "en".into(),
        };
        let ask = TranscriptAsk {
            model: "whisper-1".into(),
            language: None,
            worst_wer: 0.5,
        };
        let recordings = Transcripts::of(&[Arc::new(recording)], &ask).expect("a recording");
        Arc::new(Workload::new(target, recordings))
    }

    /// The most requests that it had at once.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.shared.most_in_flight.load(Ordering::Relaxed)
    }

    /// Connections that were ever made to it.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

async fn transcribe(State(shared): State<Arc<Shared>>, _body: Bytes) -> Json<Value> {
    let now = Instant::now();
    let first = *shared.first.get_or_init(|| now);
    let in_flight = shared.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
    shared
        .most_in_flight
        .fetch_max(in_flight, Ordering::Relaxed);
    let _slot = shared.slots.acquire().await.expect("it is never closed");
    let mut answer_at = Instant::now() + shared.script.usual;
    if let Some((from, to)) = shared.script.stall {
        let since = now - first;
        if (from..to).contains(&since) {
            answer_at = first + to;
        }
    }
    tokio::time::sleep_until(answer_at.into()).await;
    shared.in_flight.fetch_sub(1, Ordering::Relaxed);
    Json(json!({ "text": TEXT }))
}

async fn state(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let total = shared.script.slots.unwrap_or_default();
    let active = total.saturating_sub(shared.slots.available_permits());
    let queued = shared
        .in_flight
        .load(Ordering::Relaxed)
        .saturating_sub(active);
    Json(json!({
        "service": "asr",
        "slots": { "total": total, "active": active, "queued": queued },
    }))
}
