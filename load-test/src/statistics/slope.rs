//! Whether something grows: the trend of a time series, such as memory during a soak.
//!
//! The slope is Theil and Sen's: the median of the slopes of all pairs of points. A peak, or
//! a reading that is wrong, doesn't move it.
//!
//! Its interval has to be honest about memory being where it was a minute ago: a series that
//! wanders looks like a trend to any formula that takes its points for independent. So the
//! residuals are taken apart into what follows from the one before and what is new
//! (an autoregression of order 1), the new part is resampled in blocks, and series are put
//! together from it that wander as much as the measured one but have no trend. How far their
//! slopes are from zero is how far the estimate may be off ("post-blackening", Davison and
//! Hinkley, "Bootstrap Methods and their Application", 1997, chapter 8).
//!
//! What this can't know: a single step, such as a model that is loaded in the middle, is a
//! slope too. And a series that is nearly a random walk over the whole time is called a trend
//! about twice as often as it should be. A longer soak tells them from a leak.

use super::random::Random;
use super::{Interval, blocks, percentile};

/// One reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    /// When, from any start.
    pub seconds: f64,
    /// How much, in any unit.
    pub value: f64,
}

/// How to look for a trend. The default is what reports are made with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Trend {
    /// Share of the time at the start that is left out, from 0 to below 1: a service that
    /// loads models and fills caches grows, and that is no leak.
    pub warm_up_share: f64,
    /// Share of the resamples that the interval spans, between 0 and 1.
    pub confidence: f64,
    /// How many series are put together.
    pub resamples: usize,
    /// The same seed makes the same series.
    pub seed: u64,
}

impl Default for Trend {
    fn default() -> Self {
        Self {
            warm_up_share: 0.1,
            confidence: 0.95,
            resamples: 1_000,
            seed: 1,
        }
    }
}

/// A trend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slope {
    /// Growth in units of the values per hour.
    pub per_hour: Interval,
    /// How long the time is that it was seen in, without the warm-up.
    pub seconds: f64,
}

/// What the data say about a slope and its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It is larger.
    Over,
    /// It is not larger.
    Under,
    /// It may be either: the time was too short or the values wander too much.
    Undecided,
}

/// The fewest points whose residuals say something about their dependence.
const MIN_POINTS: usize = 12;
/// More points are brought together: all pairs are looked at in each resample.
const MAX_POINTS: usize = 200;
/// How many points a series runs before it is used, to be anywhere where it can be. With the
/// longest memories more is left of its start, but a level isn't a slope.
const RUN_UP: usize = 300;

impl Trend {
    /// Finds the slope of points in any order. `None` for fewer than 12 points after the
    /// warm-up, points that aren't finite or all of one time, and settings out of range.
    pub(crate) fn of(&self, points: &[Point]) -> Option<Slope> {
        let is_possible = (0.0..1.0).contains(&self.warm_up_share)
            && self.confidence > 0.0
            && self.confidence < 1.0
            && points
                .iter()
                .all(|point| point.seconds.is_finite() && point.value.is_finite());
        if !is_possible {
            return None;
        }
        let points = without_warm_up(points, self.warm_up_share);
        let seconds = points.last()?.seconds - points.first()?.seconds;
        if points.len() < MIN_POINTS || seconds <= 0.0 {
            return None;
        }
        let mut pairs = Pairs::new(&thinned(&points, MAX_POINTS))?;
        let slope = pairs.slope_of(&pairs.values.clone());
        let mut residuals = Residuals::new(&pairs, slope);
        let mut random = Random::new(self.seed);
        let resampled = (0..self.resamples)
            // Where the series without a trend has one, the estimate is off by as much.
            .map(|_| slope - pairs.slope_of(residuals.resample(&mut random)))
            .collect();
        let per_second = Interval::of_resamples(slope, resampled, self.confidence)?;
        Some(Slope {
            per_hour: Interval {
                estimate: per_second.estimate * 3_600.0,
                low: per_second.low * 3_600.0,
                high: per_second.high * 3_600.0,
            },
            seconds,
        })
    }
}

impl Slope {
    /// Whether the slope is over or under a bound in units per hour, with half of what the
    /// interval leaves out as the risk of being wrong.
    pub(crate) fn against(&self, bound_per_hour: f64) -> Proof {
        if self.per_hour.low > bound_per_hour {
            Proof::Over
        } else if self.per_hour.high <= bound_per_hour {
            Proof::Under
        } else {
            Proof::Undecided
        }
    }
}

/// In the order of time, from the end of the warm-up on.
fn without_warm_up(points: &[Point], share: f64) -> Vec<Point> {
    let mut points = points.to_vec();
    points.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    if let (Some(first), Some(last)) = (points.first(), points.last()) {
        let start = first.seconds + share * (last.seconds - first.seconds);
        points.retain(|point| point.seconds >= start);
    }
    points
}

