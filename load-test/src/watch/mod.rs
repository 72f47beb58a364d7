//! Samples of the services' state, and of what the generator itself takes, while a run goes on.

pub mod own;
pub mod scrape;
pub mod state;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::scrape::Scrape;
use crate::service::Service;
use crate::target::Target;

/// Time between two samples.
const PERIOD: Duration = Duration::from_secs(1);

/// A scrape that takes longer is given up: probes are to answer at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// What one service said of itself at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerSample {
    /// When: seconds since the beginning of the run.
    pub at_seconds: f64,
    /// How long the service took to answer the scrape.
    pub scrape_seconds: f64,
    /// Inferences that ran.
    pub in_flight: Option<f64>,
    /// The most that ran at once since the sample before.
    pub in_flight_high_water: Option<f64>,
    /// Requests that waited.
    pub queue_depth: Option<f64>,
    /// Share of memory in use, as its guard sees it.
    pub memory_ratio: Option<f64>,
    /// Share of GPU memory in use.
    pub vram_ratio: Option<f64>,
    /// Physical memory of the process.
    pub rss_bytes: Option<f64>,
    /// Files and sockets that it had open.
    pub open_fds: Option<f64>,
    /// Its threads.
    pub threads: Option<f64>,
    /// Its computing time so far.
    pub cpu_seconds: Option<f64>,
}

impl ServerSample {
    fn of(scrape: &Scrape, at_seconds: f64, scrape_seconds: f64) -> Self {
        let level = |name| scrape.sum(name, &[]);
        let ratio = |resource| scrape.sum("voice_pressure_ratio", &[("resource", resource)]);
        Self {
            at_seconds,
            scrape_seconds,
            in_flight: level("voice_in_flight"),
            in_flight_high_water: level("voice_in_flight_high_water"),
            queue_depth: level("voice_queue_depth"),
            memory_ratio: ratio("memory"),
            vram_ratio: ratio("vram"),
            rss_bytes: level("process_resident_memory_bytes"),
            open_fds: level("process_open_fds"),
            threads: level("process_threads"),
            cpu_seconds: level("process_cpu_seconds_total"),
        }
    }
}

/// All that was seen of a service during a run.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The service that was watched.
    pub service: Service,
    /// About once a second.
    pub samples: Vec<ServerSample>,
    /// What it had counted before the run, and after it.
    pub counters: Option<(Scrape, Scrape)>,
    /// Scrapes that got no answer.
    pub missed: u64,
}

/// Samples a service's state until it is told to stop.
#[derive(Debug)]
pub struct Watch {
    stop: CancellationToken,
    watching: JoinHandle<Watched>,
}

impl Watch {
    /// Begins with a look that the run has to wait for, so that what it does is seen to begin
    /// after it.
    pub async fn start(http: reqwest::Client, target: Target, began: Instant) -> Self {
        let stop = CancellationToken::new();
        let mut watched = Watched {
            service: target.service,
            samples: Vec::new(),
            counters: None,
            missed: 0,
        };
        watched.look(&http, &target, began).await;
        let stopped = stop.clone();
        let watching = tokio::spawn(async move {
            let mut ticks = tokio::time::interval_at((began + PERIOD).into(), PERIOD);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
            loop {
                tokio::select! {
                    _ = ticks.tick() => watched.look(&http, &target, began).await,
                    () = stopped.cancelled() => break,
                }
            }
            watched.look(&http, &target, began).await;
            watched
        });
        Self { stop, watching }
    }

    /// Takes a last sample and gives all of them.
    pub async fn finish(self) -> Watched {
        self.stop.cancel();
        self.watching.await.expect("looking doesn't panic")
    }
}

impl Watched {
    async fn look(&mut self, http: &reqwest::Client, target: &Target, began: Instant) {
        let asked = Instant::now();
        let Ok(scrape) = scrape::scrape(http, target, PATIENCE).await else {
            self.missed += 1;
            return;
        };
        let at = asked.saturating_duration_since(began).as_secs_f64();
        let took = asked.elapsed().as_secs_f64();
        self.samples.push(ServerSample::of(&scrape, at, took));
        self.counters = Some(match self.counters.take() {
            None => (scrape.clone(), scrape),
            Some((first, _)) => (first, scrape),
        });
    }

    /// How much a counter rose during the run.
    pub fn rise(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let (first, last) = self.counters.as_ref()?;
        let last = last.sum(name, labels)?;
        let first = first.sum(name, labels).unwrap_or(0.0);
        // A service that was restarted counts from zero again.
        Some(if last >= first { last - first } else { last })
    }
}
