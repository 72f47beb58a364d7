//! A run: requests that begin as planned, until it is over or its owner stops it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::arrivals::{Arrivals, Pattern};
use crate::client::Client;
use crate::exchange::Exchange;
use crate::service::Service;
use crate::workload::Workload;

/// How long a client in a closed loop that was turned away waits before it asks again. If it
/// came back at once, the clients beyond the queue would ask thousands of times a second, and the
/// run would measure what refusals cost.
const AFTER_REFUSAL: Duration = Duration::from_secs(1);

/// How often an open loop looks whether it was stopped, while it waits for the next request's time.
const LOOK_FOR_STOP: Duration = Duration::from_millis(50);

/// When requests begin, and how many.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// What makes a request begin.
    pub arrivals: Arrivals,
    /// When no more requests begin.
    pub until: Until,
    /// Seed of everything that is random.
    pub seed: u64,
}

/// When no more requests begin. Those that have begun are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// This number has begun, at each service.
    Requests(u64),
    /// This time has passed.
    Elapsed(Duration),
}

/// What a run tells while it goes on.
#[derive(Debug)]
pub enum Event {
    /// A request has begun.
    Begun,
    /// A request has ended.
    Ended(Box<Exchange>),
    /// A request to this service was given up, because the run was stopped.
    Abandoned(Service),
}

/// A run that goes on.
#[derive(Debug)]
pub struct Run {
    /// The zero of all its times.
    pub began: Instant,
    /// What happens, in its order. It ends with the run.
    pub events: UnboundedReceiver<Event>,
}

/// Starts a run. `stop` ends it early: what is under way is given up.
pub fn start(
    client: &Client,
    workloads: &[Arc<Workload>],
    plan: Plan,
    stop: &CancellationToken,
) -> Run {
    let (sender, events) = unbounded_channel();
    let began = Instant::now();
    for (index, workload) in workloads.iter().enumerate() {
        let lane = Lane {
            client: client.clone(),
            workload: Arc::clone(workload),
            began,
            until: plan.until,
            stop: stop.clone(),
            events: sender.clone(),
        };
        match plan.arrivals {
            Arrivals::Closed { workers } => lane.closed_loop(workers),
            Arrivals::Open { pattern } => {
                // Two services that are asked at once needn't be asked at the same moments.
                let seed = plan.seed.wrapping_add(index as u64);
                tokio::spawn(lane.open_loop(pattern, seed));
            }
        }
    }
    Run { began, events }
}

/// The requests to one service.
#[derive(Clone)]
struct Lane {
    client: Client,
    workload: Arc<Workload>,
    began: Instant,
    until: Until,
    stop: CancellationToken,
    events: UnboundedSender<Event>,
}

impl Lane {
    fn closed_loop(self, workers: usize) {
        let next = Arc::new(AtomicU64::new(0));
        for _ in 0..workers {
            let (lane, next) = (self.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                while !lane.stop.is_cancelled() {
                    let now = Instant::now();
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if lane.is_over(number, now - lane.began) {
                        break;
                    }
                    if lane.ask(number, now).await {
                        tokio::select! {
                            () = tokio::time::sleep(AFTER_REFUSAL) => {}
                            () = lane.stop.cancelled() => {}
                        }
                    }
                }
            });
        }
    }

    async fn open_loop(self, pattern: Pattern, seed: u64) {
        let (begin, mut beginnings) = unbounded_channel();
        let pace = self.clone();
        std::thread::spawn(move || pace.tell_beginnings(pattern, seed, &begin));
        let mut asked = JoinSet::new();
        while let Some((number, intended)) = beginnings.recv().await {
            let lane = self.clone();
            asked.spawn(async move { lane.ask(number, intended).await });
            // What has ended needn't be kept for as long as the run.
            while asked.try_join_next().is_some() {}
        }
        asked.join_all().await;
    }

    /// Tells of each request when it is to begin, on a thread of its own: tokio's timer is up to
    /// two milliseconds late, which would be most of the latency of a fast answer.
    fn tell_beginnings(
        &self,
        pattern: Pattern,
        seed: u64,
        begin: &UnboundedSender<(u64, Instant)>,
    ) {
        for (number, beginning) in (0..).zip(pattern.beginnings(seed)) {
            if self.is_over(number, beginning) {
                return;
            }
            let intended = self.began + beginning;
            loop {
                if self.stop.is_cancelled() {
                    return;
                }
                let left = intended.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                std::thread::sleep(left.min(LOOK_FOR_STOP));
            }
            if begin.send((number, intended)).is_err() {
                return;
            }
        }
    }

    fn is_over(&self, number: u64, elapsed: Duration) -> bool {
        match self.until {
            Until::Requests(requests) => number >= requests,
            Until::Elapsed(most) => elapsed >= most,
        }
    }

    /// Whether the client was turned away.
    async fn ask(&self, number: u64, intended: Instant) -> bool {
        let call = self.workload.call(number);
        self.tell(Event::Begun);
        tokio::select! {
            exchange = self.client.exchange(&call, self.began, intended) => {
                let is_refused = exchange.outcome.is_rejected();
                self.tell(Event::Ended(Box::new(exchange)));
                is_refused
            }
            () = self.stop.cancelled() => {
                self.tell(Event::Abandoned(call.service));
                false
            }
        }
    }

    fn tell(&self, event: Event) {
        // The receiver is gone: the run was given up, and its events are not needed.
        let _ = self.events.send(event);
    }
}
