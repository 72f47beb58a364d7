//! What a run shows while it goes on: a live line on a terminal, else a line now and then.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::distribution::Collector;
use crate::exchange::{Exchange, Outcome};
use crate::quote::shown;
use crate::report::terminal::time;
use crate::run::{Event, Until};

/// How often the live line changes.
const LIVE: Duration = Duration::from_millis(200);
/// How often a line is printed where nothing can be overwritten.
const PLAIN: Duration = Duration::from_secs(10);

/// Shows how a run is going, on standard error.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    is_verbose: bool,
    began: Instant,
    next: Instant,
    /// Of all services; `None` where a duration is what ends the run.
    requests: Option<u64>,
    duration: Option<Duration>,
    begun: u64,
    ended: u64,
    rejected: u64,
    failed: u64,
    latencies: Collector,
}

impl Progress {
    /// For a run that asks this number of services.
    pub(crate) fn new(until: Until, services: usize, is_verbose: bool) -> Self {
        let is_live = std::io::stderr().is_terminal() && !is_verbose;
        let bar = is_live.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(
                ProgressStyle::with_template("{spinner} {msg}").expect("the template is right"),
            );
            bar
        });
        let (requests, duration) = match until {
            Until::Requests(each) => (Some(each.saturating_mul(services as u64)), None),
            Until::Elapsed(duration) => (None, Some(duration)),
        };
        let began = Instant::now();
        Self {
            next: began + if bar.is_some() { LIVE } else { PLAIN },
            bar,
            is_verbose,
            began,
            requests,
            duration,
            begun: 0,
            ended: 0,
            rejected: 0,
            failed: 0,
            latencies: Collector::default(),
        }
    }

    /// Something has happened.
    pub(crate) fn note(&mut self, event: &Event) {
        match event {
            Event::Begun => self.begun += 1,
            Event::Abandoned(_) => self.ended += 1,
            Event::Ended(exchange) => {
                self.ended += 1;
                match exchange.outcome {
                    Outcome::Served => self.latencies.add_time(exchange.total),
                    Outcome::Rejected(_) => self.rejected += 1,
                    Outcome::Failed { .. } => self.failed += 1,
                }
                if self.is_verbose {
                    eprintln!("{}", line(exchange));
                }
            }
        }
    }

    /// When [`Self::show`] has something new.
    pub(crate) fn due(&self) -> Instant {
        self.next
    }

    /// Shows how it is going.
    pub(crate) fn show(&mut self) {
        let now = Instant::now();
        let state = self.state();
        if let Some(bar) = &self.bar {
            self.next = now + LIVE;
            bar.set_message(state);
            bar.tick();
        } else {
            self.next = now + PLAIN;
            eprintln!("{state}");
        }
    }

    /// The run is over.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn state(&self) -> String {
        let elapsed = self.began.elapsed();
        let per_second = self.ended as f64 / elapsed.as_secs_f64().max(1e-9);
        let at = |percent| {
            self.latencies
                .percentile(percent)
                .map_or("-".to_string(), time)
        };
        let mut state = format!(
            "{} done, {per_second:.1}/s, {} in flight, p50 {}, p95 {}, {} failed",
            self.ended,
            self.begun - self.ended,
            at(50.0),
            at(95.0),
            self.failed
        );
        if self.rejected > 0 {
            let _ = write!(state, ", {} turned away", self.rejected);
        }
        let left = match (self.requests, self.duration) {
            (Some(requests), _) if per_second > 0.0 => {
                Some(requests.saturating_sub(self.ended) as f64 / per_second)
            }
            (_, Some(duration)) => Some(duration.saturating_sub(elapsed).as_secs_f64()),
            _ => None,
        };
        if let Some(left) = left {
            let _ = write!(state, ", {left:.0} s left");
        }
        state
    }
}

fn line(exchange: &Exchange) -> String {
    let result = exchange.outcome.complaint();
    format!(
        "{:>9} {} #{} {}: {}",
        format!("{:.3}s", exchange.intended.as_secs_f64()),
        exchange.service,
        exchange.number,
        shown(&exchange.sample),
        result.unwrap_or_else(|| format!("served in {}", time(exchange.total.as_secs_f64())))
    )
}
