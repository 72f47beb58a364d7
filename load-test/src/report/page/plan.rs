//! The steps of a plan on one page.

use maud::{Markup, html};

use super::tables::{self, look};
use super::verdict::Kind;
use super::{amount, run, service_section, shell};
use crate::finding::Verdict;
use crate::report::plan::{PlanDocument, StepReport};

/// The whole page. `steps` is how many the plan has, begun or not.
pub(crate) fn render(document: &PlanDocument, steps: usize) -> String {
    let title = "Load plan";
    let (kind, headline) = headline(document, steps);
    shell(
        &format!("{title}: {headline}"),
        &html! {
            header class=(kind.class()) {
                h1 { (title) }
                p.verdict {
                    @if !kind.mark().is_empty() {
                        span aria-hidden="true" { (kind.mark()) } " "
                    }
                    (headline)
                }
                p.soft {
                    (run::moment(&document.began_at)) " · " (amount::time(document.elapsed_seconds))
                }
            }
            main {
                (overview(document))
                @for step in &document.steps {
                    (section(step))
                }
                section {
                    h2 { "How it was run" }
                    pre { code { (run::command(&document.command)) } }
                }
            }
        },
    )
}

fn headline(document: &PlanDocument, steps: usize) -> (Kind, String) {
    let all = document.findings().count();
    let broken = document.count(Verdict::Broken);
    let open = document.count(Verdict::NotProven);
    if broken > 0 {
        let headline = format!("{broken} of {all} expectations broken");
        (Kind::Broken, headline)
    } else if document.steps.len() < steps {
        let headline = format!("Stopped in step {} of {steps}", document.steps.len());
        (Kind::Stopped, headline)
    } else if open > 0 {
        let headline = format!("{open} of {all} expectations not proven");
        (Kind::Unproven, headline)
    } else {
        (Kind::Held, format!("All {all} expectations proven"))
    }
}

fn overview(document: &PlanDocument) -> Markup {
    html! {
        section {
            h2 { "Steps" }
            table {
                thead { tr {
                    th scope="col" { "step" }
                    th.number scope="col" { "served" }
                    th.number scope="col" { "turned away" }
                    th.number scope="col" { "failed" }
                    th.number scope="col" { "p95" }
                } }
                tbody {
                    @for step in &document.steps {
                        @for report in &step.run.services {
                            @let (class, mark) = look(step.verdict(report.service));
                            @let client = &report.client;
                            tr {
                                td class={ "said " (class) } {
                                    span aria-hidden="true" { (mark) } " "
                                    (step.number) ". " (step.name) " " (report.service.title())
                                }
                                td.number { (amount::count(client.served)) }
                                td.number { (amount::count(client.rejected)) }
                                td.number { (amount::count(client.failed)) }
                                td.number {
                                    (client.latency.map_or("–".into(), |it| amount::time(it.p95)))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn section(step: &StepReport) -> Markup {
    html! {
        section {
            h2 { (step.number) ". " (step.name) }
            p.soft { (step.run.arrivals) }
            (tables::findings(&step.findings))
            details {
                summary { "Figures and plots" }
                @for report in &step.run.services {
                    @let id = format!("step-{}-{}", step.number, report.service.name());
                    (service_section(report, &step.run, &id))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::document;
    use super::super::tests::assert_sound;
    use super::*;
    use crate::finding::Finding;
    use crate::report::plan::SCHEMA;
    use crate::service::Service;

    fn plan(verdicts: &[Verdict]) -> PlanDocument {
        let steps = verdicts
            .iter()
            .zip(1..)
            .map(|(&verdict, number)| StepReport {
                number,
                name: "Does it <work>?".into(),
                findings: vec![Finding {
                    service: Service::Asr,
                    check: "served".into(),
                    promise: "everything is served".into(),
                    verdict,
                    seen: "5 & 5".into(),
                }],
                run: document(50, 10),
            });
        PlanDocument {
            schema: SCHEMA.into(),
            tool_version: "1.0.0".into(),
            command: vec!["plan".into()],
            began_at: "2026-01-01T00:00:00Z".into(),
            elapsed_seconds: 20.0,
            steps: steps.collect(),
        }
    }

    #[test]
    fn the_page_is_sound_and_its_first_line_tells_the_worst() {
        use Verdict::{Broken, NotProven, Proven};
        for (verdicts, steps, expected) in [
            (vec![], 6, "Stopped in step 0 of 6"),
            (vec![Proven, Proven], 2, "All 2 expectations proven"),
            (vec![Proven, Proven], 3, "Stopped in step 2 of 3"),
            (vec![Proven, NotProven], 2, "1 of 2 expectations not proven"),
            (
                vec![Proven, NotProven, Broken],
                3,
                "1 of 3 expectations broken",
            ),
        ] {
            let page = render(&plan(&verdicts), steps);
            assert_sound(&page);
            assert!(page.contains(&format!("<title>Load plan: {expected}</title>")));
        }
    }
}
