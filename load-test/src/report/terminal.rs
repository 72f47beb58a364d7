//! The report for people at a terminal.

use std::fmt::{self, Write as _};

use super::document::{Document, Generator, ServerFigures, ServiceReport};
use crate::distribution::Distribution;
use crate::finding::{Finding, Verdict};
use crate::quote::shown;
use crate::summary::ClientFigures;

/// Where a value begins in a line.
const COLUMN: usize = 21;
/// Lines of a histogram, and the length of its longest bar.
const BARS: usize = 10;
const BAR_LENGTH: usize = 40;
/// Kinds of errors that are listed.
const MOST_ERRORS: usize = 10;

/// Colours, where there are any.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    bold: &'static str,
    good: &'static str,
    bad: &'static str,
    dim: &'static str,
    end: &'static str,
}

impl Palette {
    /// For a terminal, or for a file.
    pub(crate) fn new(is_terminal: bool) -> Self {
        if is_terminal {
            Self {
                bold: "\x1b[1m",
                good: "\x1b[32m",
                bad: "\x1b[31m",
                dim: "\x1b[2m",
                end: "\x1b[0m",
            }
        } else {
            Self {
                bold: "",
                good: "",
                bad: "",
                dim: "",
                end: "",
            }
        }
    }

    /// Text in the colour of a verdict.
    pub(crate) fn coloured(&self, text: &str, is_good: bool) -> String {
        format!("{}{text}{}", self.verdict(is_good), self.end)
    }

    fn verdict(&self, is_good: bool) -> &'static str {
        if is_good { self.good } else { self.bad }
    }
}

/// The whole report.
pub(crate) fn render(document: &Document, palette: Palette) -> String {
    let mut text = Text {
        written: String::new(),
        palette,
    };
    for service in &document.services {
        text.service(service, document);
    }
    text.generator(&document.generator);
    text.objectives(document);
    if document.is_stopped {
        text.blank();
        text.line("Stopped early: the figures are those of the requests that had ended.");
    }
    text.written
}

/// What came of a check, in two lines.
pub(crate) fn finding_lines(finding: &Finding, palette: Palette) -> String {
    let (word, is_good) = match finding.verdict {
        Verdict::Proven => ("proven", true),
        Verdict::Broken => ("BROKEN", false),
        Verdict::NotProven => ("NOT PROVEN", false),
    };
    format!(
        "  {} {:<13} {}\n             {}",
        palette.coloured(&format!("{word:<10}"), is_good),
        finding.check,
        shown(&finding.promise),
        shown(&finding.seen)
    )
}

/// A time as people say it.
pub(crate) fn time(seconds: f64) -> String {
    match seconds {
        ..0.000_999_5 => format!("{:.0}µs", seconds * 1e6),
        ..0.999_5 => format!("{:.*}ms", usize::from(seconds < 0.01), seconds * 1e3),
        ..100.0 => format!("{seconds:.2}s"),
        _ => format!("{seconds:.1}s"),
    }
}

/// An amount of memory.
pub(crate) fn mebibytes(bytes: f64) -> String {
    format!("{:.0} MiB", bytes / f64::from(1 << 20))
}

struct Text {
    written: String,
    palette: Palette,
}

impl Text {
    fn line(&mut self, line: impl fmt::Display) {
        writeln!(self.written, "{line}").expect("a string takes everything");
    }

    fn blank(&mut self) {
        self.line("");
    }

    fn heading(&mut self, heading: &str) {
        let Palette { bold, end, .. } = self.palette;
        self.blank();
        self.line(format_args!("{bold}{heading}:{end}"));
    }

    fn value(&mut self, name: &str, value: impl fmt::Display) {
        self.line(format_args!("{name:<COLUMN$}{value}"));
    }

    /// A value below a heading.
    fn detail(&mut self, name: &str, value: impl fmt::Display) {
        let width = COLUMN - 2;
        self.line(format_args!("  {name:<width$}{value}"));
    }

    fn service(&mut self, report: &ServiceReport, document: &Document) {
        let Palette { bold, dim, end, .. } = self.palette;
        let title = format!("{} Load Test Results", report.service.title());
        self.blank();
        self.line(format_args!("{bold}{title}{end}"));
        self.line("=".repeat(title.len()));
        let version = report.version.as_deref().unwrap_or("unknown version");
        let model = report.model.as_deref().unwrap_or("unknown model");
        self.line(format_args!(
            "{dim}{} ({}, {}), {}{end}",
            shown(&report.url),
            shown(version),
            shown(model),
            shown(&document.arrivals)
        ));
        self.counts(&report.client);
        self.timing(&report.client);
        self.histogram(report);
        self.quality(&report.client);
        self.server(&report.server);
        self.errors(&report.client);
    }

