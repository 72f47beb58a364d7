use super::metric::Percentile;
use super::*;

use Comparison::{AtLeast, AtMost, Less};
use Series::{FirstAudio, FirstByte, Latency, QueueWait, RealTimeFactor};

fn percentile(series: Series, percent: f64) -> Metric {
    Metric::Of(
        series,
        Summary::Percentile(Percentile::new(percent).unwrap()),
    )
}

#[test]
fn objectives_are_understood() {
    for (text, metric, comparison, bound) in [
        ("p95<2s", percentile(Latency, 95.0), Less, 2.0),
        ("p99.9<=500ms", percentile(Latency, 99.9), AtMost, 0.5),
        ("errors<1%", Metric::Errors, Less, 0.01),
        ("ttfa_p95<300ms", percentile(FirstAudio, 95.0), Less, 0.3),
        ("ttfb_p50<1s", percentile(FirstByte, 50.0), Less, 1.0),
        ("rps>=5", Metric::RequestsPerSecond, AtLeast, 5.0),
        ("wer<10%", Metric::WordErrorRate, Less, 0.1),
        ("rtf_p95<0.5", percentile(RealTimeFactor, 95.0), Less, 0.5),
        ("rejections<5%", Metric::Rejections, Less, 0.05),
        ("max<10s", Metric::Of(Latency, Summary::Max), Less, 10.0),
        ("avg<1s", Metric::Of(Latency, Summary::Average), Less, 1.0),
        ("success>=99%", Metric::Success, AtLeast, 0.99),
        ("queue_p95<1s", percentile(QueueWait, 95.0), Less, 1.0),
        (
            "connect_min > 20 us",
            Metric::Of(Series::Connect, Summary::Min),
            Comparison::More,
            2e-5,
        ),
        (" p95 <= 1.5 m ", percentile(Latency, 95.0), AtMost, 90.0),
    ] {
        let expected = Objective {
            service: None,
            metric,
            comparison,
            bound,
        };
        assert_eq!(text.parse(), Ok(expected), "{text}");
        for service in Service::ALL {
            let restricted = format!("{service}.{}", text.trim());
            let expected = Objective {
                service: Some(service),
                ..expected
            };
            assert_eq!(restricted.parse(), Ok(expected), "{restricted}");
        }
    }
}

#[test]
fn objectives_are_written_one_way() {
    for (text, written) in [
        (" p95 < 2000 ms ", "p95<2s"),
        ("tts.ttfa_p95.0<0.3s", "tts.ttfa_p95<300ms"),
        ("p99.90<0.0005s", "p99.9<500us"),
        ("errors<=1.50%", "errors<=1.5%"),
        ("max<600s", "max<10m"),
        ("errors<=0%", "errors<=0%"),
        ("rps>=5.0", "rps>=5"),
    ] {
        assert_eq!(text.parse::<Objective>().unwrap().to_string(), written);
    }
}

#[test]
fn a_list_is_one_objective_after_the_other() {
    let list: Objectives = "p95<2s, asr.errors < 1%,rps>=5".parse().unwrap();
    let written: Vec<String> = list.iter().map(ToString::to_string).collect();
    assert_eq!(written, ["p95<2s", "asr.errors<1%", "rps>=5"]);
    assert_eq!(list.to_string(), "p95<2s,asr.errors<1%,rps>=5");
    assert_eq!((&list).into_iter().count(), list.into_iter().count());
}

#[test]
fn result_files_hold_the_text() {
    let objective: Objective = "tts.ttfa_p95<300ms".parse().unwrap();
    let json = serde_json::to_string(&objective).unwrap();
    assert_eq!(json, "\"tts.ttfa_p95<300ms\"");
    assert_eq!(serde_json::from_str::<Objective>(&json).unwrap(), objective);
    assert!(serde_json::from_str::<Objective>("\"p95\"").is_err());
}

/// A line for each mistake: the text | what the message says | which part of the text it marks |
/// part of its help.
fn check_messages(table: &str) {
    for mistake in table.lines().map(str::trim).filter(|it| !it.is_empty()) {
        let columns: Vec<&str> = mistake.split('|').map(str::trim).collect();
        let [text, problem, marked, possible] = columns[..] else {
            panic!("{mistake}");
        };
        let message = text.parse::<Objectives>().unwrap_err().to_string();
        let lines: Vec<&str> = message.lines().collect();
        let [said, shown, marks, help] = lines[..] else {
            panic!("{message}");
        };
        assert!(said.starts_with(problem), "{message}");
        assert_eq!(shown, format!("  {text}"), "{message}");
        assert!(help.contains(possible), "{message}");
        let under: String = shown
            .chars()
            .zip(marks.chars())
            .filter_map(|(shown, mark)| (mark == '^').then_some(shown))
            .collect();
        assert_eq!(under.trim(), marked.trim(), "{message}");
    }
}

