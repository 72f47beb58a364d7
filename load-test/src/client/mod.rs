//! Sends requests and notes what became of them.

mod connect;
mod failure;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use tokio::sync::Semaphore;

use self::connect::{TimeConnects, noting_connect};
use crate::exchange::{Exchange, Judged, Outcome, Refusal};
use crate::workload::Call;

/// The client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client can't be set up: {0}")]
pub struct ClientError(reqwest::Error);

/// How requests are sent.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For one request from its sending to the end of its answer.
    pub timeout: Duration,
    /// How often a request that was turned away is sent again, each time after as long as the
    /// service asks for.
    pub retries: u32,
}

/// Sends requests over connections that it keeps.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    patience: Patience,
    /// Checking speech takes computing time that services on the same box need: one answer is
    /// checked at a time, and answers that come meanwhile are not.
    checkers: Arc<Semaphore>,
}

/// An HTTP client that keeps as many connections as it needed, and uses no proxy.
///
/// # Errors
/// The system lets none be made.
pub fn http_client() -> Result<reqwest::Client, ClientError> {
    // An error means that this provider is installed already. reqwest's own choice takes minutes to build.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connector_layer(TimeConnects)
        .pool_max_idle_per_host(usize::MAX)
        .pool_idle_timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("voice-stack-load/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(ClientError)
}

impl Client {
    /// Sends with this client.
    pub fn new(http: reqwest::Client, patience: Patience) -> Self {
        Self {
            http,
            patience,
            checkers: Arc::new(Semaphore::new(1)),
        }
    }

    /// Sends a request, as often as it may, and waits for its answer. `run_began` is the zero
    /// of the times in the result, `intended` when the request should have begun.
    pub async fn exchange(&self, call: &Call, run_began: Instant, intended: Instant) -> Exchange {
        let began = Instant::now();
        let mut retries = 0;
        let mut answer = loop {
            let (answer, connect) = noting_connect(self.send(call, intended)).await;
            let answer = Answer { connect, ..answer };
            match answer.outcome.retry_after() {
                Some(after) if retries < self.patience.retries => {
                    tokio::time::sleep(after).await;
                    retries += 1;
                }
                _ => break answer,
            }
        };
        let total = intended.elapsed();
        let judged = self.judge(call, &mut answer).await;
        Exchange {
            service: call.service,
            number: call.number,
            sample: call.sample.to_string(),
            class: call.class,
            intended: intended - run_began,
            started: began - run_began,
            connect: answer.connect,
            first_byte: answer.first_byte,
            first_audio: answer.first_audio,
            total,
            bytes: answer.bytes,
            queue_wait: answer.queue_wait,
            audio_seconds: judged.audio_seconds,
            retries,
            outcome: judged.outcome,
            score: judged.score,
        }
    }

    async fn send(&self, call: &Call, intended: Instant) -> Answer {
        let mut answer = Answer::default();
        let received = tokio::time::timeout(
            self.patience.timeout,
            self.receive(call, intended, &mut answer),
        );
        answer.outcome = match received.await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Outcome::Failed {
                status: answer.status,
                message: failure::describe(&error),
            },
            Err(_) => Outcome::Failed {
                status: answer.status,
                message: format!("Timeout after {} s", self.patience.timeout.as_secs_f64()),
            },
        };
        answer
    }

    async fn receive(
        &self,
        call: &Call,
        intended: Instant,
        answer: &mut Answer,
    ) -> reqwest::Result<Outcome> {
        let url = call.url.clone();
        let mut request = match &call.content {
            Some(content) => (self.http.post(url))
                .header(CONTENT_TYPE, content.kind.clone())
                .body(content.body.clone()),
            None => self.http.get(url),
        };
        if let Some(authorization) = &call.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let mut response = request.send().await?;
        answer.first_byte = Some(intended.elapsed());
        let status = response.status();
        answer.status = Some(status.as_u16());
        answer.queue_wait = queue_wait(response.headers());
        let retry_after = response.headers().get(RETRY_AFTER).and_then(number);
        let silent_bytes = call.expected.bytes_before_audio();
        let silent_bytes = silent_bytes.filter(|_| status.is_success());
        let mut body = BytesMut::new();
        while let Some(piece) = response.chunk().await? {
            answer.bytes += piece.len() as u64;
            let has_audio = silent_bytes.is_some_and(|it| answer.bytes > it);
            if has_audio && answer.first_audio.is_none() {
                answer.first_audio = Some(intended.elapsed());
            }
            body.extend_from_slice(&piece);
        }
        answer.body = body.freeze();
        if status.is_success() {
            return Ok(Outcome::Served);
        }
        Ok(failure::of_answer(
            status.as_u16(),
            &answer.body,
            retry_after,
        ))
    }

    /// Judges what came: a wrong answer is a failure, however fast it was.
    async fn judge(&self, call: &Call, answer: &mut Answer) -> Judged {
        let body = std::mem::take(&mut answer.body);
        let outcome = std::mem::replace(&mut answer.outcome, Outcome::Served);
        if outcome != Outcome::Served {
            return Judged::without_score(outcome, call.expected.audio_seconds());
        }
        let expected = Arc::clone(&call.expected);
        if expected.is_cheap_to_judge() {
            return expected.judge(&body);
        }
        let Ok(turn) = Arc::clone(&self.checkers).try_acquire_owned() else {
            let audio_seconds = expected.audio_seconds_of(&body);
            return Judged::without_score(outcome, audio_seconds);
        };
        let judged = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            expected.judge(&body)
        });
        judged.await.expect("judging an answer doesn't panic")
    }
}

/// What came back.
struct Answer {
    status: Option<u16>,
    connect: Option<Duration>,
    first_byte: Option<Duration>,
    first_audio: Option<Duration>,
    queue_wait: Option<Duration>,
    bytes: u64,
    body: Bytes,
    outcome: Outcome,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            status: None,
            connect: None,
            first_byte: None,
            first_audio: None,
            queue_wait: None,
            bytes: 0,
            body: Bytes::new(),
            outcome: Outcome::Served,
        }
    }
}

impl Outcome {
    /// How long a client that was turned away should wait; `None` for all that was not.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Rejected(Refusal {
                retry_after_seconds,
                ..
            }) => Some(Duration::from_secs(retry_after_seconds.unwrap_or(1))),
            _ => None,
        }
    }
}

fn queue_wait(headers: &HeaderMap) -> Option<Duration> {
    let millis = headers.get("x-queue-wait-ms").and_then(number)?;
    Some(Duration::from_millis(millis))
}

fn number(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.trim().parse().ok()
}
