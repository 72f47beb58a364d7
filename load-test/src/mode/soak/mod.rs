//! `soak`: sends requests for long, and looks for what grows meanwhile.

pub(super) mod drift;
pub(super) mod growth;

use std::io::IsTerminal as _;

use serde::Serialize;

use self::drift::Drift;
use self::growth::{Bounds, Growth, Verdict};
use crate::arrivals::Arrivals;
use crate::cli::SoakArgs;
use crate::client::Patience;
use crate::exit::{Ending, Failure};
use crate::finding::{self, Finding};
use crate::mode::measurement::{document, ending, measure, stop_on_interrupt};
use crate::mode::setup::reached;
use crate::report::document::Document;
use crate::report::terminal::{Palette, render};
use crate::report::write_with;
use crate::run::{Plan, Until};
use crate::service::Service;

/// What a soak comes to: a run as any other, which `compare` reads, and what grew.
#[derive(Debug, Serialize)]
struct Soak<'a> {
    #[serde(flatten)]
    document: &'a Document,
    soak: Vec<Soaked>,
}

/// One service.
#[derive(Debug, Serialize)]
struct Soaked {
    service: Service,
    growth: Vec<Growth>,
    drift: Option<Drift>,
}

/// Runs the command.
///
/// # Errors
/// What it was given can't be used, or a service can't be reached.
pub async fn run(args: SoakArgs) -> Result<Ending, Failure> {
    let setup = reached(&args.target).await?;
    let seed = args.run.workload.seed.unwrap_or(setup.run);
    let plan = Plan {
        arrivals: Arrivals::Closed {
            workers: args.workers as usize,
        },
        until: Until::Elapsed(args.duration),
        seed,
    };
    let patience = Patience {
        timeout: args.target.timeout,
        retries: 0,
    };
    let workloads = setup.workloads(&args.run.workload, seed).await?;
    let stop = stop_on_interrupt();
    let is_verbose = args.target.verbose;
    let measured = measure(&setup, workloads, patience, plan, is_verbose, &stop).await;
    let mut document = document(&setup, measured, plan, &args.run.objectives);
    let bounds = bounds(&args);
    let soaked = soaked(&document, bounds);
    document.findings = soaked.iter().flat_map(findings).collect();
    let soak = Soak {
        soak: soaked,
        document: &document,
    };
    let palette = Palette::new(std::io::stdout().is_terminal());
    print!("{}", render(&document, palette));
    println!("{}", in_words(&soak.soak, palette));
    write_with(&document, &soak, &args.run.files)?;
    Ok(told(&soak))
}

fn bounds(args: &SoakArgs) -> Bounds {
    Bounds {
        rss_mebibytes: args.rss_per_hour,
        open_fds: args.fds_per_hour,
        threads: args.threads_per_hour,
        warm_up_share: args.warm_up,
    }
}

fn soaked(document: &Document, bounds: Bounds) -> Vec<Soaked> {
    let of_services = document.services.iter().map(|it| Soaked {
        service: it.service,
        growth: growth::found(&it.samples, bounds),
        drift: Drift::of(&it.exchanges),
    });
    of_services.collect()
}

/// Growth as promises that were looked into.
fn findings(soaked: &Soaked) -> impl Iterator<Item = Finding> {
    soaked.growth.iter().map(|growth| Finding {
        service: soaked.service,
        check: growth.quantity.into(),
        promise: format!(
            "{} grows by less than {} an hour",
            growth.quantity, growth.bound_per_hour
        ),
        verdict: match growth.verdict {
            Verdict::Under => finding::Verdict::Proven,
            Verdict::Over => finding::Verdict::Broken,
            Verdict::Undecided | Verdict::Unseen => finding::Verdict::NotProven,
        },
        seen: growth.sentence.clone(),
    })
}

/// What wasn't proven counts as broken.
fn told(soak: &Soak<'_>) -> Ending {
    let of_run = ending(soak.document);
    let mut growth = soak.soak.iter().flat_map(|it| &it.growth);
    if of_run == Ending::Held && growth.any(|it| it.verdict != Verdict::Under) {
        return Ending::Broken;
    }
    of_run
}

fn in_words(soaked: &[Soaked], palette: Palette) -> String {
    let mut lines = Vec::new();
    for it in soaked {
        let title = it.service.title();
        lines.push(String::new());
        lines.push(format!("Growth of {title} in an hour, after the warm-up:"));
        for growth in &it.growth {
            let line = palette.coloured(&growth.sentence, growth.verdict == Verdict::Under);
            lines.push(format!("  {line}"));
        }
        if let Some(drift) = &it.drift {
            lines.push(format!("  {}", drift.sentence()));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    #[test]
    fn who_names_no_bounds_gets_the_usual_ones() {
        let cli = Cli::try_parse_from(["voice-stack-load", "soak"]).unwrap();
        let Some(Command::Soak(args)) = cli.command else {
            panic!("soak was asked for");
        };
        assert_eq!(bounds(&args), growth::USUAL);
    }
}
