//! Comparisons of runs whose difference is known.

use crate::exchange::{Exchange, Outcome, Refusal};
use crate::exit::Ending;
use crate::mode::testing::{document, exchange};
use crate::report::document::Document;
use crate::score::wer::Score;
use crate::service::Service;

use super::judgement::{Line, Rules, Test, Verdict};
use super::{Comparison, compare, runs, table};
use crate::report::terminal::Palette;

const RULES: Rules = Rules {
    alpha: 0.01,
    at_least: 0.05,
};

/// Latencies with a long tail, the same for the same seed, without two that are equal.
fn latencies(count: u64, seed: u64) -> impl Iterator<Item = f64> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    (0..count).map(move |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let uniform = (state >> 33) as f64 / (1_u64 << 31) as f64;
        1.0 - 0.2 * (1.0 - uniform).ln()
    })
}

fn exchanges(count: u64, seed: u64, factor: f64) -> Vec<Exchange> {
    let values = (0..).zip(latencies(count, seed));
    values
        .map(|(number, it)| exchange(number, it * factor))
        .collect()
}

fn run(count: u64, seed: u64, factor: f64) -> Document {
    document(exchanges(count, seed, factor))
}

/// Every `every`-th request ends like this instead.
fn with(mut exchanges: Vec<Exchange>, every: usize, outcome: &Outcome) -> Document {
    for exchange in exchanges.iter_mut().step_by(every) {
        exchange.outcome = outcome.clone();
    }
    document(exchanges)
}

fn compared(base: &Document, new: &Document) -> Comparison {
    compare(base, new, RULES).unwrap()
}

fn line<'a>(comparison: &'a Comparison, figure: &str) -> &'a Line {
    let lines = &comparison.services[0].lines;
    lines.iter().find(|it| it.figure == figure).unwrap()
}

fn failed() -> Outcome {
    Outcome::Failed {
        status: Some(500),
        message: "broken".into(),
    }
}

#[test]
fn a_run_is_equal_to_itself() {
    let comparison = compared(&run(400, 1, 1.0), &run(400, 1, 1.0));
    assert_eq!(line(&comparison, "latency p50").verdict, Verdict::Equal);
    let shares = ["errors", "rejections", "success"].map(|it| line(&comparison, it).verdict);
    assert_eq!(shares, [Verdict::NotFound; 3]);
    assert_eq!(comparison.warnings, [""; 0]);
    assert_eq!(comparison.ending(), Ending::Held);
}

#[test]
fn two_runs_of_the_same_service_are_no_regression() {
    for seed in 2..12 {
        let comparison = compared(&run(300, 1, 1.0), &run(300, seed, 1.0));
        assert_eq!(comparison.ending(), Ending::Held, "{seed}");
    }
}

#[test]
fn a_service_that_is_15_percent_slower_is_a_regression() {
    let comparison = compared(&run(400, 1, 1.0), &run(400, 2, 1.15));
    let p50 = line(&comparison, "latency p50");
    assert_eq!(p50.verdict, Verdict::Worse, "{p50:?}");
    assert!(p50.ratio.unwrap().contains(1.15), "{p50:?}");
    assert_eq!(p50.test, Some(Test::MannWhitney));
    assert_eq!(
        line(&comparison, "real-time factor p50").verdict,
        Verdict::Worse
    );
    assert_eq!(comparison.ending(), Ending::Broken);
    let text = table::render(&comparison, Palette::new(false));
    assert!(text.contains("worse: +1"), "{text}");
}

#[test]
fn a_faster_service_is_none() {
    let comparison = compared(&run(400, 1, 1.15), &run(400, 2, 1.0));
    assert_eq!(line(&comparison, "latency p50").verdict, Verdict::Better);
    assert_eq!(comparison.ending(), Ending::Held);
}

#[test]
fn what_is_real_but_small_is_no_regression() {
    let comparison = compared(&run(4_000, 1, 1.0), &run(4_000, 2, 1.03));
    let p50 = line(&comparison, "latency p50");
    assert_eq!(p50.verdict, Verdict::Small, "{p50:?}");
    assert_eq!(comparison.ending(), Ending::Held);
}

#[test]
fn one_stall_is_not_taken_for_a_slower_service() {
    // A fifth of the run, all at once: to the ranks that is 80 slow requests.
    let mut stalled = exchanges(400, 1, 1.0);
    for exchange in &mut stalled[100..180] {
        exchange.total *= 3;
        exchange.first_byte = Some(exchange.total);
    }
    let comparison = compared(&run(400, 1, 1.0), &document(stalled));
    let p50 = line(&comparison, "latency p50");
    assert_eq!(p50.verdict, Verdict::OnlyTest, "{p50:?}");
}

#[test]
fn more_errors_are_a_regression_from_none_too() {
    let broken = with(exchanges(400, 2, 1.0), 10, &failed());
    let comparison = compared(&run(400, 1, 1.0), &broken);
    let errors = line(&comparison, "errors");
    assert_eq!(errors.verdict, Verdict::Worse, "{errors:?}");
    assert_eq!((errors.base, errors.ratio), (Some(0.0), None));
    assert_eq!(errors.test, Some(Test::TwoProportions));
    assert_eq!(line(&comparison, "rejections").verdict, Verdict::NotFound);
    assert_eq!(line(&comparison, "success").verdict, Verdict::Worse);
    assert_eq!(comparison.ending(), Ending::Broken);
    assert_eq!(compared(&broken, &run(400, 1, 1.0)).ending(), Ending::Held);
}

