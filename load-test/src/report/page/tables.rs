//! The parts of the page that are text: errors, what a service says, objectives and findings.

use maud::{Markup, html};

use super::amount;
use crate::finding::{Finding, Verdict};
use crate::report::document::{Document, ServiceReport};
use crate::summary::ClientFigures;

/// Kinds of errors that are listed.
const MOST_ERRORS: usize = 50;
/// Characters of a message: some services answer with a whole page.
const MOST_CHARACTERS: usize = 300;

/// Names and what they stand for.
pub(super) fn facts(facts: &[(&str, String)]) -> Markup {
    html! {
        dl.facts {
            @for (name, value) in facts {
                dt { (name) }
                dd { (value) }
            }
        }
    }
}

/// What went wrong, the most frequent first.
pub(super) fn errors(client: &ClientFigures) -> Markup {
    let more = client.errors.len().saturating_sub(MOST_ERRORS) as u64;
    html! {
        @if !client.errors.is_empty() {
            div {
                h3 { "Errors" }
                table {
                    thead { tr {
                        th.number scope="col" { "times" }
                        th scope="col" { "kind" }
                        th scope="col" { "what the first of them said" }
                    } }
                    tbody {
                        @for group in client.errors.iter().take(MOST_ERRORS) {
                            @let kind = if group.is_rejection { "rejected" } else { "failed" };
                            tr {
                                td.number { (amount::count(group.count)) }
                                td class=(kind) { (kind) }
                                td.said { (shortened(&group.message)) }
                            }
                        }
                    }
                }
                @if more > 0 {
                    p.soft { "and " (more) " other " (amount::of(more, "kind", "kinds")) }
                }
            }
        }
    }
}

fn shortened(message: &str) -> String {
    let mut shortened: String = message.chars().take(MOST_CHARACTERS).collect();
    if shortened.len() < message.len() {
        shortened.push('…');
    }
    shortened
}

/// What the service says of itself.
pub(super) fn server(report: &ServiceReport) -> Markup {
    let server = &report.server;
    let whole = |it: Option<f64>| it.map(amount::whole);
    let time = |it: Option<f64>| it.map(amount::time);
    let counted = |counts: &[(String, f64)]| {
        let each = counts
            .iter()
            .map(|(name, count)| format!("{} {name}", amount::whole(*count)));
        let all: Vec<_> = each.collect();
        (!all.is_empty()).then(|| all.join(", "))
    };
    let missed = server.missed_scrapes;
    let rows = [
        ("Slots", whole(server.slots)),
        ("Ran at once, at most", whole(server.in_flight_high_water)),
        ("Waited, at most", whole(server.queue_depth_max)),
        ("Inferences", whole(server.inferences)),
        ("Computing, on average", time(server.inference_seconds_mean)),
        (
            "In the queue, on average",
            time(server.queue_wait_seconds_mean),
        ),
        ("Turned away", counted(&server.rejections)),
        ("Clients left", whole(server.disconnected)),
        ("Models loaded", whole(server.model_loads)),
        ("Cache", counted(&server.cache)),
        (
            "Its memory, at most",
            server.rss_bytes_max.map(amount::memory),
        ),
        (
            "Its memory, at the end",
            server.rss_bytes_last.map(amount::memory),
        ),
        (
            "The box’s memory, at most",
            server.memory_ratio_max.map(amount::share),
        ),
        ("Its computing time", time(server.cpu_seconds)),
        (
            "Slowest answer of its metrics",
            time(server.scrape_seconds_max),
        ),
        (
            "Metrics without an answer",
            (missed > 0).then(|| amount::count(missed)),
        ),
    ];
    let rows: Vec<_> = rows
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    html! {
        @if !rows.is_empty() {
            div {
                h3 { "Seen by the service" }
                (facts(&rows))
            }
        }
    }
}

/// What was promised, and what became of it.
pub(super) fn objectives(document: &Document) -> Markup {
    html! {
        @if !document.objectives.is_empty() {
            section {
                h2 { "Objectives" }
                ul.objectives {
                    @for report in &document.objectives {
                        @let (class, mark) = if report.is_held { ("good", "✓") } else { ("bad", "✗") };
                        li class=(class) {
                            span aria-hidden="true" { (mark) } " " (report.sentence)
                        }
                    }
                }
            }
        }
    }
}

/// The findings of the mode.
pub(super) fn findings(findings: &[Finding]) -> Markup {
    html! {
        ul.objectives {
            @for finding in findings {
                (item(finding))
            }
        }
    }
}

fn item(finding: &Finding) -> Markup {
    let (class, mark) = look(finding.verdict);
    html! {
        li class=(class) {
            span aria-hidden="true" { (mark) } " " (finding.service.title()) ": " (finding.promise)
            @if finding.verdict == Verdict::NotProven { " (not proven)" }
            p.soft { (finding.seen) }
        }
    }
}

/// The class that gives it its colour, and what says the same.
pub(super) fn look(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Proven => ("good", "✓"),
        Verdict::Broken => ("bad", "✗"),
        Verdict::NotProven => ("doubt", "?"),
    }
}
