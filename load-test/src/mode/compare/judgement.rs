//! Whether a difference is real, and whether it matters.
//!
//! A difference is real when two different looks at the data find it: a test (ranks for
//! values, counts for shares), which takes requests for independent, and the block bootstrap,
//! which doesn't. Where one of them alone finds something, nothing is claimed.

use serde::Serialize;

use super::figure::{Figure, Unit};
use crate::statistics::Interval;
use crate::statistics::bootstrap::{Bootstrap, Change};
use crate::statistics::proportion::{Method, Occurrence, ProportionTest};
use crate::statistics::rank_test::RankTest;

/// What counts as a difference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Rules {
    /// How often a difference may be found where there is none.
    pub(super) alpha: f64,
    /// As a ratio: a smaller difference doesn't matter.
    pub(super) at_least: f64,
}

/// One figure of both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Line {
    /// Its name.
    pub(super) figure: &'static str,
    /// What it is measured in.
    pub(super) unit: Unit,
    /// Values that it was made of, in each run.
    pub(super) values: [usize; 2],
    /// Its value in the first run.
    pub(super) base: Option<f64>,
    /// Its value in the second run.
    pub(super) new: Option<f64>,
    /// `new / base` with its interval; `None` where `base` is 0.
    pub(super) ratio: Option<Interval>,
    /// `new - base` with its interval.
    pub(super) difference: Option<Interval>,
    /// What the test says.
    pub(super) p_value: Option<f64>,
    /// Which test it was.
    pub(super) test: Option<Test>,
    /// Whether the difference is real, and matters.
    pub(super) verdict: Verdict,
    /// The same in words.
    pub(super) sentence: String,
}

/// Where a p value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Test {
    MannWhitney,
    Fisher,
    TwoProportions,
}

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Verdict {
    /// A real difference to the worse: a regression.
    Worse,
    /// A real difference to the better.
    Better,
    /// A real difference that is too small to matter.
    Small,
    /// The test finds a difference, the bootstrap doesn't: it may be one stall.
    OnlyTest,
    /// The bootstrap finds a difference, the test doesn't: it may be in the tail alone.
    OnlyInterval,
    /// No difference that would matter is left possible.
    Equal,
    /// None was found. There may be one.
    NotFound,
    /// Nothing can be said.
    TooFew {
        /// The values that it takes, in each run.
        needed: usize,
    },
}

/// What a test says.
struct Tested {
    p_value: f64,
    test: Test,
    /// Where the values of the new run lie: above those of the base, or below.
    is_more: bool,
}

impl Line {
    /// Compares the values of two runs, in the order of their requests.
    pub(super) fn of(figure: Figure, base: &[f64], new: &[f64], rules: Rules) -> Self {
        let bootstrap = Bootstrap {
            confidence: 1.0 - rules.alpha,
            ..Bootstrap::default()
        };
        let needed = needed(figure, base.len(), new.len(), bootstrap.confidence);
        let change = bootstrap.compare(base, new, figure.statistic);
        let tested = tested(figure, base, new);
        let (is_compared, verdict) = match (&change, &tested) {
            (Some(change), Some(tested)) if base.len().min(new.len()) >= needed => {
                (true, verdict(figure, change, tested, rules))
            }
            _ => (false, Verdict::TooFew { needed }),
        };
        // An interval that doesn't mean anything isn't shown either.
        let (change, tested) = (
            change.filter(|_| is_compared),
            tested.filter(|_| is_compared),
        );
        let mut line = Self {
            figure: figure.name,
            unit: figure.unit,
            values: [base.len(), new.len()],
            base: figure.statistic.of(base),
            new: figure.statistic.of(new),
            ratio: change.and_then(|it| it.ratio),
            difference: change.map(|it| it.difference),
            p_value: tested.as_ref().map(|it| it.p_value),
            test: tested.as_ref().map(|it| it.test),
            verdict,
            sentence: String::new(),
        };
        line.sentence = line.in_words(rules);
        line
    }

