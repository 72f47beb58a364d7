//! The two runs: reading them, and whether they can be compared.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::exit::Failure;
use crate::quote::shown;
use crate::report::document::{Document, SCHEMA};

/// Flags that say where a report goes, not what is measured.
const OUTPUT_FLAGS: [&str; 5] = ["--json", "--csv", "--html", "--junit", "--hdr"];

/// Which run it is.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RunHead {
    /// Where it was read.
    pub(super) file: String,
    pub(super) began_at: String,
    pub(super) command: Vec<String>,
    pub(super) arrivals: String,
}

impl From<&Document> for RunHead {
    fn from(document: &Document) -> Self {
        Self {
            file: String::new(),
            began_at: document.began_at.clone(),
            command: document.command.clone(),
            arrivals: document.arrivals.clone(),
        }
    }
}

/// What all forms of the tool's results have.
#[derive(Deserialize)]
struct Form {
    schema: Option<String>,
}

/// Reads what `--json` wrote.
///
/// # Errors
/// It can't be read, or holds something else.
pub(super) fn read(path: &Path) -> Result<Document, Failure> {
    let failed = |cause: String| {
        let path = path.to_string_lossy();
        Failure::Usage(format!("{}: {}", shown(&path), shown(&cause)))
    };
    let open = || File::open(path).map(BufReader::new);
    let form = open().map_err(|it| failed(it.to_string()))?;
    let form: Form = serde_json::from_reader(form).map_err(|it| {
        failed(format!(
            "no result of `voice-stack-load http --json FILE`: {it}"
        ))
    })?;
    check_form(form.schema.as_deref()).map_err(failed)?;
    let file = open().map_err(|it| failed(it.to_string()))?;
    serde_json::from_reader(file).map_err(|it| failed(it.to_string()))
}

/// Only a form that is known is read: a figure of another may mean something else.
pub(super) fn check_form(schema: Option<&str>) -> Result<(), String> {
    match schema {
        Some(SCHEMA) => Ok(()),
        Some(other) => Err(format!(
            "its form is '{other}', and only '{SCHEMA}' can be compared, which \
             `voice-stack-load http --json FILE` writes"
        )),
        None => Err("no result of `voice-stack-load http --json FILE`: it has no 'schema'".into()),
    }
}

/// Runs of different services have nothing in common.
pub(super) fn check_services(base: &Document, new: &Document) -> Result<(), String> {
    let services = |it: &Document| it.services.iter().map(|it| it.service).collect();
    let (before, after): (BTreeSet<_>, BTreeSet<_>) = (services(base), services(new));
    if before == after && !before.is_empty() {
        return Ok(());
    }
    let names = |services: &BTreeSet<crate::service::Service>| {
        let names: Vec<_> = services.iter().map(|it| it.title()).collect();
        if names.is_empty() {
            "no service".to_string()
        } else {
            names.join(" and ")
        }
    };
    Err(format!(
        "the first run asked {}, the second one {}: there is nothing to compare",
        names(&before),
        names(&after)
    ))
}

/// Why the runs may differ in more than what was changed.
pub(super) fn warnings(base: &Document, new: &Document) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut differ = |what: &str, before: &str, after: &str| {
        if before != after {
            warnings.push(format!("{what} differ: {before} | {after}"));
        }
    };
    differ("the arrivals", &base.arrivals, &new.arrivals);
    differ("the commands", &asked(base), &asked(new));
    for before in &base.services {
        let after = new.services.iter().find(|it| it.service == before.service);
        let samples = |it: &crate::report::document::ServiceReport| -> BTreeSet<String> {
            it.exchanges.iter().map(|it| it.sample.clone()).collect()
        };
        let (before_samples, after_samples) =
            (samples(before), after.map(samples).unwrap_or_default());
        let others = before_samples.symmetric_difference(&after_samples).count();
        if others > 0 {
            warnings.push(format!(
                "{}: {others} samples were sent in one of the runs only",
                before.service.title()
            ));
        }
    }
    for (name, run) in [("first", base), ("second", new)] {
        if run.generator.is_bottleneck {
            warnings.push(format!(
                "in the {name} run the tool could not keep its own schedule: its figures don't \
                 count"
            ));
        }
        if run.is_stopped {
            warnings.push(format!("the {name} run was stopped before its end"));
        }
    }
    warnings
}

/// The command without where its reports went.
fn asked(document: &Document) -> String {
    let mut asked = Vec::new();
    let mut words = document.command.iter();
    while let Some(word) = words.next() {
        if OUTPUT_FLAGS.contains(&word.as_str()) {
            words.next();
            continue;
        }
        let flag = word.split_once('=').map_or("", |(flag, _)| flag);
        if !OUTPUT_FLAGS.contains(&flag) {
            asked.push(word.as_str());
        }
    }
    asked.join(" ")
}
