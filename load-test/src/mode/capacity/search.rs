//! Which rate to try next: doubling until it breaks, bisection, and confirmation.
//!
//! The search knows nothing of services. It is told whether a rate held and says which one it
//! wants to know about next.

use serde::Serialize;

/// How often a first rate that breaks is halved before the search gives up.
const MOST_HALVINGS: i32 = 6;

/// Where and how close to search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    /// The first rate, a second.
    pub(super) start: f64,
    /// A rate that is not exceeded; at least `start`.
    pub(super) most: f64,
    /// As a ratio: the rate that held and the one that broke come this close.
    pub(super) precision: f64,
    /// How often running the rate that was found has to hold again; at least once.
    pub(super) confirm: u32,
}

/// A rate to try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Trial {
    /// Requests a second.
    pub(super) per_second: f64,
    /// What it is tried for.
    pub(super) purpose: Purpose,
}

/// What a rate is tried for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    /// To find a rate that breaks.
    Raise,
    /// To find one that holds, after the first one broke.
    Lower,
    /// To come closer to the limit.
    Narrow,
    /// To see whether it holds again.
    Confirm,
}

/// What a search comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Found {
    /// This rate held each time, and one a little above it broke.
    Limit {
        /// Requests a second.
        per_second: f64,
    },
    /// This rate held each time, and none that was tried broke: it may be more.
    AtLeast {
        /// Requests a second.
        per_second: f64,
    },
    /// Not even this rate held.
    Nothing {
        /// Requests a second.
        per_second: f64,
    },
}

/// A search under way.
#[derive(Debug, Clone)]
pub(super) struct Search {
    limits: Limits,
    /// The highest rate that held.
    held: Option<f64>,
    /// The lowest rate that broke.
    broke: Option<f64>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    Try(Trial),
    /// How many times in a row it has held.
    Confirm {
        per_second: f64,
        held: u32,
    },
    Done(Found),
}

impl Search {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            held: None,
            broke: None,
            stage: Stage::Try(Trial {
                per_second: limits.start,
                purpose: Purpose::Raise,
            }),
        }
    }

    /// The rate to try next, or what was found.
    pub(super) fn next(&self) -> Result<Trial, Found> {
        match self.stage {
            Stage::Try(trial) => Ok(trial),
            Stage::Confirm { per_second, .. } => Ok(Trial {
                per_second,
                purpose: Purpose::Confirm,
            }),
            Stage::Done(found) => Err(found),
        }
    }

    /// Whether the rate of [`Self::next`] held.
    pub(super) fn note(&mut self, is_held: bool) {
        self.stage = match self.stage {
            Stage::Try(Trial { per_second, .. }) => {
                if is_held {
                    self.held = Some(per_second);
                } else {
                    self.broke = Some(per_second);
                }
                self.after_trial()
            }
            Stage::Confirm { per_second, held } if is_held => {
                self.after_confirmation(per_second, held + 1)
            }
            Stage::Confirm { per_second, .. } => {
                self.broke = Some(per_second);
                self.below(per_second)
            }
            done @ Stage::Done(_) => done,
        };
    }

    fn after_trial(&self) -> Stage {
        let attempt = |per_second, purpose| {
            Stage::Try(Trial {
                per_second,
                purpose,
            })
        };
        match (self.held, self.broke) {
            (Some(held), None) if held < self.limits.most => {
                attempt((held * 2.0).min(self.limits.most), Purpose::Raise)
            }
            (None, Some(broke)) => {
                if broke <= self.least() * 1.000_001 {
                    Stage::Done(Found::Nothing { per_second: broke })
                } else {
                    attempt(broke / 2.0, Purpose::Lower)
                }
            }
            (Some(held), Some(broke)) if broke > held * (1.0 + self.limits.precision) => {
                // The middle by ratio: precision is a ratio too.
                attempt((held * broke).sqrt(), Purpose::Narrow)
            }
            (Some(held), _) => Stage::Confirm {
                per_second: held,
                held: 0,
            },
            (None, None) => self.stage,
        }
    }

    fn after_confirmation(&self, per_second: f64, held: u32) -> Stage {
        if held < self.limits.confirm {
            return Stage::Confirm { per_second, held };
        }
        Stage::Done(if self.broke.is_some() {
            Found::Limit { per_second }
        } else {
            Found::AtLeast { per_second }
        })
    }

    /// One step down, to be confirmed from the beginning.
    fn below(&self, broke: f64) -> Stage {
        let per_second = broke / (1.0 + self.limits.precision);
        if per_second < self.least() {
            return Stage::Done(Found::Nothing { per_second: broke });
        }
        Stage::Confirm {
            per_second,
            held: 0,
        }
    }

    /// The search does not go below this rate.
    fn least(&self) -> f64 {
        self.limits.start / 2.0_f64.powi(MOST_HALVINGS)
    }
}

#[cfg(test)]
mod tests;
