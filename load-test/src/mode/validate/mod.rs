//! `validate`: proves what the services promise, with the figures, or says that it could not.

mod capacity_checks;
mod load_checks;
mod request_checks;
mod restart_check;
mod subject;
mod twin;
mod twin_checks;

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;

use self::subject::{Obstacle, Subject};
use crate::cli::ValidateArgs;
use crate::corpus::{self, Class};
use crate::exit::{Ending, Failure};
use crate::finding::{Evidence, Finding, Verdict};
use crate::mode::setup::{Reached, Setup, reached};
use crate::report;
use crate::report::document::moment;
use crate::report::terminal::{Palette, finding_lines};
use crate::score::speech::AudioFormatName;
use crate::service::Service;
use crate::workload::{NothingToSend, Speech, SpeechAsk, TranscriptAsk, Transcripts, Workload};

/// Name and number of the form of the JSON.
const SCHEMA: &str = "voice-stack-load-validate/1";

/// The JSON of a validation.
#[derive(Serialize)]
struct Validation<'a> {
    schema: &'static str,
    tool_version: &'static str,
    began_at: String,
    elapsed_seconds: f64,
    findings: &'a [Finding],
}

/// How fast what is promised to be fast has to be.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// From a client's hanging up to its slot being free.
    pub free_within: Duration,
    /// For a probe of a busy service, 99th percentile.
    pub probe_within: Duration,
}

/// All promises that are looked into, in their order.
const CHECKS: [(&str, &str); 9] = [
    (
        "slots",
        "at most MAX_CONCURRENT_REQUESTS run at once, the others wait, all are served",
    ),
    (
        "full-queue",
        "a full queue turns the surplus away with 503 and Retry-After",
    ),
    ("hang-up", "a client that hangs up frees its slot"),
    (
        "upload-limit",
        "a body over MAX_UPLOAD_SIZE_MB is refused with 413",
    ),
    ("nonsense", "bad input gets 4xx and harms nobody"),
    (
        "probes",
        "health probes are answered while the service is busy",
    ),
    (
        "reload",
        "a model in use stays; one that has left is loaded once for all who ask",
    ),
    ("memory-guard", "memory over its threshold gets a clean 503"),
    (
        "idle-unload",
        "an idle model leaves memory and comes back without an error",
    ),
];
/// Comes last: it ends a service, if only a copy.
const DRAIN: (&str, &str) = ("drain", "SIGTERM under load loses nothing");

/// Runs the command.
///
/// # Errors
/// What it was given can't be used, or a service can't be reached.
pub async fn run(args: ValidateArgs) -> Result<Ending, Failure> {
    let setup = reached(&args.target).await?;
    let bounds = Bounds {
        free_within: args.free_within,
        probe_within: args.probe_within,
    };
    let palette = Palette::new(std::io::stdout().is_terminal());
    let (began_at, began) = (SystemTime::now(), Instant::now());
    let mut findings = Vec::new();
    for reached in &setup.services {
        println!(
            "\n{} at {}",
            reached.target.service.title(),
            reached.target.base
        );
        let subject = subject(&setup, reached, &args)?;
        for (check, promise) in CHECKS.into_iter().chain([DRAIN]) {
            if !args.only.is_empty() && !args.only.iter().any(|it| it == check) {
                continue;
            }
            let looked = match (check, &args.manage) {
                ("drain", Some(command)) => restart_check::restart(&subject, command).await,
                _ => look(check, &subject, bounds).await,
            };
            let finding = finding(reached, check, promise, looked);
            println!("{}", finding_lines(&finding, palette));
            findings.push(finding);
        }
    }
    let count = |verdict| findings.iter().filter(|it| it.verdict == verdict).count();
    let (proven, all) = (count(Verdict::Proven), findings.len());
    println!(
        "\n{proven} of {all} promises proven, {} broken, {} not proven, in {:.0} s",
        count(Verdict::Broken),
        count(Verdict::NotProven),
        began.elapsed().as_secs_f64()
    );
    if all == 0 {
        let names: Vec<_> = CHECKS.iter().chain([&DRAIN]).map(|it| it.0).collect();
        return Err(Failure::Usage(format!(
            "--only names no check. There are: {}",
            names.join(", ")
        )));
    }
    let document = Validation {
        schema: SCHEMA,
        tool_version: env!("CARGO_PKG_VERSION"),
        began_at: moment(began_at),
        elapsed_seconds: began.elapsed().as_secs_f64(),
        findings: &findings,
    };
    report::write_json(&document, args.json.as_deref())?;
    report::save("junit", args.junit.as_deref(), |file| {
        let report = report::junit::of_findings(&findings);
        report.serialize(file).map_err(|it| it.to_string())
    })?;
    Ok(if proven == all {
        Ending::Held
    } else {
        Ending::Broken
    })
}

async fn look(check: &str, subject: &Subject, bounds: Bounds) -> Result<Evidence, Obstacle> {
    match check {
        "slots" => capacity_checks::slots(subject).await,
        "full-queue" => capacity_checks::full_queue(subject).await,
        "hang-up" => capacity_checks::hang_up(subject, bounds.free_within).await,
        "upload-limit" => request_checks::upload_limit(subject).await,
        "nonsense" => request_checks::nonsense(subject).await,
        "probes" => load_checks::probes(subject, bounds.probe_within).await,
        "reload" => load_checks::reload(subject).await,
        "memory-guard" => twin_checks::memory_guard(subject).await,
        "idle-unload" => twin_checks::idle_unload(subject).await,
        _ => twin_checks::drain(subject).await,
    }
}

fn finding(
    reached: &Reached,
    check: &str,
    promise: &str,
    looked: Result<Evidence, Obstacle>,
) -> Finding {
    let Evidence { verdict, seen } = looked.unwrap_or_else(|obstacle| Evidence {
        verdict: Verdict::NotProven,
        seen: obstacle.to_string(),
    });
    Finding {
        service: reached.target.service,
        check: check.to_string(),
        promise: promise.to_string(),
        verdict,
        seen,
    }
}

/// What a service is asked for: something ordinary, and something that takes long.
fn subject(setup: &Setup, reached: &Reached, args: &ValidateArgs) -> Result<Subject, Failure> {
    let target = reached.target.clone();
    let usage = |it: NothingToSend| Failure::Usage(it.to_string());
    let (ordinary, long) = match target.service {
        Service::Asr => {
            let ask = TranscriptAsk {
                model: "whisper-1".into(),
                language: None,
                worst_wer: 0.5,
            };
            let speech = corpus::built_in();
            let long = corpus::repeated(&speech[0], args.long_minutes);
            let long = Arc::new(long.map_err(|it| Failure::Usage(it.to_string()))?);
            (
                Workload::new(
                    target.clone(),
                    Transcripts::of(&speech[..1], &ask).map_err(usage)?,
                ),
                Workload::new(target, Transcripts::of(&[long], &ask).map_err(usage)?),
            )
        }
        Service::Tts => {
            let ask = SpeechAsk {
                model: "tts-1".into(),
                voice: "default".into(),
                format: AudioFormatName::Wav,
                may_be_cached: false,
                run: setup.run,
            };
            (
                Workload::new(
                    target.clone(),
                    Speech::of(&[Class::Medium], ask.clone()).map_err(usage)?,
                ),
                Workload::new(target, Speech::long(ask)),
            )
        }
    };
    Subject::new(
        reached,
        setup.http.clone(),
        args.target.timeout,
        Arc::new(ordinary),
        Arc::new(long),
    )
    .map_err(|what| Failure::Usage(format!("{}: {what}", reached.target.base)))
}
