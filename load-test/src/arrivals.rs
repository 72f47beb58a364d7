//! When requests begin.

use std::str::FromStr;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::quote::shown;

/// What makes a request begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Arrivals {
    /// The closed loop: each client sends its next request when its last one is answered. A
    /// service that stalls is sent fewer requests.
    Closed {
        /// Clients at once.
        workers: usize,
    },
    /// The open loop: the clock, whether earlier requests were answered or not.
    Open {
        /// How the starts are spread over time.
        pattern: Pattern,
    },
}

/// How the starts of requests are spread over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pattern {
    /// At the same distance each.
    Constant {
        /// Requests a second.
        per_second: f64,
    },
    /// As many independent clients send them: at exponentially distributed distances.
    Poisson {
        /// Requests a second on average.
        per_second: f64,
    },
    /// Several at once, and a pause.
    Bursts {
        /// Requests of a burst.
        size: u32,
        /// From one burst to the next.
        every: Duration,
    },
}

impl Pattern {
    /// The beginnings, from zero on, for ever. The same for the same seed.
    pub fn beginnings(self, seed: u64) -> Beginnings {
        Beginnings {
            pattern: self,
            begun: 0,
            seconds: 0.0,
            random: SmallRng::seed_from_u64(seed),
        }
    }

    /// Requests a second on average.
    pub fn per_second(self) -> f64 {
        match self {
            Self::Constant { per_second } | Self::Poisson { per_second } => per_second,
            Self::Bursts { size, every } => f64::from(size) / every.as_secs_f64(),
        }
    }
}

/// An endless list of beginnings.
#[derive(Debug)]
pub struct Beginnings {
    pattern: Pattern,
    begun: u64,
    seconds: f64,
    random: SmallRng,
}

impl Iterator for Beginnings {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let seconds = match self.pattern {
            // A product, not a sum: no error grows with the run.
            Pattern::Constant { per_second } => self.begun as f64 / per_second,
            Pattern::Poisson { per_second } => {
                let at = self.seconds;
                let uniform: f64 = self.random.random();
                // 1 - u lies in (0, 1]: its logarithm is finite.
                self.seconds -= (1.0 - uniform).ln() / per_second;
                at
            }
            Pattern::Bursts { size, every } => {
                (self.begun / u64::from(size)) as f64 * every.as_secs_f64()
            }
        };
        self.begun += 1;
        // A year is longer than any run; beyond it a duration might not be able to follow.
        Some(Duration::from_secs_f64(seconds.min(365.0 * 86_400.0)))
    }
}

/// `5x10s`: 5 at once, every 10 seconds.
impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            let text = shown(text);
            format!("'{text}' is no burst: write it as 5x10s, 5 at once every 10 s")
        };
        let (size, every) = text.split_once('x').ok_or_else(wrong)?;
        let size: u32 = size.trim().parse().map_err(|_| wrong())?;
        let every: f64 = every
            .trim()
            .trim_end_matches('s')
            .parse()
            .map_err(|_| wrong())?;
        if size == 0 || !(0.001..=86_400.0).contains(&every) {
            return Err(wrong());
        }
        Ok(Self::Bursts {
            size,
            every: Duration::from_secs_f64(every),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(pattern: Pattern, count: usize) -> Vec<f64> {
        let beginnings = pattern.beginnings(7).take(count);
        beginnings.map(|it| it.as_secs_f64()).collect()
    }

    #[test]
    fn constant_ones_lie_at_the_same_distance() {
        let pattern = Pattern::Constant { per_second: 4.0 };
        assert_eq!(first(pattern, 4), [0.0, 0.25, 0.5, 0.75]);
    }

    #[test]
    fn bursts_come_at_once() {
        let pattern: Pattern = "3x5s".parse().unwrap();
        assert_eq!(first(pattern, 7), [0.0, 0.0, 0.0, 5.0, 5.0, 5.0, 10.0]);
    }

    #[test]
    fn poisson_ones_have_the_rate_and_the_spread_of_a_poisson_process() {
        const COUNT: usize = 20_000;
        let all = first(Pattern::Poisson { per_second: 10.0 }, COUNT + 1);
        let gaps: Vec<f64> = all.windows(2).map(|it| it[1] - it[0]).collect();
        let mean = gaps.iter().sum::<f64>() / COUNT as f64;
        let variance = gaps.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / COUNT as f64;
        // Mean and standard deviation of exponential distances are equal.
        assert!((mean - 0.1).abs() < 0.003, "{mean}");
        assert!((variance.sqrt() - 0.1).abs() < 0.004, "{variance}");
        assert!(gaps.iter().all(|it| *it >= 0.0));
    }

    #[test]
    fn what_is_no_burst_is_refused() {
        for text in [
            "", "5", "x", "0x5s", "5x0s", "5x-1s", "5xNaNs", "5xinf", "-1x5s",
        ] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
    }
}
