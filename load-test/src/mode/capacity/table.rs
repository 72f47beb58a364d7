//! The steps of a search for people at a terminal, each as it ends.

use super::Outcome;
use super::search::{Found, Purpose};
use super::step::Step;
use crate::objective::Objective;
use crate::report::terminal::{Palette, time};
use crate::service::Service;
use crate::target::Target;

/// What comes before the steps.
pub(super) fn heading(target: &Target, slo: &[Objective]) -> String {
    let slo: Vec<_> = slo.iter().map(ToString::to_string).collect();
    format!(
        "\nCapacity of {} at {}, while {}\n{}\n",
        target.service.title(),
        target.base,
        slo.join(", "),
        cells(
            [
                "rate/s", "requests", "served/s", "p50", "p95", "rejected", "failed"
            ]
            .map(String::from)
        ) + "  verdict"
    )
}

/// One step.
pub(super) fn row(step: &Step, palette: Palette) -> String {
    let shown = |it: Option<f64>| it.map_or("-".into(), time);
    let row = cells([
        rate(step.per_second),
        step.requests.to_string(),
        format!("{:.2}", step.served_per_second),
        shown(step.p50_seconds),
        shown(step.p95_seconds),
        step.rejected.to_string(),
        step.failed.to_string(),
    ]);
    let verdict = if step.is_bottleneck {
        "does not count: the tool could not keep its own schedule".to_string()
    } else if step.is_held && step.purpose == Purpose::Confirm {
        "held again".to_string()
    } else if step.is_held {
        "held".to_string()
    } else {
        let broken = step.objectives.iter().filter(|it| !it.is_held);
        let broken: Vec<_> = broken.map(|it| it.sentence.as_str()).collect();
        broken.join(", ")
    };
    let verdict = palette.coloured(&verdict, step.is_held && !step.is_bottleneck);
    format!("{row}  {verdict}")
}

/// What the search came to.
pub(super) fn result(
    service: Service,
    outcome: Outcome,
    confirmed: u32,
    palette: Palette,
) -> String {
    let title = service.title();
    let (sentence, is_good) = match outcome {
        Outcome::Found(Found::Limit { per_second }) => (
            format!(
                "{title} carries {} requests/s, confirmed {confirmed} times",
                rate(per_second)
            ),
            true,
        ),
        Outcome::Found(Found::AtLeast { per_second }) => (
            format!(
                "{title} carries {} requests/s or more, confirmed {confirmed} times: raise --most",
                rate(per_second)
            ),
            true,
        ),
        Outcome::Found(Found::Nothing { per_second }) => (
            format!(
                "{title} does not even hold {} requests/s: choose other objectives",
                rate(per_second)
            ),
            false,
        ),
        Outcome::Stopped => (format!("{title}: stopped before a rate was found"), false),
        Outcome::Bottleneck => (
            format!(
                "{title}: the tool could not keep its own schedule. Run it on another machine, or \
                 set --most below that rate"
            ),
            false,
        ),
    };
    palette.coloured(&sentence, is_good)
}

fn cells(cells: [String; 7]) -> String {
    let padded = cells.map(|it| format!("{it:>9}"));
    padded.join(" ")
}

/// With three digits, or all before the point.
fn rate(per_second: f64) -> String {
    match per_second {
        ..1.0 => format!("{per_second:.3}"),
        ..10.0 => format!("{per_second:.2}"),
        ..100.0 => format!("{per_second:.1}"),
        _ => format!("{per_second:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(is_held: bool, is_bottleneck: bool) -> Step {
        Step {
            per_second: 2.828,
            purpose: Purpose::Narrow,
            requests: 57,
            served_per_second: 2.5,
            p50_seconds: Some(0.25),
            p95_seconds: None,
            rejected: 3,
            failed: 1,
            is_held,
            is_bottleneck,
            objectives: Vec::new(),
        }
    }

    #[test]
    fn a_row_holds_what_happened() {
        let row = row(&step(true, false), Palette::new(false));
        let words: Vec<_> = row.split_whitespace().collect();
        assert_eq!(
            words,
            ["2.83", "57", "2.50", "250ms", "-", "3", "1", "held"]
        );
    }

    #[test]
    fn what_the_tool_spoilt_itself_is_no_verdict_on_the_service() {
        let row = row(&step(true, true), Palette::new(false));
        assert!(row.contains("does not count"), "{row}");
    }

    #[test]
    fn rates_have_three_digits() {
        let shown = [0.0625, 2.828, 12.34, 1_000.0].map(rate);
        assert_eq!(shown, ["0.062", "2.83", "12.3", "1000"]);
    }
}
