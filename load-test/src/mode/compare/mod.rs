//! `compare`: which differences between two runs are real, and which of them are for the worse.

mod figure;
mod judgement;
mod runs;
mod table;
#[cfg(test)]
mod tests;

use std::io::IsTerminal as _;

use serde::Serialize;

use self::figure::{Figure, in_order};
use self::judgement::{Line, Rules, Verdict};
use self::runs::{RunHead, read};
use crate::cli::CompareArgs;
use crate::exit::{Ending, Failure};
use crate::report::document::{Document, ServiceReport};
use crate::report::terminal::Palette;
use crate::report::write_json;
use crate::service::Service;

/// Name and number of the form of a comparison.
const SCHEMA: &str = "voice-stack-load/compare/1";

/// Runs the command.
///
/// # Errors
/// A file can't be read, is no result, or they are results of different services.
pub fn run(args: &CompareArgs) -> Result<Ending, Failure> {
    let (base, new) = (read(&args.base)?, read(&args.new)?);
    let rules = Rules {
        alpha: args.alpha,
        at_least: args.at_least,
    };
    let mut comparison = compare(&base, &new, rules).map_err(Failure::Usage)?;
    comparison.base.file = args.base.display().to_string();
    comparison.new.file = args.new.display().to_string();
    let palette = Palette::new(std::io::stdout().is_terminal());
    print!("{}", table::render(&comparison, palette));
    write_json(&comparison, args.json.as_deref())?;
    Ok(comparison.ending())
}

/// Two runs, side by side.
#[derive(Debug, Clone, Serialize)]
struct Comparison {
    /// [`SCHEMA`].
    schema: &'static str,
    /// Before the change.
    base: RunHead,
    /// After it.
    new: RunHead,
    /// What counts as a difference.
    rules: Rules,
    /// Why the runs may differ in more than what was changed.
    warnings: Vec<String>,
    /// One for each service.
    services: Vec<ServiceComparison>,
    /// Real differences to the worse.
    regressions: usize,
}

/// One service in two runs.
#[derive(Debug, Clone, Serialize)]
struct ServiceComparison {
    service: Service,
    /// What the service said of itself in each of the runs: its version, and its model.
    base: String,
    new: String,
    lines: Vec<Line>,
}

/// Compares two runs. What they can't be compared for is said in words.
fn compare(base: &Document, new: &Document, rules: Rules) -> Result<Comparison, String> {
    runs::check_services(base, new)?;
    let services: Vec<_> = base
        .services
        .iter()
        .filter_map(|before| {
            let after = new
                .services
                .iter()
                .find(|it| it.service == before.service)?;
            Some(of_service(before, after, rules))
        })
        .collect();
    let lines = services.iter().flat_map(|it| &it.lines);
    let regressions = lines.filter(|it| it.verdict == Verdict::Worse).count();
    Ok(Comparison {
        schema: SCHEMA,
        base: base.into(),
        new: new.into(),
        rules,
        warnings: runs::warnings(base, new),
        services,
        regressions,
    })
}

fn of_service(base: &ServiceReport, new: &ServiceReport, rules: Rules) -> ServiceComparison {
    let said = |it: &ServiceReport| {
        format!(
            "{}, {}",
            it.version.as_deref().unwrap_or("unknown version"),
            it.model.as_deref().unwrap_or("unknown model")
        )
    };
    let (before, after) = (in_order(&base.exchanges), in_order(&new.exchanges));
    let lines = Figure::all(base.service).filter_map(|figure| {
        let (before, after) = (figure.values(&before), figure.values(&after));
        // Neither run has any: there is nothing to be missed.
        let is_measured = !before.is_empty() || !after.is_empty();
        is_measured.then(|| Line::of(figure, &before, &after, rules))
    });
    ServiceComparison {
        service: base.service,
        base: said(base),
        new: said(new),
        lines: lines.collect(),
    }
}

impl ServiceComparison {
    fn is_compared(&self) -> bool {
        let mut verdicts = self.lines.iter().map(|it| it.verdict);
        verdicts.any(|it| !matches!(it, Verdict::TooFew { .. }))
    }
}

impl Comparison {
    /// What the caller of the tool is told. Runs that are too short to say anything don't count
    /// as equal.
    fn ending(&self) -> Ending {
        if self.regressions > 0 {
            Ending::Broken
        } else if self.services.iter().all(ServiceComparison::is_compared) {
            Ending::Held
        } else {
            Ending::Usage
        }
    }
}
