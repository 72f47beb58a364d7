//! Promises as test cases, for the programs that show those of builds.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::document::Document;
use super::plan::PlanDocument;
use crate::finding::{Finding, Verdict};

/// The objectives of a run, and what its mode looked into.
pub(crate) fn of_objectives(document: &Document) -> Report {
    let mut report = Report::new("voice-stack-load");
    let mut suite = TestSuite::new("objectives");
    for objective in &document.objectives {
        let status = if objective.is_held {
            TestCaseStatus::success()
        } else {
            failure(&objective.sentence)
        };
        suite.add_test_case(TestCase::new(objective.objective.to_string(), status));
    }
    report.add_test_suite(suite);
    add_findings(&mut report, &document.findings);
    report
}

/// The findings of a validation, one suite for each service.
pub(crate) fn of_findings(findings: &[Finding]) -> Report {
    let mut report = Report::new("voice-stack-load validate");
    add_findings(&mut report, findings);
    report
}

fn add_findings(report: &mut Report, findings: &[Finding]) {
    for of_service in findings.chunk_by(|one, other| one.service == other.service) {
        let Some(first) = of_service.first() else {
            continue;
        };
        report.add_test_suite(suite(first.service.to_string(), of_service));
    }
}

/// What was expected of each step of a plan, one suite for each step.
pub(crate) fn of_plan(document: &PlanDocument) -> Report {
    let mut report = Report::new("voice-stack-load plan");
    for step in &document.steps {
        let name = format!("{}. {}", step.number, step.name);
        report.add_test_suite(suite(name, &step.findings));
    }
    report
}

fn suite(name: String, findings: &[Finding]) -> TestSuite {
    let mut suite = TestSuite::new(name);
    for finding in findings {
        let status = match finding.verdict {
            Verdict::Proven => TestCaseStatus::success(),
            Verdict::Broken => failure(&finding.seen),
            // Never a pass: the promise was not looked into.
            Verdict::NotProven => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
                status.set_message(format!("not proven: {}", finding.seen));
                status
            }
        };
        let name = format!("{} {}", finding.service, finding.check);
        let mut case = TestCase::new(name, status);
        case.set_system_out(format!("{}\n{}", finding.promise, finding.seen));
        suite.add_test_case(case);
    }
    suite
}

fn failure(message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(message);
    status
}
