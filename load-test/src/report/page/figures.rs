//! The figures that are looked at first.

use maud::{Markup, html};

use super::amount;
use crate::distribution::Distribution;
use crate::report::document::ServiceReport;
use crate::service::Service;

/// One big figure.
struct Figure {
    name: &'static str,
    value: String,
    more: String,
    /// Its colour, where it is not that of the text.
    class: Option<&'static str>,
}

/// The row of big figures.
pub(super) fn big(report: &ServiceReport) -> Markup {
    html! {
        dl.figures {
            @for figure in figures(report) {
                div class=[figure.class] {
                    dt { (figure.name) }
                    dd.value { (figure.value) }
                    @if !figure.more.is_empty() {
                        dd.more { (figure.more) }
                    }
                }
            }
        }
    }
}

fn figures(report: &ServiceReport) -> Vec<Figure> {
    let client = &report.client;
    let plain = |name, value, more| Figure {
        name,
        value,
        more,
        class: None,
    };
    let share = |of: u64| match client.requests {
        0 => "–".into(),
        all => amount::share(of as f64 / all as f64),
    };
    let mut figures = vec![
        plain(
            "served a second",
            amount::rate(client.served_per_second),
            format!(
                "{} s of speech",
                amount::rate(client.audio_seconds_per_second)
            ),
        ),
        plain(
            "success",
            share(client.served),
            format!(
                "{} of {}",
                amount::count(client.served),
                amount::count(client.requests)
            ),
        ),
    ];
    let of = |choose: fn(&Distribution) -> f64| match &client.latency {
        Some(latency) => amount::time(choose(latency)),
        None => "–".into(),
    };
    let most = client.latency.map_or(String::new(), |it| {
        format!("{} at most", amount::time(it.max))
    });
    figures.push(plain("median latency", of(|it| it.p50), String::new()));
    figures.push(plain("p95 latency", of(|it| it.p95), String::new()));
    figures.push(plain("p99 latency", of(|it| it.p99), most));
    if report.service == Service::Tts {
        figures.push(match &client.first_audio {
            Some(first) => plain(
                "first audio, p95",
                amount::time(first.p95),
                format!("{} p50", amount::time(first.p50)),
            ),
            None => plain("first audio, p95", "–".into(), String::new()),
        });
    }
    if report.service == Service::Asr {
        let value = match client.word_error_percent {
            Some(percent) => amount::share(percent / 100.0),
            None => "–".into(),
        };
        let scored = match client.scored {
            0 => String::new(),
            scored => format!(
                "in {} {}",
                amount::count(scored),
                amount::of(scored, "answer", "answers")
            ),
        };
        figures.push(plain("words wrong", value, scored));
    }
    figures.push(counted("rejected", client.rejected, share(client.rejected)));
    figures.push(counted("failed", client.failed, share(client.failed)));
    figures
}

/// What there should be none of.
fn counted(name: &'static str, count: u64, share: String) -> Figure {
    Figure {
        name,
        value: amount::count(count),
        more: if count > 0 { share } else { String::new() },
        class: (count > 0).then_some(name),
    }
}
