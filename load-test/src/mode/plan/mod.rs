//! `plan`: six runs, from a first try to more than the services can do, and one report.

mod judgement;
mod recovery;
mod step;

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use tokio_util::sync::CancellationToken;

use self::recovery::Before;
use self::step::{Expectation, Step};
use crate::arrivals::Arrivals;
use crate::cli::PlanArgs;
use crate::client::Patience;
use crate::exit::{Ending, Failure};
use crate::finding::{Evidence, Finding, Verdict};
use crate::mode::measurement::{document, measure, stop_on_interrupt};
use crate::mode::setup::{Reached, Setup, reached};
use crate::report;
use crate::report::document::moment;
use crate::report::plan::{PlanDocument, SCHEMA, StepReport};
use crate::report::terminal::{Palette, finding_lines};
use crate::run::Plan;
use crate::workload::Workload;

/// Runs the command.
///
/// # Errors
/// What it was given can't be used, or a service can't be reached.
pub async fn run(args: PlanArgs) -> Result<Ending, Failure> {
    let setup = reached(&args.target).await?;
    let (began_at, began) = (SystemTime::now(), Instant::now());
    let palette = Palette::new(std::io::stdout().is_terminal());
    let stop = stop_on_interrupt();
    let seed = args.workload.seed.unwrap_or(setup.run);
    let workloads = setup.workloads(&args.workload, seed).await?;
    let steps = step::all(&args);
    let mut reports = Vec::new();
    for (number, step) in (1..).zip(&steps) {
        if stop.is_cancelled() {
            break;
        }
        println!("\nStep {number} of {}: {}", steps.len(), step.name);
        let report = carry_out(number, step, &setup, &workloads, &args, &stop).await;
        println!("{}", in_words(&report, palette));
        reports.push(report);
    }
    let document = PlanDocument {
        schema: SCHEMA.into(),
        tool_version: env!("CARGO_PKG_VERSION").into(),
        command: crate::command::line(),
        began_at: moment(began_at),
        elapsed_seconds: began.elapsed().as_secs_f64(),
        steps: reports,
    };
    println!("\n{}", conclusion(&document, steps.len()));
    report::write_json(&document, args.json.as_deref())?;
    report::save("html", args.html.as_deref(), |file| {
        use std::io::Write as _;
        let page = report::page::plan::render(&document, steps.len());
        file.write_all(page.as_bytes()).map_err(|it| it.to_string())
    })?;
    report::save("junit", args.junit.as_deref(), |file| {
        let report = report::junit::of_plan(&document);
        report.serialize(file).map_err(|it| it.to_string())
    })?;
    Ok(ending(&document, steps.len()))
}

/// What wasn't proven counts as broken, and so does what wasn't begun.
fn ending(document: &PlanDocument, steps: usize) -> Ending {
    let is_whole = document.steps.len() == steps;
    if is_whole && document.findings().all(|it| it.verdict == Verdict::Proven) {
        Ending::Held
    } else {
        Ending::Broken
    }
}

fn conclusion(document: &PlanDocument, steps: usize) -> String {
    let [proven, broken, open] =
        [Verdict::Proven, Verdict::Broken, Verdict::NotProven].map(|it| document.count(it));
    let all = proven + broken + open;
    let line = format!(
        "{proven} of {all} expectations proven, {broken} broken, {open} not proven, in {:.0} s",
        document.elapsed_seconds
    );
    if document.steps.len() == steps {
        return line;
    }
    format!(
        "{line}; stopped in step {} of {steps}",
        document.steps.len()
    )
}

fn in_words(report: &StepReport, palette: Palette) -> String {
    let mut lines = vec![format!("  {}", report.run.arrivals)];
    for of_service in report
        .findings
        .chunk_by(|one, other| one.service == other.service)
    {
        lines.push(format!("  {}", of_service[0].service.title()));
        lines.extend(of_service.iter().map(|it| finding_lines(it, palette)));
    }
    lines.join("\n")
}

async fn carry_out(
    number: usize,
    asked: &Step,
    setup: &Setup,
    workloads: &[Arc<Workload>],
    args: &PlanArgs,
    stop: &CancellationToken,
) -> StepReport {
    let setup = match asked.only {
        Some(service) if setup.services.iter().any(|it| it.target.service == service) => {
            setup.only(service)
        }
        _ => setup.clone(),
    };
    let seed = (args.workload.seed.unwrap_or(setup.run)).wrapping_add(number as u64);
    // Other speech in each step, or the cache would answer for the voice.
    let concerned = workloads.iter().filter(|it| {
        (setup.services.iter()).any(|reached| reached.target.service == it.target().service)
    });
    let workloads: Vec<_> = concerned.map(|it| Arc::new(it.in_run(seed))).collect();
    let patience = Patience {
        timeout: args.target.timeout,
        retries: 0,
    };
    let plan = Plan {
        arrivals: Arrivals::Closed {
            workers: asked.workers as usize,
        },
        until: asked.until,
        seed,
    };
    let mut before = Vec::new();
    for reached in &setup.services {
        before.push(Before::of(&setup.http, reached).await);
    }
    let measured = measure(
        &setup,
        workloads.clone(),
        patience,
        plan,
        args.target.verbose,
        stop,
    )
    .await;
    let run = document(&setup, measured, plan, &[]);
    let mut findings = Vec::new();
    for (index, reached) in setup.services.iter().enumerate() {
        for &expectation in asked.expectations {
            let evidence = match expectation {
                _ if run.is_stopped => judgement::not_proven("it was stopped early".into()),
                Expectation::Recovers => {
                    // Nothing that the step asked for: a cache would answer in the service's place.
                    let fresh = workloads[index].in_run(!seed);
                    before[index]
                        .compare(&setup.http, reached, &fresh, patience)
                        .await
                }
                other => judgement::judge(other, asked, &run.services[index], reached.state.limits),
            };
            findings.push(finding(reached, expectation, evidence));
        }
    }
    StepReport {
        number,
        name: asked.name.into(),
        findings,
        run,
    }
}

fn finding(reached: &Reached, expectation: Expectation, evidence: Evidence) -> Finding {
    Finding {
        service: reached.target.service,
        check: expectation.name().into(),
        promise: expectation.promise().into(),
        verdict: evidence.verdict,
        seen: evidence.seen,
    }
}