/// At most `count` points: the median of what was read in each of that many equal times.
fn thinned(points: &[Point], count: usize) -> Vec<Point> {
    let [
        Point { seconds: first, .. },
        ..,
        Point { seconds: last, .. },
    ] = points
    else {
        return points.to_vec();
    };
    if points.len() <= count {
        return points.to_vec();
    }
    let bin = |point: &Point| {
        let place = (point.seconds - first) / (last - first) * count as f64;
        (place as usize).min(count - 1)
    };
    points
        .chunk_by(|one, other| bin(one) == bin(other))
        .filter_map(|together| {
            let of = |part: fn(&Point) -> f64| together.iter().map(part).collect::<Vec<_>>();
            Some(Point {
                seconds: percentile::mean(&of(|point| point.seconds))?,
                value: percentile::median(&of(|point| point.value))?,
            })
        })
        .collect()
}

/// All pairs of points, and room for their slopes.
struct Pairs {
    seconds: Vec<f64>,
    values: Vec<f64>,
    slopes: Vec<f64>,
}

impl Pairs {
    /// `None` if no two points differ in time.
    fn new(points: &[Point]) -> Option<Self> {
        let pairs = Self {
            seconds: points.iter().map(|point| point.seconds).collect(),
            values: points.iter().map(|point| point.value).collect(),
            slopes: Vec::new(),
        };
        (pairs.seconds.first()? < pairs.seconds.last()?).then_some(pairs)
    }

    /// The median slope, per second, of other values at the same times.
    fn slope_of(&mut self, values: &[f64]) -> f64 {
        self.slopes.clear();
        for (index, (start, value)) in self.seconds.iter().zip(values).enumerate() {
            let later = self.seconds[index + 1..].iter().zip(&values[index + 1..]);
            self.slopes.extend(
                later
                    .filter(|(end, _)| *end > start)
                    .map(|(end, later)| (later - value) / (end - start)),
            );
        }
        percentile::interpolated_in_place(&mut self.slopes, 0.5)
            .expect("two points differ in time, so there is a pair")
    }
}

/// What is left of a series without its trend, as a process that can be run again.
struct Residuals {
    /// How much of a residual is left in the next one, from 0 to 1.
    memory: f64,
    /// What is new in each residual.
    innovations: Vec<f64>,
    block: usize,
    resampled: Vec<f64>,
}

impl Residuals {
    fn new(pairs: &Pairs, slope: f64) -> Self {
        let start = pairs.seconds[0];
        let residuals: Vec<f64> = pairs
            .seconds
            .iter()
            .zip(&pairs.values)
            .map(|(seconds, value)| value - slope * (seconds - start))
            .collect();
        let middle = percentile::mean(&residuals).unwrap_or_default();
        let count = residuals.len() as f64;
        let memory = cautious_memory(blocks::correlation_of_neighbours(&residuals), count);
        let innovations: Vec<f64> = residuals
            .windows(2)
            .map(|pair| (pair[1] - middle) - memory * (pair[0] - middle))
            .collect();
        let centre = percentile::mean(&innovations).unwrap_or_default();
        // Level, slope and memory were fitted: the residuals are too small by as much. And their
        // spread is itself an estimate, for which Student's t stands further out than the normal
        // distribution, by 1 + (z^2 + 1) / (4 * degrees of freedom), where z is about 2.
        let degrees_of_freedom = count - 3.0;
        let scale = (count / degrees_of_freedom).sqrt() * (1.0 + 1.25 / degrees_of_freedom);
        Self {
            memory,
            block: blocks::length_where_seen(&innovations),
            innovations: innovations.iter().map(|it| (it - centre) * scale).collect(),
            resampled: Vec::new(),
        }
    }

    /// A series that wanders like the measured one, without a trend.
    fn resample(&mut self, random: &mut Random) -> &[f64] {
        let count = self.innovations.len();
        let wanted = count + 1;
        let mut value = 0.0;
        self.resampled.clear();
        // The first rounds bring the series to where it could be at any time.
        while self.resampled.len() < RUN_UP + wanted {
            blocks::draw(count, self.block, random, |start, length| {
                for place in start..start + length {
                    value = self.memory * value + self.innovations[place % count];
                    self.resampled.push(value);
                }
            });
        }
        let end = self.resampled.len();
        &self.resampled[end - wanted..]
    }
}

/// How much of a residual is left in the next one, given the `correlation` of neighbours among
/// `count` residuals of a fitted line: rather too much than too little, which would make
/// intervals too narrow.
///
/// Fitting the line takes something away from the correlation: about 2 / n from none at all
/// and, with the unit roots of Dickey and Fuller, 10 / n from 1. A line between the two,
/// somewhat above the first, is given back, and then the standard error is added. Above 1 a
/// series would explode, and memory below 0 isn't believed: it would make intervals narrower
/// than those of independent values.
fn cautious_memory(correlation: f64, count: f64) -> f64 {
    let memory = ((count * correlation + 3.0) / (count - 7.0)).clamp(0.0, 1.0);
    let standard_error = ((1.0 - memory * memory) / count).sqrt();
    (memory + standard_error).min(1.0)
}

#[cfg(test)]
mod tests;