    fn counts(&mut self, client: &ClientFigures) {
        let share = |of: u64| 100.0 * of as f64 / client.requests.max(1) as f64;
        let Palette { good, bad, end, .. } = self.palette;
        self.value("Total Requests:", client.requests);
        let colour = self.palette.verdict(client.served == client.requests);
        let served = share(client.served);
        self.value(
            "Successful:",
            format_args!("{colour}{} ({served:.1}%){end}", client.served),
        );
        if client.rejected > 0 {
            let rejected = share(client.rejected);
            self.value(
                "Rejected:",
                format_args!(
                    "{} ({rejected:.1}%), turned away by design",
                    client.rejected
                ),
            );
        }
        let colour = if client.failed == 0 { good } else { bad };
        self.value("Failed:", format_args!("{colour}{}{end}", client.failed));
        if client.abandoned > 0 {
            self.value(
                "Abandoned:",
                format_args!("{}, under way when the run was stopped", client.abandoned),
            );
        }
        if client.retries > 0 {
            self.value("Retries:", client.retries);
        }
    }

    fn timing(&mut self, client: &ClientFigures) {
        self.heading("Timing Statistics");
        match &client.latency {
            Some(latency) => {
                self.detail("Average Duration:", time(latency.mean));
                self.detail("Min Duration:", time(latency.min));
                self.detail("Max Duration:", time(latency.max));
                self.detail("Total Duration:", time(latency.sum));
                self.detail("Percentiles:", percentiles(latency));
            }
            None => self.line("  no request was served"),
        }
        self.detail("Wall Clock:", time(client.elapsed_seconds));
        self.detail(
            "Throughput:",
            format_args!(
                "{:.2} requests/s, {:.1} s of speech a second",
                client.served_per_second, client.audio_seconds_per_second
            ),
        );
        let more = [
            ("First Audio:", &client.first_audio),
            ("First Byte:", &client.first_byte),
            ("Queue Wait:", &client.queue_wait),
            ("Connect:", &client.connect),
            ("Turned Away In:", &client.refusal),
        ];
        for (name, distribution) in more {
            if let Some(distribution) = distribution {
                self.detail(name, percentiles(distribution));
            }
        }
        if let Some(factor) = &client.real_time_factor {
            self.detail(
                "Real-Time Factor:",
                format_args!("{:.3} median, {:.3} p95", factor.p50, factor.p95),
            );
        }
    }

    fn histogram(&mut self, report: &ServiceReport) {
        let served = report.exchanges.iter();
        let served = served.filter(|it| it.outcome.is_served());
        let latencies: Vec<f64> = served.map(|it| it.total.as_secs_f64()).collect();
        let Some(bars) = bars(&latencies) else {
            return;
        };
        self.heading("Histogram");
        let most = bars.iter().map(|it| it.count).max().unwrap_or(1);
        for bar in &bars {
            let length = (bar.count * BAR_LENGTH).div_ceil(most);
            let upto = time(bar.upto_seconds);
            let name = format!("≤ {upto}");
            self.line(format_args!(
                "  {name:<10} {:>6} {}",
                bar.count,
                "█".repeat(length)
            ));
        }
    }

    fn quality(&mut self, client: &ClientFigures) {
        if client.scored == 0 {
            return;
        }
        self.heading("Correctness");
        match client.word_error_percent {
            Some(percent) => self.detail(
                "Word Error Rate:",
                format_args!("{percent:.1}% over {} answers", client.scored),
            ),
            None => self.detail("Scored:", format_args!("{} answers", client.scored)),
        }
    }

    fn server(&mut self, server: &ServerFigures) {
        self.heading("Seen by the service");
        let number = |it: Option<f64>| it.map_or("unknown".into(), |it| format!("{it:.0}"));
        self.detail(
            "Ran at once:",
            format_args!(
                "{} at most, of {} slots; {} waited at most",
                number(server.in_flight_high_water),
                number(server.slots),
                number(server.queue_depth_max)
            ),
        );
        if let Some(mean) = server.inference_seconds_mean {
            let waited = server.queue_wait_seconds_mean.map(time);
            self.detail(
                "Average:",
                format_args!(
                    "{} computing, {} in the queue",
                    time(mean),
                    waited.as_deref().unwrap_or("unknown")
                ),
            );
        }
        if !server.rejections.is_empty() {
            self.detail("Turned away:", counted(&server.rejections));
        }
        if let Some(left) = server.disconnected.filter(|it| *it > 0.0) {
            self.detail("Clients left:", format_args!("{left:.0}"));
        }
        if !server.cache.is_empty() {
            self.detail("Cache:", counted(&server.cache));
        }
        if let Some(rss) = server.rss_bytes_max {
            let last = server.rss_bytes_last.map(mebibytes).unwrap_or_default();
            self.detail(
                "Memory:",
                format_args!("{} at most, {last} at the end", mebibytes(rss)),
            );
        }
        if let Some(ratio) = server.memory_ratio_max {
            self.detail(
                "Box's memory:",
                format_args!("{:.0}% at most", ratio * 100.0),
            );
        }
        if server.missed_scrapes > 0 {
            let missed = server.missed_scrapes;
            self.detail("Metrics:", format_args!("{missed} looks got no answer"));
        }
    }