#[test]
fn a_wrong_metric_or_comparison_is_pointed_at() {
    check_messages(
        "
        | an objective is missing | | p95<2s,errors<1%
        p95<2s, | an objective is missing | | p95<2s,errors<1%
        p95<2s, ,rps>5 | an objective is missing | | p95<2s,errors<1%
        <2s | a metric is missing | < | ttfa_
        latency<2s | there is no metric 'latency' | latency | p99.9 (any
        p101<2s | there is no metric 'p101' | p101 | any percentile
        p0<2s | there is no metric 'p0' | p0 | any percentile
        p1e1<2s | there is no metric 'p1e1' | p1e1 | any percentile
        pinf<2s | there is no metric 'pinf' | pinf | any percentile
        P95<2s | there is no metric 'P95' | P95 | any percentile
        tts.foo<2s | there is no metric 'foo' | foo | rejections
        llm.p95<2s | there is no service 'llm' | llm | asr, tts
        p95 | a comparison is missing | | <, <=, >, >=
        p95 2s | a comparison is missing | 2 | <, <=, >, >=
        p95==2s | there is no comparison '==' | == | <, <=, >, >=
        p95=<2s | there is no comparison '=<' | =< | <, <=, >, >=
        p95≤2s | there is no comparison '≤' | ≤ | <, <=, >, >=
        größe<2s | there is no metric 'größe' | größe | p99.9 (any
        ",
    );
}

#[test]
fn a_wrong_bound_is_pointed_at() {
    check_messages(
        "
        p95< | a number is missing | | such as 2 or 0.5
        p95<-2s | a number is missing | -2s | such as 2 or 0.5
        p95<fast | a number is missing | fast | such as 2 or 0.5
        p95<1.2.3s | '1.2.3' is no number | 1.2.3 | such as 2 or 0.5
        p95<2 | the unit is missing | | us, ms, s, m
        errors<2 | the unit is missing | | %
        p95<2x | 'x' is no unit of p95 | x | us, ms, s, m
        p95<2e3s | 'e3s' is no unit of p95 | e3s | us, ms, s, m
        p95<2% | '%' is no unit of p95 | % | us, ms, s, m
        errors<1s | 's' is no unit of errors | s | %
        rtf_p95<1s | 's' is no unit of rtf_p95 | s | the number alone
        rps>5/s | '/s' is no unit of rps | /s | the number alone
        p95<0s | p95 can't be < 0s | 0s | can keep to
        success>100% | success can't be > 100% | 100% | can keep to
        success>=101% | success can't be >= 101% | 101% | can keep to
        p95<2s,errors<1x,rps>5 | 'x' is no unit of errors | x | %
        ",
    );
}

#[test]
fn a_message_as_a_whole() {
    let error = "p95<2s,errors<1x".parse::<Objectives>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "'x' is no unit of errors\n  p95<2s,errors<1x\n                 ^\nuse one of: %"
    );
    assert_eq!(error.column(), 15);
    assert!(matches!(error.problem(), Problem::UnknownUnit { unit, .. } if unit == "x"));
}

/// Figures of a run in which the TTS was slow and no transcript was scored.
struct Run;

impl Measured for Run {
    fn value(&self, service: Option<Service>, metric: &Metric) -> Option<f64> {
        match (service, metric) {
            (Some(Service::Tts), Metric::Of(Latency, _)) => Some(2.000_3),
            (_, Metric::Of(Latency, _)) => Some(1.234_567),
            (_, Metric::Errors) => Some(0.004_567),
            (_, Metric::RequestsPerSecond) => Some(5.0),
            (_, Metric::Of(RealTimeFactor, _)) => Some(f64::NAN),
            _ => None,
        }
    }
}

#[test]
fn figures_keep_to_objectives_or_not() {
    for (text, is_held, sentence) in [
        ("p95<2s", true, "p95<2s held: 1.23s"),
        ("tts.p95<2s", false, "tts.p95<2s not held: 2.0003s"),
        ("asr.p95<1200ms", false, "asr.p95<1.2s not held: 1.23s"),
        ("errors<1%", true, "errors<1% held: 0.457%"),
        ("rps>=5", true, "rps>=5 held: 5"),
        ("rps>5", false, "rps>5 not held: 5"),
        ("wer<10%", false, "wer<10% not held: it was not measured"),
        (
            "rtf_avg<1",
            false,
            "rtf_avg<1 not held: it was not measured",
        ),
        (
            "rtf_avg>0",
            false,
            "rtf_avg>0 not held: it was not measured",
        ),
    ] {
        let objective: Objective = text.parse().unwrap();
        let verdict = objective.judge(&Run);
        assert_eq!(verdict.is_held(), is_held, "{text}");
        assert_eq!(objective.sentence(verdict), sentence);
    }
}

#[test]
fn what_was_not_measured_is_not_held() {
    let objective: Objective = "wer<10%".parse().unwrap();
    let verdict = objective.judge(&Run);
    assert_eq!(verdict, Verdict::Unmeasured);
    assert!(!verdict.is_held());
    assert_eq!(verdict.to_string(), "not held: it was not measured");
}

/// A line end in what is quoted would make the message's four lines five, and an escape
/// sequence would reach the terminal.
#[test]
fn what_an_error_quotes_stays_on_its_line() {
    for (text, quoted) in [
        ("errors<1e9\n<", r"'e9\n<' is no unit of errors"),
        ("p95<1\x1b[2J", r"'\u{1b}[2J' is no unit of p95"),
        ("errors<1\u{202e}%", r"'\u{202e}%' is no unit of errors"),
    ] {
        let message = text.parse::<Objectives>().unwrap_err().to_string();
        let lines: Vec<_> = message.lines().collect();
        assert_eq!(lines.len(), 4, "{message}");
        assert_eq!(lines[0], quoted);
        assert!(
            !message
                .replace('\n', "")
                .contains(crate::quote::is_unprintable)
        );
    }
}
