//! Any objective that is written is read again as it was, and no text makes the parser panic.

use proptest::prelude::*;

use super::metric::Percentile;
use super::*;

fn metric() -> impl Strategy<Value = Metric> {
    let summary = prop_oneof![
        (1..=100_000_u32).prop_map(|it| {
            Summary::Percentile(Percentile::new(f64::from(it) / 1_000.0).unwrap())
        }),
        (f64::MIN_POSITIVE..=100.0)
            .prop_map(|it| { Summary::Percentile(Percentile::new(it).unwrap()) }),
        Just(Summary::Average),
        Just(Summary::Min),
        Just(Summary::Max),
    ];
    prop_oneof![
        (proptest::sample::select(Series::ALL.to_vec()), summary)
            .prop_map(|(series, summary)| Metric::Of(series, summary)),
        Just(Metric::Errors),
        Just(Metric::Rejections),
        Just(Metric::Success),
        Just(Metric::RequestsPerSecond),
        Just(Metric::WordErrorRate),
    ]
}

/// Up to 1, since shares can't be more, or anything for the others.
fn objective() -> impl Strategy<Value = Objective> {
    let service = proptest::option::of(proptest::sample::select(Service::ALL.to_vec()));
    let comparison = proptest::sample::select(Comparison::ALL.to_vec());
    let bound = prop_oneof![
        (1..1_000_u32).prop_map(|it| f64::from(it) / 1_000.0),
        f64::MIN_POSITIVE..1.0,
        1.0..1e6_f64,
        any::<f64>().prop_map(f64::abs),
    ];
    let parts = (service, metric(), comparison, bound);
    parts.prop_filter_map("possible", |(service, metric, comparison, bound)| {
        let is_share = matches!(
            metric,
            Metric::Errors | Metric::Rejections | Metric::Success
        );
        let is_possible = bound.is_finite() && bound > 0.0 && !(is_share && bound >= 1.0);
        is_possible.then_some(Objective {
            service,
            metric,
            comparison,
            bound,
        })
    })
}

/// Nearly objectives.
fn scraps() -> impl Strategy<Value = String> {
    let scrap = proptest::sample::select(vec![
        "p95", "p", "ttfa_", "rtf_", "errors", "wer", "max", "asr", "tts", ".", ",", "<", "<=",
        ">", "=", "≤", "2", "0.5", "99.9", "s", "ms", "%", "m", " ", "\t", "\n", "\u{a0}", "ü",
        "字", "\u{301}", "-", "_", "1e9",
    ]);
    proptest::collection::vec(scrap, 0..12).prop_map(|scraps| scraps.concat())
}

fn check_reading(text: &str) -> Result<(), TestCaseError> {
    match text.parse::<Objectives>() {
        Ok(objectives) => {
            let again = objectives.to_string().parse();
            prop_assert_eq!(again, Ok(objectives));
        }
        Err(error) => {
            let message = error.to_string();
            prop_assert_eq!(message.lines().count(), 4, "{}", message);
            prop_assert!(error.column() <= text.chars().count());
        }
    }
    let _ = text.parse::<Objective>();
    Ok(())
}

proptest! {
    #[test]
    fn what_is_written_reads_as_the_same_objective(objective in objective()) {
        let text = objective.to_string();
        prop_assert_eq!(text.parse(), Ok(objective), "{}", text);
    }

    #[test]
    fn lists_too(objectives in proptest::collection::vec(objective(), 1..5)) {
        let objectives = Objectives(objectives);
        let text = objectives.to_string();
        prop_assert_eq!(text.parse(), Ok(objectives), "{}", text);
    }

    #[test]
    fn any_text_is_understood_or_answered(text: String) {
        check_reading(&text)?;
    }

    #[test]
    fn so_is_what_looks_like_an_objective(text in scraps()) {
        check_reading(&text)?;
    }

    #[test]
    fn a_verdict_is_what_the_comparison_says(objective in objective(), value in 0.0..10.0_f64) {
        struct Fixed(f64);
        impl Measured for Fixed {
            fn value(&self, _: Option<Service>, _: &Metric) -> Option<f64> {
                Some(self.0)
            }
        }
        let verdict = objective.judge(&Fixed(value));
        let holds = objective.comparison().holds(value, objective.bound());
        prop_assert_eq!(verdict.is_held(), holds);
        let word = if holds { " held: " } else { " not held: " };
        prop_assert!(objective.sentence(verdict).contains(word));
    }
}
