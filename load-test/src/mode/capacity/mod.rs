//! `capacity`: raises the rate until an objective breaks, and reports the highest that held.

mod search;
mod step;
mod table;

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use self::search::{Found, Limits, Search};
use self::step::{Step, Stepper};
use crate::cli::CapacityArgs;
use crate::client::Patience;
use crate::exit::{Ending, Failure};
use crate::mode::measurement::stop_on_interrupt;
use crate::mode::setup::{Setup, reached};
use crate::objective::{Objective, Objectives};
use crate::report::document::moment;
use crate::report::terminal::Palette;
use crate::report::write_json;
use crate::service::Service;
use crate::summary;
use crate::workload::Workload;

/// Name and number of the form of the result.
const SCHEMA: &str = "voice-stack-load/capacity/1";
/// Of the arrivals, unless another one is asked for: two searches can then be compared.
const USUAL_SEED: u64 = 1;
/// A single hiccup of a short step is no bottleneck: it is one if the step that is repeated at
/// once is spoilt too.
const MOST_SPOILT: u32 = 2;

/// What a search came to, whole.
#[derive(Debug, Serialize)]
struct Report {
    /// [`SCHEMA`].
    schema: &'static str,
    tool_version: &'static str,
    /// What was asked of the tool.
    command: Vec<String>,
    /// As RFC 3339.
    began_at: String,
    /// How long requests arrived at each rate.
    step_seconds: f64,
    /// As a ratio.
    precision: f64,
    seed: u64,
    services: Vec<ServiceCapacity>,
}

/// How much one service carries.
#[derive(Debug, Serialize)]
struct ServiceCapacity {
    service: Service,
    url: String,
    version: Option<String>,
    model: Option<String>,
    /// What had to hold.
    slo: Vec<Objective>,
    /// All rates that were tried, in their order.
    steps: Vec<Step>,
    result: Outcome,
}

/// How the search ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "ending", rename_all = "snake_case")]
enum Outcome {
    /// With a result.
    Found(Found),
    /// The operator stopped it.
    Stopped,
    /// Because the generator could not keep its schedule.
    Bottleneck,
}

/// Runs the command.
///
/// # Errors
/// What it was given can't be used, or a service can't be reached.
pub async fn run(args: CapacityArgs) -> Result<Ending, Failure> {
    if args.start > args.most {
        return Err(Failure::Usage(format!(
            "--start {} is more than --most {}",
            args.start, args.most
        )));
    }
    let setup = reached(&args.target).await?;
    let workloads = setup.workloads(&args.workload, setup.run).await?;
    let stop = stop_on_interrupt();
    let palette = Palette::new(std::io::stdout().is_terminal());
    let mut report = Report {
        schema: SCHEMA,
        tool_version: env!("CARGO_PKG_VERSION"),
        command: crate::command::line(),
        began_at: moment(SystemTime::now()),
        step_seconds: args.step_seconds.as_secs_f64(),
        precision: args.precision,
        seed: args.workload.seed.unwrap_or(USUAL_SEED),
        services: Vec::new(),
    };
    for workload in workloads {
        let of_service = of_service(&setup, workload, &args, report.seed, &stop, palette).await?;
        let is_over = matches!(of_service.result, Outcome::Stopped | Outcome::Bottleneck);
        report.services.push(of_service);
        if is_over {
            break;
        }
    }
    write_json(&report, args.json.as_deref())?;
    Ok(ending(report.services.iter().map(|it| it.result)))
}