    fn errors(&mut self, client: &ClientFigures) {
        if client.errors.is_empty() {
            return;
        }
        self.heading("Error Summary");
        for group in client.errors.iter().take(MOST_ERRORS) {
            self.line(format_args!(
                "  [{}x] {}",
                group.count,
                shown(&group.message)
            ));
        }
        let more = client.errors.len().saturating_sub(MOST_ERRORS);
        if more > 0 {
            self.line(format_args!("  and {more} other kinds"));
        }
    }

    fn generator(&mut self, generator: &Generator) {
        self.heading("This tool");
        if let (Some(seconds), Some(share)) = (generator.cpu_seconds, generator.share_of_a_core) {
            self.detail(
                "Its own cost:",
                format_args!("{}, {:.1}% of a core", time(seconds), share * 100.0),
            );
        }
        if let Some(lag) = &generator.lag {
            self.detail("Behind schedule:", percentiles(lag));
        }
        if generator.is_bottleneck {
            let Palette { bad, end, .. } = self.palette;
            self.line(format_args!(
                "  {bad}It could not keep its own schedule: these figures don't count.{end} \
                 Run it on another machine, or ask for less."
            ));
        }
    }

    fn objectives(&mut self, document: &Document) {
        if document.objectives.is_empty() {
            return;
        }
        self.heading("Objectives");
        let end = self.palette.end;
        for report in &document.objectives {
            let colour = self.palette.verdict(report.is_held);
            self.line(format_args!("  {colour}{}{end}", report.sentence));
        }
    }
}

fn percentiles(distribution: &Distribution) -> String {
    let Distribution {
        p50,
        p90,
        p95,
        p99,
        p99_9,
        ..
    } = *distribution;
    let named = [
        ("p50", p50),
        ("p90", p90),
        ("p95", p95),
        ("p99", p99),
        ("p99.9", p99_9),
    ];
    let all = named.map(|(name, value)| format!("{name} {}", time(value)));
    all.join("  ")
}

fn counted(counts: &[(String, f64)]) -> String {
    let each: Vec<_> = counts
        .iter()
        .map(|(name, count)| format!("{count:.0} {}", shown(name)))
        .collect();
    each.join(", ")
}

/// One line of a histogram.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bar {
    upto_seconds: f64,
    count: usize,
}

/// Bars of equal width from 0 to the greatest value; `None` where there is none.
fn bars(values: &[f64]) -> Option<Vec<Bar>> {
    let most = values.iter().copied().reduce(f64::max)?;
    let width = (most / BARS as f64).max(1e-6);
    let mut bars: Vec<Bar> = (1..=BARS)
        .map(|it| Bar {
            upto_seconds: it as f64 * width,
            count: 0,
        })
        .collect();
    for value in values {
        let index = (value / width).ceil() as usize;
        bars[index.clamp(1, BARS) - 1].count += 1;
    }
    Some(bars)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_unit_that_fits() {
        for (seconds, written) in [
            (0.0, "0µs"),
            (0.000_4, "400µs"),
            (0.000_999_9, "1.0ms"),
            (0.004_25, "4.2ms"),
            (0.25, "250ms"),
            (0.999_9, "1.00s"),
            (2.345, "2.35s"),
            (112.32, "112.3s"),
        ] {
            assert_eq!(time(seconds), written);
        }
    }

    #[test]
    fn every_value_is_in_a_bar() {
        let bars = bars(&[0.0, 0.1, 0.5, 1.0, 1.0]).unwrap();
        let counts: Vec<_> = bars.iter().map(|it| it.count).collect();
        assert_eq!(counts, [2, 0, 0, 0, 1, 0, 0, 0, 0, 2]);
        assert!((bars[9].upto_seconds - 1.0).abs() < 1e-9);
        assert_eq!(super::bars(&[]), None);
    }
}
