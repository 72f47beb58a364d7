//! A service under one or more base URLs, and how a request finds the host that serves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::AUTHORIZATION;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::answer::{Answer, Clock};
use crate::attempt::Attempt;
use crate::error::{Stage, UpstreamError, root_cause};
use crate::host::Host;
use crate::key::ApiKey;
use crate::limits::TimeLimits;
use crate::pool::{Pool, Slot};
use crate::refusal::{self, Refusal};
use crate::request::Request;
use crate::retry::Retries;
use crate::settings::{SettingsError, UpstreamSettings};
use crate::snapshot::{Outcome, Snapshot};

/// A service that is asked. Clones are the same one: they share breakers, budget and counters.
#[derive(Debug, Clone)]
pub struct Upstream(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: Arc<str>,
    pool: Pool,
    hosts: Vec<Arc<Host>>,
    key: Option<ApiKey>,
    limits: TimeLimits,
    retries: Retries,
    requests: AtomicU64,
    repeated: AtomicU64,
    repeats_refused: AtomicU64,
}

impl Upstream {
    /// An upstream that was not asked yet.
    ///
    /// # Errors
    /// The settings make no sense.
    pub fn new(pool: &Pool, settings: UpstreamSettings) -> Result<Self, SettingsError> {
        settings.check()?;
        let name: Arc<str> = settings.name.into();
        let host = |base| Arc::new(Host::new(Arc::clone(&name), base, pool, settings.breaker));
        Ok(Self(Arc::new(Inner {
            hosts: settings.base_urls.into_iter().map(host).collect(),
            name,
            pool: pool.clone(),
            key: settings.key,
            limits: settings.limits,
            retries: Retries::new(settings.retries),
            requests: AtomicU64::new(0),
            repeated: AtomicU64::new(0),
            repeats_refused: AtomicU64::new(0),
        })))
    }

    /// What errors call it.
    pub fn name(&self) -> Arc<str> {
        Arc::clone(&self.0.name)
    }

    /// A text out of one of its answers as an error may show it: without the key, on one line,
    /// and shortened if it is long.
    pub fn quote(&self, text: &str) -> String {
        refusal::quoted(text, self.0.key.as_ref())
    }

    /// What it did so far.
    pub fn snapshot(&self) -> Snapshot {
        let read = |it: &AtomicU64| it.load(Ordering::Relaxed);
        Snapshot {
            name: self.0.name.to_string(),
            requests: read(&self.0.requests),
            retries: read(&self.0.repeated),
            retries_refused: read(&self.0.repeats_refused),
            hosts: self.0.hosts.iter().map(|it| it.snapshot()).collect(),
        }
    }

    /// Sends a request and gives its answer as soon as the head of a successful one is there.
    ///
    /// A host that fails, or is busy, is followed by the next one at once. After the last one
    /// comes a pause and another round, for as long as there are rounds, budget and time.
    /// Dropping this future closes the connection that it waits on.
    ///
    /// # Errors
    /// No host gave a successful answer; the error is that of the last one that was asked.
    pub async fn send(&self, mut request: Request) -> Result<Answer, UpstreamError> {
        let inner = &self.0;
        let clock = Clock::start(request.limits.unwrap_or(inner.limits));
        let mut pauses = inner.retries.begin();
        inner.requests.fetch_add(1, Ordering::Relaxed);
        // When each of the hosts may be asked (again) for this request: what one client is told
        // to do is no rule for the others.
        let mut not_before = vec![Instant::now(); inner.hosts.len()];
        loop {
            let error = match inner.round(&mut request, &mut not_before, clock).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if !request.may_repeat || !is_worth_a_pause(&error) {
                return Err(error);
            }
            let Some(next) = pauses.next(inner.soonest(&not_before)) else {
                return Err(error);
            };
            // To wait for a time at which nothing may be sent any more would help nobody.
            if next >= clock.deadline {
                return Err(error);
            }
            if !inner.retries.may_repeat() {
                inner.repeats_refused.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(upstream = &*inner.name, "the retry budget is used up");
                return Err(error);
            }
            inner.repeated.fetch_add(1, Ordering::Relaxed);
            sleep_until(next).await;
        }
    }
}

/// An open breaker is known to stay open for longer than a pause; and what a request in all may
/// take has been taken.
fn is_worth_a_pause(error: &UpstreamError) -> bool {
    let is_over = matches!(
        error,
        UpstreamError::Unavailable { .. }
            | UpstreamError::TimedOut {
                stage: Stage::Whole,
                ..
            }
    );
    error.is_temporary() && !is_over
}

