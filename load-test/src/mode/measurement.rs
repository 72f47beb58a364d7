//! Runs a plan, and makes of it what is reported.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio_util::sync::CancellationToken;

use crate::arrivals::{Arrivals, Pattern};
use crate::client::{Client, Patience};
use crate::distribution::Collector;
use crate::exchange::Exchange;
use crate::exit::Ending;
use crate::mode::setup::Setup;
use crate::objective::{Objective, Verdict};
use crate::progress::Progress;
use crate::report::document::{
    Document, Generator, ObjectiveReport, SCHEMA, ServiceReport, moment,
};
use crate::run::{Event, Plan, Until, start};
use crate::service::Service;
use crate::summary::Summary;
use crate::watch::own::OwnCpu;
use crate::watch::{Watch, Watched};
use crate::workload::Workload;

/// A generator that sends its requests later than this (99th percentile) measures its own delay.
const MOST_LAG: Duration = Duration::from_millis(10);

/// Cancelled by the first Ctrl-C. The second one ends the tool as it ends any program.
pub(super) fn stop_on_interrupt() -> CancellationToken {
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            eprintln!("stopping: the report follows; Ctrl-C again ends at once");
            stopped.cancel();
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        }
    });
    stop
}

/// What was noted during a run.
pub(super) struct Measurement {
    began_at: SystemTime,
    elapsed: Duration,
    is_stopped: bool,
    exchanges: BTreeMap<Service, Vec<Exchange>>,
    abandoned: BTreeMap<Service, u64>,
    watched: Vec<Watched>,
    cpu_seconds: Option<f64>,
    share_of_a_core: Option<f64>,
}

/// Runs a plan and notes what happens.
pub(super) async fn measure(
    setup: &Setup,
    workloads: Vec<Arc<Workload>>,
    patience: Patience,
    plan: Plan,
    is_verbose: bool,
    stop: &CancellationToken,
) -> Measurement {
    let client = Client::new(setup.http.clone(), patience);
    let mut lookouts = Vec::new();
    for reached in &setup.services {
        let target = reached.target.clone();
        lookouts.push(Watch::start(setup.http.clone(), target, Instant::now()).await);
    }
    let mut progress = Progress::new(plan.until, workloads.len(), is_verbose);
    let mut exchanges: BTreeMap<Service, Vec<Exchange>> = BTreeMap::new();
    let mut abandoned: BTreeMap<Service, u64> = BTreeMap::new();
    let began_at = SystemTime::now();
    let own = OwnCpu::start();
    let mut run = start(&client, &workloads, plan, stop);
    loop {
        tokio::select! {
            event = run.events.recv() => {
                let Some(event) = event else { break };
                progress.note(&event);
                match event {
                    Event::Ended(exchange) => {
                        exchanges.entry(exchange.service).or_default().push(*exchange);
                    }
                    Event::Abandoned(service) => *abandoned.entry(service).or_default() += 1,
                    Event::Begun => {}
                }
            }
            () = tokio::time::sleep_until(progress.due().into()) => progress.show(),
        }
    }
    let elapsed = run.began.elapsed();
    let (cpu_seconds, share_of_a_core) = (own.seconds(), own.share_of_a_core());
    progress.end();
    let mut watched = Vec::new();
    for watch in lookouts {
        watched.push(watch.finish().await);
    }
    Measurement {
        began_at,
        elapsed,
        is_stopped: stop.is_cancelled(),
        exchanges,
        abandoned,
        watched,
        cpu_seconds,
        share_of_a_core,
    }
}

/// What a measurement comes to, and what became of the objectives.
pub(super) fn document(
    setup: &Setup,
    mut measured: Measurement,
    plan: Plan,
    objectives: &[Objective],
) -> Document {
    let elapsed_seconds = measured.elapsed.as_secs_f64();
    let mut summaries = Vec::new();
    let mut services = Vec::new();
    for (reached, watched) in setup.services.iter().zip(&measured.watched) {
        let service = reached.target.service;
        let exchanges = measured.exchanges.remove(&service).unwrap_or_default();
        let abandoned = measured.abandoned.get(&service).copied().unwrap_or(0);
        // Two services that were asked at once needn't have been done at once.
        let ends = exchanges.iter().map(|it| it.intended + it.total);
        let own_seconds = ends.max().unwrap_or_default().as_secs_f64();
        let summary = Summary::of(service, &exchanges, abandoned, own_seconds);
        services.push(ServiceReport {
            service,
            url: reached.target.base.to_string(),
            version: reached.state.version.clone(),
            model: reached.state.default_model.clone(),
            client: summary.client.clone(),
            server: watched.into(),
            samples: watched.samples.clone(),
            exchanges,
        });
        summaries.push(summary);
    }
    let lag = lag(plan, &services).and_then(|it| it.distribution());
    let is_bottleneck = lag.is_some_and(|it| it.p99 > MOST_LAG.as_secs_f64());
    Document {
        schema: SCHEMA.into(),
        tool_version: env!("CARGO_PKG_VERSION").into(),
        command: crate::command::line(),
        began_at: moment(measured.began_at),
        elapsed_seconds,
        is_stopped: measured.is_stopped,
        arrivals: in_words(plan),
        generator: Generator {
            cpu_seconds: measured.cpu_seconds,
            share_of_a_core: measured.share_of_a_core,
            lag,
            is_bottleneck,
        },
        services,
        objectives: objectives.iter().map(|it| judged(it, &summaries)).collect(),
        findings: Vec::new(),
    }
}

/// How late requests were sent. In a closed loop none can be late.
fn lag(plan: Plan, services: &[ServiceReport]) -> Option<Collector> {
    if matches!(plan.arrivals, Arrivals::Closed { .. }) {
        return None;
    }
    let mut lag = Collector::default();
    let all = services.iter().flat_map(|it| &it.exchanges);
    lag.extend(all.map(|it| it.lag().as_secs_f64()));
    Some(lag)
}

fn judged(objective: &Objective, summaries: &Vec<Summary>) -> ObjectiveReport {
    let verdict = objective.judge(summaries);
    ObjectiveReport {
        objective: *objective,
        value: match verdict {
            Verdict::Held { value } | Verdict::Broken { value } => Some(value),
            Verdict::Unmeasured => None,
        },
        is_held: verdict.is_held(),
        sentence: objective.sentence(verdict),
    }
}

fn in_words(plan: Plan) -> String {
    let arrivals = match plan.arrivals {
        Arrivals::Closed { workers } => format!("{workers} clients that wait for their answers"),
        Arrivals::Open { pattern } => match pattern {
            Pattern::Constant { per_second } => {
                format!("{per_second} requests/s at equal distances")
            }
            Pattern::Poisson { per_second } => {
                format!("{per_second} requests/s at random (Poisson)")
            }
            Pattern::Bursts { size, every } => {
                format!("{size} requests at once every {} s", every.as_secs_f64())
            }
        },
    };
    match plan.until {
        Until::Requests(requests) => format!("{requests} requests, {arrivals}"),
        Until::Elapsed(time) => format!("{arrivals}, for {} s", time.as_secs_f64()),
    }
}

/// What the caller of the tool is told.
pub(super) fn ending(document: &Document) -> Ending {
    if document.generator.is_bottleneck {
        Ending::Bottleneck
    } else if document.objectives.iter().any(|it| !it.is_held) {
        Ending::Broken
    } else {
        Ending::Held
    }
}