async fn of_service(
    setup: &Setup,
    workload: Arc<Workload>,
    args: &CapacityArgs,
    seed: u64,
    stop: &CancellationToken,
    palette: Palette,
) -> Result<ServiceCapacity, Failure> {
    let target = workload.target().clone();
    let service = target.service;
    let slo = of_slo(&args.slo, service)?;
    let setup = setup.only(service);
    let state = setup.services.first().map(|it| it.state.clone());
    let mut stepper = Stepper {
        setup: &setup,
        target: &target,
        workload,
        slo: &slo,
        patience: Patience {
            timeout: args.target.timeout,
            retries: 0,
        },
        lasts: args.step_seconds,
        seed,
        is_verbose: args.target.verbose,
        stop,
        sent: 0,
    };
    let search = Search::new(Limits {
        start: args.start,
        most: args.most,
        precision: args.precision,
        confirm: args.confirm,
    });
    print!("{}", table::heading(&target, &slo));
    let mut steps = Vec::new();
    let result = climb(search, &mut stepper, &mut steps, palette).await?;
    println!("{}", table::result(service, result, args.confirm, palette));
    Ok(ServiceCapacity {
        service,
        url: target.base.to_string(),
        version: state.as_ref().and_then(|it| it.version.clone()),
        model: state.and_then(|it| it.default_model),
        slo,
        steps,
        result,
    })
}

/// Tries rates until the search is over.
async fn climb(
    mut search: Search,
    stepper: &mut Stepper<'_>,
    steps: &mut Vec<Step>,
    palette: Palette,
) -> Result<Outcome, Failure> {
    let mut spoilt = 0;
    loop {
        let trial = match search.next() {
            Ok(trial) => trial,
            Err(found) => return Ok(Outcome::Found(found)),
        };
        let Some(step) = stepper.step(trial).await? else {
            return Ok(Outcome::Stopped);
        };
        println!("{}", table::row(&step, palette));
        let (is_held, is_spoilt) = (step.is_held, step.is_bottleneck);
        steps.push(step);
        if is_spoilt {
            spoilt += 1;
            if spoilt == MOST_SPOILT {
                return Ok(Outcome::Bottleneck);
            }
            continue;
        }
        spoilt = 0;
        search.note(is_held);
    }
}

/// The objectives that are about this service.
fn of_slo(slo: &Objectives, service: Service) -> Result<Vec<Objective>, Failure> {
    let about = |it: &&Objective| {
        it.service().is_none_or(|it| it == service) && summary::has(service, it.metric())
    };
    let of_service: Vec<_> = slo.iter().filter(about).copied().collect();
    if of_service.is_empty() {
        return Err(Failure::Usage(format!(
            "--slo {slo}: nothing of it is about {}",
            service.title()
        )));
    }
    Ok(of_service)
}

fn ending(results: impl IntoIterator<Item = Outcome>) -> Ending {
    let endings = results.into_iter().map(|it| match it {
        Outcome::Found(Found::Limit { .. } | Found::AtLeast { .. }) => Ending::Held,
        // A search that was stopped has shown nothing.
        Outcome::Found(Found::Nothing { .. }) | Outcome::Stopped => Ending::Broken,
        Outcome::Bottleneck => Ending::Bottleneck,
    });
    endings.fold(Ending::Held, |worst, it| match (worst, it) {
        (Ending::Bottleneck, _) | (_, Ending::Held) => worst,
        _ => it,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slo(text: &str, service: Service) -> Vec<String> {
        let of_service = of_slo(&text.parse().unwrap(), service).unwrap();
        of_service.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_service_is_held_to_what_is_about_it() {
        let text = "p95<2s,tts.ttfa_p95<300ms,wer<10%";
        assert_eq!(slo(text, Service::Asr), ["p95<2s", "wer<10%"]);
        assert_eq!(slo(text, Service::Tts), ["p95<2s", "tts.ttfa_p95<300ms"]);
        assert!(of_slo(&"tts.p95<2s".parse().unwrap(), Service::Asr).is_err());
    }

    #[test]
    fn the_worst_of_both_services_is_told() {
        let found = Outcome::Found(Found::Limit { per_second: 1.0 });
        let nothing = Outcome::Found(Found::Nothing { per_second: 1.0 });
        for (results, expected) in [
            ([found, found], Ending::Held),
            ([found, nothing], Ending::Broken),
            ([nothing, found], Ending::Broken),
            ([found, Outcome::Stopped], Ending::Broken),
            ([nothing, Outcome::Bottleneck], Ending::Bottleneck),
        ] {
            assert_eq!(ending(results), expected, "{results:?}");
        }
    }
}
