//! The report as a page with plots: one file that needs nothing else, no script among it.
//!
//! The page is well-formed XML as well as HTML, so that its tests can read it: what has no
//! content is closed, and there are no named entities but XML's own.

mod amount;
mod figures;
pub(crate) mod plan;
mod plots;
mod run;
mod tables;
mod verdict;

use maud::{Markup, PreEscaped, html};

use self::verdict::Verdict;
use super::document::{Document, ServiceReport};

const STYLE: &str = include_str!("style.css");

/// The page of a run.
pub(crate) fn render(document: &Document) -> String {
    let verdict = Verdict::of(document);
    let title = title(document);
    shell(
        &format!("{title}: {}", verdict.headline),
        &html! {
            (header(document, &title, &verdict))
            main {
                @for report in &document.services {
                    (service_section(report, document, report.service.name()))
                }
                (tables::objectives(document))
                @if !document.findings.is_empty() {
                    section {
                        h2 { "Looked into" }
                        (tables::findings(&document.findings))
                    }
                }
                (run::how_it_was_run(document))
            }
        },
    )
}

/// A page with this title around its body.
fn shell(title: &str, body: &Markup) -> String {
    let page = html! {
        (PreEscaped("<!DOCTYPE html>\n"))
        html lang="en" {
            head {
                (PreEscaped(r#"<meta charset="utf-8"/>"#))
                (PreEscaped(r#"<meta name="viewport" content="width=device-width, initial-scale=1"/>"#))
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    // Neither HTML nor XML knows control characters, however they are escaped.
    let mut page = page.into_string();
    page.retain(|it| it == '\n' || !it.is_control());
    page
}

fn title(document: &Document) -> String {
    let services = document.services.iter().map(|it| it.service.title());
    let services: Vec<_> = services.collect();
    if services.is_empty() {
        return "Load test".into();
    }
    format!("Load test of {}", services.join(" and "))
}

fn header(document: &Document, title: &str, verdict: &Verdict) -> Markup {
    html! {
        header class=(verdict.kind.class()) {
            h1 { (title) }
            p.verdict {
                @if !verdict.kind.mark().is_empty() {
                    span aria-hidden="true" { (verdict.kind.mark()) } " "
                }
                (verdict.headline)
            }
            @for remark in &verdict.remarks {
                p { (remark) }
            }
            p.soft {
                (run::moment(&document.began_at)) " · "
                (amount::time(document.elapsed_seconds)) " · " (document.arrivals)
            }
        }
    }
}

/// One service; `id` tells it apart from the others of the page.
fn service_section(report: &ServiceReport, document: &Document, id: &str) -> Markup {
    let name = report.service.title();
    html! {
        section {
            h2 { (name) }
            p.soft { (run::identity(report)) }
            (figures::big(report))
            div.plots {
                @for plot in plots::of(report, plots::run_seconds(document)) {
                    (plot.render(id))
                }
            }
            @if report.exchanges.is_empty() {
                p.soft { "No request ended: there is nothing to draw of them." }
            }
            @if report.samples.is_empty() {
                p.soft { "The service's own metrics could not be read." }
            }
            div.tables {
                (tables::errors(&report.client))
                (tables::server(report))
            }
        }
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