impl Inner {
    /// Asks each host that may be asked, in order, until one serves.
    async fn round(
        &self,
        request: &mut Request,
        not_before: &mut [Instant],
        clock: Clock,
    ) -> Result<Answer, UpstreamError> {
        let mut last = None;
        let mut soonest: Option<Duration> = None;
        let mut closed_off = |wait: Duration| {
            soonest = Some(soonest.map_or(wait, |it| it.min(wait)));
        };
        for (host, not_before) in self.hosts.iter().zip(not_before) {
            let now = Instant::now();
            if now < *not_before {
                closed_off(*not_before - now);
                continue;
            }
            if let Some(wait) = host.closed_off_for() {
                closed_off(wait);
                continue;
            }
            let slot = self.slot(host, clock).await?;
            let attempt = match Attempt::begin(host) {
                Ok(attempt) => attempt,
                Err(wait) => {
                    closed_off(wait);
                    continue;
                }
            };
            let error = match self.attempt(host, attempt, slot, request, clock).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            tracing::debug!(
                upstream = &*self.name,
                base_url = %host.base,
                %error,
                "an upstream did not serve a request"
            );
            if !request.may_repeat || !is_worth_a_pause(&error) {
                return Err(error);
            }
            if let Some(after) = error.retry_after() {
                *not_before = Instant::now() + after;
            }
            last = Some(error);
        }
        Err(last.unwrap_or_else(|| UpstreamError::Unavailable {
            upstream: Arc::clone(&self.name),
            retry_after: soonest.unwrap_or_default(),
        }))
    }

    /// When the first of the hosts may be asked again, by what they asked for and by their
    /// breakers.
    fn soonest(&self, not_before: &[Instant]) -> Option<Instant> {
        let now = Instant::now();
        let hosts = self.hosts.iter().zip(not_before);
        let times = hosts.map(|(host, not_before)| {
            let closed_off = host.closed_off_for().unwrap_or_default();
            (now + closed_off).max(*not_before)
        });
        times.min()
    }

    /// Waits for a free connection, as long as the request in all may take.
    async fn slot(&self, host: &Host, clock: Clock) -> Result<Slot, UpstreamError> {
        let turn = timeout_at(clock.deadline, host.slots.acquire()).await;
        turn.map_err(|_| clock.passed(&self.name, Stage::Whole).0)
    }

    async fn attempt(
        &self,
        host: &Host,
        attempt: Attempt,
        slot: Slot,
        request: &mut Request,
        clock: Clock,
    ) -> Result<Answer, UpstreamError> {
        let url = host.base.at(&request.route);
        let mut headers = request.headers.clone();
        if let Some(key) = &self.key {
            headers.insert(AUTHORIZATION, key.authorization());
        }
        let sent = (self.pool.http.request(request.method.clone(), url))
            .headers(headers)
            .body(request.body.take());
        let (until, stage) = clock.until(Stage::FirstByte);
        let response = match timeout_at(until, sent.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let (error, outcome) = self.no_answer(host, &error);
                attempt.end(outcome);
                return Err(error);
            }
            Err(_) => {
                let (error, outcome) = clock.passed(&self.name, stage);
                attempt.end(outcome);
                return Err(error);
            }
        };
        let status = response.status();
        let upstream = Arc::clone(&self.name);
        let Some(refusal) = Refusal::of(status, response.headers()) else {
            return Ok(Answer::new(upstream, response, attempt, slot, clock));
        };
        let (until, _) = clock.until(Stage::BetweenBytes);
        let said = refusal::read(response, until, self.key.as_ref()).await;
        attempt.end(refusal.outcome());
        Err(refusal.error(upstream, status, said))
    }

    /// What reqwest says when no answer came.
    fn no_answer(&self, host: &Host, error: &reqwest::Error) -> (UpstreamError, Outcome) {
        let upstream = Arc::clone(&self.name);
        if error.is_connect()
            && let Some(name) = host.base.name()
        {
            self.pool.names.forget(name);
        }
        if error.is_connect() && error.is_timeout() {
            let late = UpstreamError::TimedOut {
                upstream,
                stage: Stage::Connect,
                limit: self.pool.settings.connect,
            };
            return (late, Outcome::TimedOut);
        }
        let cause = root_cause(error);
        let lost = UpstreamError::Unreachable { upstream, cause };
        (lost, Outcome::Unreachable)
    }
}
