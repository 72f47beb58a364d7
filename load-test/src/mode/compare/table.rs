//! A comparison for people at a terminal.

use std::fmt::Write as _;

use super::figure::Unit;
use super::judgement::{Line, Test, Verdict};
use super::{Comparison, ServiceComparison};
use crate::quote::shown;
use crate::report::terminal::{Palette, time};

/// The whole comparison.
pub(super) fn render(comparison: &Comparison, palette: Palette) -> String {
    let mut text = String::new();
    for (name, run) in [("base", &comparison.base), ("new", &comparison.new)] {
        let (file, began_at, arrivals) = (&run.file, &run.began_at, &run.arrivals);
        line(
            &mut text,
            &format!(
                "{name:<5} {} ({}): {}",
                shown(file),
                shown(began_at),
                shown(arrivals)
            ),
        );
    }
    for warning in &comparison.warnings {
        line(&mut text, &format!("Warning: {}", shown(warning)));
    }
    for service in &comparison.services {
        of_service(&mut text, service, palette);
    }
    line(&mut text, "");
    line(&mut text, &result(comparison, palette));
    text
}

fn line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

fn of_service(text: &mut String, service: &ServiceComparison, palette: Palette) {
    line(text, "");
    let title = service.service.title();
    if service.base == service.new {
        line(text, &format!("{title} ({})", shown(&service.base)));
    } else {
        line(
            text,
            &format!(
                "{title} ({} | {})",
                shown(&service.base),
                shown(&service.new)
            ),
        );
    }
    line(
        text,
        &columns(["", "base", "new", "ratio", "p", "verdict"].map(String::from)),
    );
    for of_figure in &service.lines {
        let value = |it: Option<f64>| it.map_or("-".into(), |it| amount(it, of_figure.unit));
        let verdict = match of_figure.verdict {
            Verdict::Worse => palette.coloured(&of_figure.sentence, false),
            Verdict::Better => palette.coloured(&of_figure.sentence, true),
            _ => of_figure.sentence.clone(),
        };
        let cells = [
            of_figure.figure.to_string(),
            value(of_figure.base),
            value(of_figure.new),
            ratio(of_figure),
            p_value(of_figure),
            verdict,
        ];
        line(text, &columns(cells));
    }
}

fn columns([figure, base, new, ratio, p, verdict]: [String; 6]) -> String {
    format!("  {figure:<21}{base:>9} {new:>9}  {ratio:<22} {p:<17} {verdict}")
}

fn amount(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Seconds => time(value),
        Unit::SecondsPerSecond => format!("{value:.3}"),
        Unit::Share | Unit::Ratio => format!("{:.1} %", 100.0 * value),
    }
}

/// The ratio with its interval, or the difference in points of a share that was 0.
fn ratio(line: &Line) -> String {
    if let Some(ratio) = line.ratio {
        return format!("{:.3} ({:.3}–{:.3})", ratio.estimate, ratio.low, ratio.high);
    }
    match line.difference {
        Some(it) if matches!(line.unit, Unit::Share | Unit::Ratio) => {
            let [estimate, low, high] = [it.estimate, it.low, it.high].map(|it| 100.0 * it);
            format!("{estimate:+.1} ({low:+.1}–{high:+.1}) pt")
        }
        _ => "-".into(),
    }
}

/// With the test where it isn't that of the ranks.
fn p_value(line: &Line) -> String {
    let Some(p_value) = line.p_value else {
        return "-".into();
    };
    let by = match line.test {
        Some(Test::Fisher) => " (Fisher)",
        Some(Test::TwoProportions) => " (counts)",
        Some(Test::MannWhitney) | None => "",
    };
    if p_value < 0.0005 {
        format!("<0.0005{by}")
    } else {
        format!("{p_value:.3}{by}")
    }
}

fn result(comparison: &Comparison, palette: Palette) -> String {
    let lines: Vec<&Line> = comparison
        .services
        .iter()
        .flat_map(|it| &it.lines)
        .collect();
    let too_few = lines
        .iter()
        .filter(|it| matches!(it.verdict, Verdict::TooFew { .. }))
        .count();
    let better = lines
        .iter()
        .filter(|it| it.verdict == Verdict::Better)
        .count();
    let worse = comparison.regressions;
    let mut result = palette.coloured(&format!("{worse} worse"), worse == 0);
    let _ = write!(
        result,
        ", {better} better, of {} figures (p < {}, at least {} %)",
        lines.len(),
        comparison.rules.alpha,
        100.0 * comparison.rules.at_least
    );
    if too_few > 0 {
        let _ = write!(
            result,
            "; for {too_few} there are too few values: longer runs tell more"
        );
    }
    result
}
