//! What the steps of a plan come to. `docs/LOAD_TESTING.md` describes its JSON; a change that
//! would mislead a reader of the old one gets a new number in [`SCHEMA`].

use serde::{Deserialize, Serialize};

use super::document::Document;
use crate::finding::{Finding, Verdict};
use crate::service::Service;

/// Name and number of the form.
pub(crate) const SCHEMA: &str = "voice-stack-load-plan/1";

/// A plan that was carried out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PlanDocument {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of the tool.
    pub tool_version: String,
    /// What was asked of it.
    pub command: Vec<String>,
    /// When it began, as RFC 3339.
    pub began_at: String,
    /// How long it took.
    pub elapsed_seconds: f64,
    /// The steps that were begun, in their order.
    pub steps: Vec<StepReport>,
}

/// A step and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StepReport {
    /// From 1 on.
    pub number: usize,
    /// What it asks.
    pub name: String,
    /// What was expected of each service, and what was seen.
    pub findings: Vec<Finding>,
    /// The run.
    pub run: Document,
}

impl PlanDocument {
    /// What was expected, step by step and service by service.
    pub(crate) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.steps.iter().flat_map(|it| &it.findings)
    }

    /// How many expectations came to this.
    pub(crate) fn count(&self, verdict: Verdict) -> usize {
        self.findings().filter(|it| it.verdict == verdict).count()
    }
}

impl StepReport {
    /// The worst that came of it for a service.
    pub(crate) fn verdict(&self, service: Service) -> Verdict {
        let findings = || self.findings.iter().filter(|it| it.service == service);
        let is = |verdict| findings().any(|it| it.verdict == verdict);
        if is(Verdict::Broken) {
            Verdict::Broken
        } else if is(Verdict::NotProven) || findings().next().is_none() {
            Verdict::NotProven
        } else {
            Verdict::Proven
        }
    }
}
