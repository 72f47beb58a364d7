//! A service whose promises are looked into.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::client::{Client, Patience};
use crate::exchange::Exchange;
use crate::mode::setup::Reached;
use crate::service::Service;
use crate::target::Target;
use crate::watch::scrape::{Scrape, scrape};
use crate::watch::state::{Limits, Slots, State, state};
use crate::workload::Workload;

/// How often the service is asked whether something has come true.
const POLL: Duration = Duration::from_millis(5);

/// Why a check could not come to an end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Obstacle {
    /// The service does not answer what it should.
    #[error("the service could not be asked: {0}")]
    Unanswered(#[from] reqwest::Error),
    /// A precondition of the check did not come true.
    #[error("{0}")]
    NotProven(String),
}

/// A service, and what it can be asked.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// Where it is.
    pub target: Target,
    /// What it was set to allow.
    pub limits: Limits,
    /// The model of requests that name none.
    pub model: String,
    /// Its process, if it is on this box and says so.
    pub pid: Option<u32>,
    /// What asks it.
    pub http: reqwest::Client,
    client: Client,
    ordinary: Arc<Workload>,
    long: Arc<Workload>,
    next: Arc<AtomicU64>,
}

impl Subject {
    /// What is to be known of it; an older service doesn't say enough.
    ///
    /// # Errors
    /// What it does not say.
    pub(super) fn new(
        reached: &Reached,
        http: reqwest::Client,
        timeout: Duration,
        ordinary: Arc<Workload>,
        long: Arc<Workload>,
    ) -> Result<Self, String> {
        let State {
            limits: Some(limits),
            default_model: Some(model),
            process,
            ..
        } = reached.state.clone()
        else {
            return Err(
                "its /health/detailed doesn't say what it was set to allow: it is too old for \
                 this tool"
                    .into(),
            );
        };
        let patience = Patience {
            timeout,
            retries: 0,
        };
        Ok(Self {
            pid: process
                .map(|it| it.pid)
                .filter(|_| reached.target.is_local()),
            target: reached.target.clone(),
            limits,
            model,
            client: Client::new(http.clone(), patience),
            http,
            ordinary,
            long,
            next: Arc::default(),
        })
    }

    /// The same service elsewhere, as a copy of it that was started for a check.
    #[must_use]
    pub(super) fn moved_to(&self, target: Target) -> Self {
        Self {
            ordinary: Arc::new(self.ordinary.moved_to(target.clone())),
            long: Arc::new(self.long.moved_to(target.clone())),
            target,
            pid: None,
            ..self.clone()
        }
    }

    /// How many inferences may run at once.
    pub(super) fn slots(&self) -> usize {
        self.limits.max_concurrent_requests as usize
    }

    /// An ordinary request and its answer.
    pub(super) async fn ask(&self) -> Exchange {
        Self::exchange(&self.client, &self.ordinary, &self.next).await
    }

    /// This number of ordinary requests at once.
    pub(super) fn ask_together(&self, requests: usize) -> JoinSet<Exchange> {
        self.together(requests, &self.ordinary)
    }

    /// This number of requests at once that take long. Dropping the result hangs up on all of them.
    pub(super) fn occupy(&self, requests: usize) -> JoinSet<Exchange> {
        self.together(requests, &self.long)
    }

    /// This number of requests at once, of the kind whose clients may hang up and find their slots
    /// free at once. Within a window of half a minute of speech, a recogniser looks up when its
    /// encoder is through, and the promise is not for those.
    pub(super) fn begin(&self, requests: usize) -> JoinSet<Exchange> {
        match self.target.service {
            Service::Asr => self.together(requests, &self.ordinary),
            Service::Tts => self.together(requests, &self.long),
        }
    }