    fn in_words(&self, rules: Rules) -> String {
        let matters = 100.0 * rules.at_least;
        match self.verdict {
            Verdict::Worse => format!("worse{}", self.by()),
            Verdict::Better => format!("better{}", self.by()),
            Verdict::Small => format!("real, but less than {matters} %"),
            Verdict::OnlyTest => format!("unclear: {} alone differ", self.looked_at()),
            Verdict::OnlyInterval => {
                format!(
                    "unclear: the interval alone says so, not {}",
                    self.looked_at()
                )
            }
            Verdict::Equal => format!("no difference of {matters} % or more"),
            Verdict::NotFound => match self.ratio {
                Some(Interval { low, high, .. }) if high > low => format!(
                    "none found; {:+.0} % to {:+.0} % possible",
                    100.0 * (low - 1.0),
                    100.0 * (high - 1.0)
                ),
                _ => "none found".into(),
            },
            Verdict::TooFew { needed } => format!(
                "too few values: {} and {}, it takes {needed}",
                self.values[0], self.values[1]
            ),
        }
    }

    fn looked_at(&self) -> &'static str {
        if self.unit == Unit::Share {
            "the counts"
        } else {
            "the ranks"
        }
    }

    /// By how much, where that can be said in percent.
    fn by(&self) -> String {
        let percent = self.ratio.map(|it| 100.0 * (it.estimate - 1.0));
        percent.map_or_else(String::new, |it| format!(": {it:+.1} %"))
    }
}

/// How many values both runs need for anything to be found at all.
fn needed(figure: Figure, base: usize, new: usize, confidence: f64) -> usize {
    let for_interval = figure.statistic.needed_values(confidence);
    if figure.unit != Unit::Share {
        return for_interval;
    }
    let alpha = 1.0 - confidence;
    if ProportionTest::could_tell(base as u64, new as u64, alpha) {
        return for_interval;
    }
    // With so few in one run, many in the other can make up for it, but that is no advice.
    let mut both = for_interval;
    while !ProportionTest::could_tell(both as u64, both as u64, alpha) {
        both += 1;
    }
    both
}

fn tested(figure: Figure, base: &[f64], new: &[f64]) -> Option<Tested> {
    if figure.unit != Unit::Share {
        let ranks = RankTest::of(base, new)?;
        return Some(Tested {
            p_value: ranks.p_value,
            test: Test::MannWhitney,
            is_more: ranks.new_is_larger > 0.5,
        });
    }
    let occurrence = |values: &[f64]| Occurrence {
        count: values.iter().filter(|it| **it > 0.0).count() as u64,
        of: values.len() as u64,
    };
    let (base, new) = (occurrence(base), occurrence(new));
    let counts = ProportionTest::of(base, new)?;
    Some(Tested {
        p_value: counts.p_value,
        test: match counts.method {
            Method::Fisher => Test::Fisher,
            Method::TwoProportions => Test::TwoProportions,
        },
        is_more: new.share() > base.share(),
    })
}

fn verdict(figure: Figure, change: &Change, tested: &Tested, rules: Rules) -> Verdict {
    let excludes_none = match change.ratio {
        Some(ratio) => !ratio.contains(1.0),
        None => !change.difference.contains(0.0),
    };
    let is_more = change.new > change.base;
    match (excludes_none, tested.p_value < rules.alpha) {
        // Where the middle of the values went one way and the tail the other, no one word fits.
        (true, true) if tested.is_more == is_more => {
            if !matters(change, rules) {
                Verdict::Small
            } else if is_more == figure.is_more_better {
                Verdict::Better
            } else {
                Verdict::Worse
            }
        }
        (true, _) => Verdict::OnlyInterval,
        (false, true) => Verdict::OnlyTest,
        (false, false) if figure.unit != Unit::Share && is_narrow(change, rules) => Verdict::Equal,
        (false, false) => Verdict::NotFound,
    }
}

/// Whether a difference is as large as it has to be. What was 0 and isn't any more always is.
fn matters(change: &Change, rules: Rules) -> bool {
    // 1.15 / 1.0 - 1.0 is 0.1499..., and is meant to be 15 %.
    let least = rules.at_least - 1e-9;
    change.base <= 0.0 || (change.new / change.base - 1.0).abs() >= least
}

/// Whether no difference that would matter is left possible.
fn is_narrow(change: &Change, rules: Rules) -> bool {
    change
        .ratio
        .is_some_and(|it| it.low > 1.0 - rules.at_least && it.high < 1.0 + rules.at_least)
}
