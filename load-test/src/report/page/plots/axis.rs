//! From values to places, and the labels of an axis.

use super::ticks;

/// The most parts into which ticks divide an axis.
const PARTS: u32 = 5;
/// Ticks of a logarithmic axis.
const MOST_DECADES: usize = 7;
/// From this many times the median on, the greatest value leaves no room to the others.
const TOO_LONG_A_TAIL: f64 = 20.0;
/// Latencies of a logarithmic axis begin here: it has no zero.
const LEAST_SECONDS: f64 = 1e-5;

/// What an axis measures; decides the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// Seconds that something took.
    Latency,
    /// Seconds since the beginning of the run.
    Run,
    /// Memory, in bytes.
    Bytes,
    /// Whole numbers of things.
    Count,
    /// Things a second.
    PerSecond,
    /// Processor cores.
    Cores,
    /// A ratio, written as percent.
    Share,
}

/// What the numbers of an axis are written in.
struct Unit {
    size: f64,
    name: &'static str,
}

const KIBI: f64 = 1024.0;

impl Quantity {
    fn unit(self, most: f64) -> Unit {
        let (size, name) = match self {
            Self::Latency => match most {
                ..0.001 => (1e-6, " µs"),
                ..1.0 => (1e-3, " ms"),
                _ => (1.0, " s"),
            },
            Self::Run => match most {
                ..180.0 => (1.0, " s"),
                ..10_800.0 => (60.0, " min"),
                _ => (3600.0, " h"),
            },
            Self::Bytes if most < KIBI * KIBI * KIBI => (KIBI * KIBI, " MiB"),
            Self::Bytes => (KIBI * KIBI * KIBI, " GiB"),
            Self::Count if most < 10_000.0 => (1.0, ""),
            Self::Count => (1000.0, "k"),
            Self::PerSecond => (1.0, "/s"),
            Self::Cores => (1.0, ""),
            Self::Share => (0.01, "%"),
        };
        Unit { size, name }
    }
}

/// One tick.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    /// Where it is, as a share of the axis.
    pub share: f64,
    /// What is written there.
    pub label: String,
}

/// An axis.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    scale: Scale,
    /// Its ticks, from the low end to the high one.
    pub ticks: Vec<Tick>,
}

#[derive(Debug, Clone, Copy)]
enum Scale {
    /// Begins at zero.
    Linear {
        high: f64,
    },
    Logarithmic {
        low: f64,
        high: f64,
    },
    /// For shares below one: 0.9, 0.99 and 0.999 are equally far apart.
    Tail {
        nines: f64,
    },
}

impl Axis {
    /// From zero to a round number that is not below `most`.
    pub(crate) fn from_zero(quantity: Quantity, most: f64) -> Self {
        let unit = quantity.unit(most);
        // Where all is zero there still is an axis.
        let most = if most > 0.0 { most / unit.size } else { 1.0 };
        let mut step = ticks::step(most, PARTS);
        if quantity == Quantity::Count && unit.size <= 1.0 {
            step = step.max(1.0);
        }
        let high = (most / step * (1.0 - 1e-9)).ceil().max(1.0) * step;
        Self::linear(&unit, step, high)
    }

    /// From zero to the end of the run, wherever that is.
    pub(crate) fn of_run(seconds: f64) -> Self {
        let unit = Quantity::Run.unit(seconds);
        let high = seconds / unit.size;
        Self::linear(&unit, ticks::step(high, PARTS), high)
    }

    /// From 0 to 100 %.
    pub(crate) fn of_shares() -> Self {
        Self::linear(&Quantity::Share.unit(1.0), 20.0, 100.0)
    }

    fn linear(unit: &Unit, step: f64, high: f64) -> Self {
        let decimals = ticks::decimals(step);
        let ticks = ticks::multiples(step, high).into_iter();
        let ticks = ticks.map(|it| Tick {
            share: it / high,
            label: match it {
                0.0 => format!("0{}", unit.name),
                _ => format!("{it:.decimals$}{}", unit.name),
            },
        });
        Self {
            ticks: ticks.collect(),
            scale: Scale::Linear {
                high: high * unit.size,
            },
        }
    }

    /// For these latencies in seconds: logarithmic if the slowest would leave no room to the
    /// others.
    pub(crate) fn of_latencies(latencies: &[f64]) -> Self {
        let mut sorted = latencies.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let [Some(least), Some(median), Some(most)] =
            [sorted.first(), sorted.get(sorted.len() / 2), sorted.last()]
                .map(Option::<&f64>::copied)
        else {
            return Self::from_zero(Quantity::Latency, 0.0);
        };
        let (low, median) = (least.max(LEAST_SECONDS), median.max(LEAST_SECONDS));
        if most <= median * TOO_LONG_A_TAIL {
            return Self::from_zero(Quantity::Latency, most);
        }
        let rounds = ticks::decades(low, most, MOST_DECADES);
        let scale = Scale::Logarithmic {
            low: rounds[0],
            high: rounds[rounds.len() - 1],
        };
        let ticks = rounds.into_iter().map(|it| {
            let unit = Quantity::Latency.unit(it * (1.0 + 1e-9));
            Tick {
                share: scale.share(it),
                label: format!("{:.0}{}", it / unit.size, unit.name),
            }
        });
        Self {
            ticks: ticks.collect(),
            scale,
        }
    }

    /// Percentiles of `count` values; stretches the tail up to the last of them.
    pub(crate) fn of_percentiles(count: usize) -> Self {
        let nines = (2.0 * count as f64).log10().max(1.0);
        let scale = Scale::Tail { nines };
        let named: [(f64, &str); 7] = [
            (0.5, "p50"),
            (0.9, "p90"),
            (0.99, "p99"),
            (0.999, "p99.9"),
            (0.9999, "p99.99"),
            (0.999_99, "p99.999"),
            (0.999_999, "p99.9999"),
        ];
        let within = named
            .into_iter()
            .filter(|(share, _)| -(1.0 - share).log10() <= nines + 1e-9);
        let ticks = within.map(|(share, label)| Tick {
            share: scale.share(share),
            label: label.into(),
        });
        Self {
            ticks: ticks.collect(),
            scale,
        }
    }

    /// Where a finite value is, as a share of the axis.
    pub(crate) fn share(&self, value: f64) -> f64 {
        self.scale.share(value)
    }

    /// Whether equal distances are equal ratios.
    pub(crate) fn is_logarithmic(&self) -> bool {
        matches!(self.scale, Scale::Logarithmic { .. })
    }
}

impl Scale {
    fn share(self, value: f64) -> f64 {
        let share = match self {
            Self::Linear { high } => value / high,
            Self::Logarithmic { low, high } => {
                (value.max(low) / low).log10() / (high / low).log10()
            }
            Self::Tail { nines } => -(1.0 - value.clamp(0.0, 1.0)).log10() / nines,
        };
        share.clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests;