    /// Takes all slots with ordinary requests, and has as many more wait as may. Also their
    /// number.
    ///
    /// # Errors
    /// The slots were not taken.
    pub(super) async fn fill(&self) -> Result<(JoinSet<Exchange>, usize), Obstacle> {
        let slots = self.slots();
        let requests = slots + (self.limits.max_queue as usize).min(slots);
        let asked = self.ask_together(requests);
        let is_busy = |it: Slots| it.active as usize == slots;
        let what = "that all slots are taken";
        self.until(what, Duration::from_secs(20), is_busy).await?;
        Ok((asked, requests))
    }

    fn together(&self, requests: usize, workload: &Arc<Workload>) -> JoinSet<Exchange> {
        let mut asked = JoinSet::new();
        for _ in 0..requests {
            let (client, workload) = (self.client.clone(), Arc::clone(workload));
            let next = Arc::clone(&self.next);
            asked.spawn(async move { Self::exchange(&client, &workload, &next).await });
        }
        asked
    }

    async fn exchange(client: &Client, workload: &Workload, next: &AtomicU64) -> Exchange {
        let now = Instant::now();
        let number = next.fetch_add(1, Ordering::Relaxed);
        client.exchange(&workload.call(number), now, now).await
    }

    /// What it says of itself now.
    ///
    /// # Errors
    /// It doesn't answer.
    pub(super) async fn state(&self) -> Result<State, Obstacle> {
        Ok(patiently(async || state(&self.http, &self.target).await).await?)
    }

    /// Requests that run and that wait now.
    ///
    /// # Errors
    /// It doesn't answer, or doesn't say.
    pub(super) async fn occupancy(&self) -> Result<Slots, Obstacle> {
        let unsaid = || Obstacle::NotProven("/health/detailed says nothing of slots".into());
        self.state().await?.slots.ok_or_else(unsaid)
    }

    /// What it counted so far.
    ///
    /// # Errors
    /// It doesn't answer.
    pub(super) async fn counted(&self) -> Result<Scrape, Obstacle> {
        let look = async || scrape(&self.http, &self.target, Duration::from_secs(5)).await;
        Ok(patiently(look).await?)
    }

    /// Waits until something is true of the numbers of requests that run and wait, and says how
    /// long it took.
    ///
    /// # Errors
    /// It did not come true in time: `what` says what should have.
    pub(super) async fn until(
        &self,
        what: &str,
        patience: Duration,
        is_true: impl Fn(Slots) -> bool,
    ) -> Result<Duration, Obstacle> {
        let began = Instant::now();
        loop {
            let now = self.occupancy().await?;
            if is_true(now) {
                return Ok(began.elapsed());
            }
            if began.elapsed() > patience {
                return Err(Obstacle::NotProven(format!(
                    "{what} did not come true within {} s: {} run, {} wait",
                    patience.as_secs_f64(),
                    now.active,
                    now.queued
                )));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until no request runs and none waits.
    ///
    /// # Errors
    /// One still does, after a long time.
    pub(super) async fn until_idle(&self) -> Result<Duration, Obstacle> {
        let patience = Duration::from_mins(1);
        let is_idle = |it: Slots| it.active == 0 && it.queued == 0;
        self.until("that the service is idle", patience, is_idle)
            .await
    }
}

/// Asks again, twice, if the connection is lost: a server may close one that is kept at the
/// moment at which it is used again, as after an upload that it did not read.
pub(super) async fn patiently<T>(ask: impl AsyncFn() -> reqwest::Result<T>) -> reqwest::Result<T> {
    for _ in 0..2 {
        match ask().await {
            Err(error) if error.is_request() && !error.is_timeout() => {}
            answered => return answered,
        }
    }
    ask().await
}

/// Does something and looks at something else again and again meanwhile; the last look comes
/// after the end.
///
/// # Errors
/// A look failed.
pub(super) async fn while_doing<T, L>(
    work: impl Future<Output = T>,
    mut look: impl AsyncFnMut() -> Result<L, Obstacle>,
) -> Result<(T, Vec<L>), Obstacle> {
    let mut looks = Vec::new();
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => {
                looks.push(look().await?);
                return Ok((done, looks));
            }
            () = tokio::time::sleep(Duration::from_millis(25)) => looks.push(look().await?),
        }
    }
}