#[test]
fn rejections_are_counted_apart() {
    let refusal = Outcome::Rejected(Refusal {
        status: 503,
        code: "queue_full".into(),
        message: "full".into(),
        retry_after_seconds: Some(1),
    });
    let full = with(exchanges(60, 2, 1.0), 4, &refusal);
    let comparison = compared(&run(60, 1, 1.0), &full);
    assert_eq!(line(&comparison, "rejections").verdict, Verdict::Worse);
    assert_eq!(line(&comparison, "errors").verdict, Verdict::NotFound);
}

#[test]
fn wrong_words_are_a_regression() {
    let heard = |errors| {
        let mut exchanges = exchanges(200, 1, 1.0);
        for (index, exchange) in exchanges.iter_mut().enumerate() {
            exchange.score = Some(Score {
                errors: errors + index % 2,
                words: 20,
                ..Score::default()
            });
        }
        document(exchanges)
    };
    let comparison = compared(&heard(1), &heard(3));
    assert_eq!(line(&comparison, "word error rate").verdict, Verdict::Worse);
}

#[test]
fn too_few_values_are_not_taken_for_equal() {
    let comparison = compared(&run(4, 1, 1.0), &run(4, 2, 5.0));
    for line in &comparison.services[0].lines {
        assert!(matches!(line.verdict, Verdict::TooFew { .. }), "{line:?}");
        assert_eq!((line.ratio, line.p_value), (None, None));
    }
    assert_eq!(comparison.ending(), Ending::Usage);
    // Half of a hundred lie on either side of the median, but only five beyond p95.
    let comparison = compared(&run(100, 1, 1.0), &run(100, 1, 1.0));
    assert_eq!(
        line(&comparison, "latency p95").verdict,
        Verdict::TooFew { needed: 104 }
    );
    assert_ne!(
        line(&comparison, "latency p50").verdict,
        Verdict::TooFew { needed: 8 }
    );
}

#[test]
fn different_services_are_refused() {
    let mut other = exchanges(10, 1, 1.0);
    for exchange in &mut other {
        exchange.service = Service::Tts;
    }
    let refused = compare(&run(10, 1, 1.0), &document(other), RULES).unwrap_err();
    assert!(
        refused.contains("ASR") && refused.contains("TTS"),
        "{refused}"
    );
}

#[test]
fn runs_that_were_made_in_other_ways_get_a_warning() {
    let base = run(20, 1, 1.0);
    let mut new = run(20, 2, 1.0);
    new.command = "--json b.json --workers 1"
        .split(' ')
        .map(String::from)
        .collect();
    assert_eq!(
        compared(&base, &new).warnings.len(),
        0,
        "only the file differs"
    );
    new.arrivals = "4 clients that wait for their answers".into();
    new.command = "--workers 4 --json=b.json"
        .split(' ')
        .map(String::from)
        .collect();
    new.services[0].exchanges[0].sample = "another".into();
    new.generator.is_bottleneck = true;
    let warnings = compared(&base, &new).warnings;
    assert_eq!(warnings.len(), 4, "{warnings:?}");
    assert_eq!(
        warnings[1],
        "the commands differ: --workers 1 | --workers 4"
    );
}

#[test]
fn other_forms_are_refused_by_name() {
    assert_eq!(runs::check_form(Some("voice-stack-load/1")), Ok(()));
    let newer = runs::check_form(Some("voice-stack-load/2")).unwrap_err();
    assert!(newer.contains("'voice-stack-load/2'"), "{newer}");
    assert!(runs::check_form(None).is_err());
}

#[test]
fn files_are_read_or_refused_with_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let whole = serde_json::to_string(&run(5, 1, 1.0)).unwrap();
    let good = write("good.json", &whole);
    assert_eq!(runs::read(&good).unwrap().services[0].exchanges.len(), 5);
    for (name, text) in [
        ("other.json", r#"{"schema": "voice-stack-load/capacity/1"}"#),
        ("none.json", "{}"),
        ("text.json", "p95"),
        ("short.json", r#"{"schema": "voice-stack-load/1"}"#),
    ] {
        let refused = runs::read(&write(name, text)).unwrap_err().to_string();
        assert!(refused.contains(name), "{refused}");
    }
}

#[test]
fn the_names_of_what_a_service_said_meanwhile_are_those_of_the_schema() {
    let mut run = document(vec![exchange(0, 1.0)]);
    run.services[0].samples = vec![crate::watch::ServerSample::default()];
    let json = serde_json::to_value(&run).unwrap();
    assert_eq!(json["services"][0]["sights"][0]["at_seconds"], 0.0);
    let read: Document = serde_json::from_value(json).unwrap();
    assert_eq!(read.services[0].samples, run.services[0].samples);
}
