//! What the run comes to, in one line.

use super::amount;
use crate::finding::{self, Finding};
use crate::report::document::Document;

/// The first line of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// What sort of line it is.
    pub kind: Kind,
    /// The line.
    pub headline: String,
    /// What else must be known of it.
    pub remarks: Vec<String>,
}

/// Sorts of verdicts, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The figures don't count.
    Bottleneck,
    /// An objective was not held.
    Broken,
    /// The run was stopped before its end.
    Stopped,
    /// What the mode looked into was not proven.
    Unproven,
    /// All objectives were held.
    Held,
    /// There were none.
    Unasked,
}

impl Kind {
    /// The class that gives it its colour.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Bottleneck | Self::Stopped | Self::Unproven => "doubt",
            Self::Broken => "bad",
            Self::Held => "good",
            Self::Unasked => "plain",
        }
    }

    /// What says the same as the colour; nothing where the colour says nothing.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Bottleneck | Self::Stopped | Self::Unproven => "!",
            Self::Broken => "✗",
            Self::Held => "✓",
            Self::Unasked => "",
        }
    }
}

impl Verdict {
    /// The worst of what is to be said of a run; the rest are remarks.
    pub(super) fn of(document: &Document) -> Self {
        let objectives = &document.objectives;
        let broken: Vec<_> = objectives.iter().filter(|it| !it.is_held).collect();
        let is_open = |it: &&Finding| it.verdict != finding::Verdict::Proven;
        let unproven: Vec<_> = document.findings.iter().filter(is_open).collect();
        let kind = if document.generator.is_bottleneck {
            Kind::Bottleneck
        } else if !broken.is_empty() {
            Kind::Broken
        } else if document.is_stopped {
            Kind::Stopped
        } else if !unproven.is_empty() {
            Kind::Unproven
        } else if objectives.is_empty() && document.findings.is_empty() {
            Kind::Unasked
        } else {
            Kind::Held
        };
        let of_all = format!(
            "{} of {} {} not held",
            broken.len(),
            objectives.len(),
            amount::of(objectives.len() as u64, "objective", "objectives")
        );
        let headline = match kind {
            Kind::Bottleneck => {
                "The generator was the bottleneck: these figures don’t count".into()
            }
            Kind::Broken => of_all.clone(),
            Kind::Stopped => "Stopped early".into(),
            Kind::Unproven => format!(
                "{} of {} promises not proven",
                unproven.len(),
                document.findings.len()
            ),
            Kind::Held => match objectives.len() {
                0 => format!("All {} promises proven", document.findings.len()),
                1 => "The objective held".into(),
                count => format!("All {count} objectives held"),
            },
            Kind::Unasked => "No objective was set".into(),
        };
        let mut remarks = Vec::new();
        if kind == Kind::Bottleneck {
            remarks.push("Run it on another machine, or ask for less.".into());
            if !broken.is_empty() {
                remarks.push(format!("{of_all}."));
            }
        }
        remarks.extend(broken.iter().map(|it| it.sentence.clone()));
        remarks.extend(
            unproven
                .iter()
                .map(|it| format!("{}: {}", it.service.title(), it.seen)),
        );
        if document.is_stopped {
            let early = "The figures are those of the requests that had ended.";
            remarks.push(match kind {
                Kind::Stopped if !objectives.is_empty() => {
                    format!("{early} For them, the objectives held.")
                }
                Kind::Stopped => early.into(),
                _ => format!("It was stopped early. {early}"),
            });
        }
        Self {
            kind,
            headline,
            remarks,
        }
    }
}
