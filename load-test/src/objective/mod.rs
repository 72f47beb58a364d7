//! What a run has to achieve: `p95<2s`, `errors<1%`, `tts.ttfa_p95<300ms`.
//!
//! ```text
//! objectives = objective ("," objective)*
//! objective  = [service "."] metric comparison number [unit]
//! service    = "asr" | "tts"
//! metric     = [series "_"] summary | "errors" | "rejections" | "success" | "rps" | "wer"
//! series     = "connect" | "ttfb" | "ttfa" | "queue" | "rtf"       none: the whole request
//! summary    = "p" number | "avg" | "min" | "max"
//! comparison = "<" | "<=" | ">" | ">="
//! unit       = "us" | "ms" | "s" | "m" for times, "%" for shares and the word error rate,
//!              none for rps and rtf
//! ```
//!
//! Spaces between the parts don't matter.

mod amount;
mod error;
mod metric;
mod parse;
mod verdict;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub(crate) use error::{ObjectiveError, Problem};
pub(crate) use metric::{Metric, Series, Summary};
pub(crate) use verdict::{Measured, Verdict};

use crate::service::Service;

/// One promise: a metric, and the bound that it must keep to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Objective {
    service: Option<Service>,
    metric: Metric,
    comparison: Comparison,
    bound: f64,
}

/// How a value has to lie to a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Objective {
    /// The one service that it is about; both together if `None`.
    pub fn service(&self) -> Option<Service> {
        self.service
    }

    /// What is measured.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// How the value has to lie to the bound.
    pub fn comparison(&self) -> Comparison {
        self.comparison
    }

    /// In base units: seconds for times, a ratio for percentages (0.01 for 1 %), else as it is.
    pub fn bound(&self) -> f64 {
        self.bound
    }
}

impl Comparison {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Less, Self::AtMost, Self::More, Self::AtLeast];

    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }

    /// Whether `value` keeps to `bound`.
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Less => value < bound,
            Self::AtMost => value <= bound,
            Self::More => value > bound,
            Self::AtLeast => value >= bound,
        }
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(service) = self.service {
            write!(formatter, "{service}.")?;
        }
        let bound = self.metric.dimension().text(self.bound);
        write!(
            formatter,
            "{}{}{bound}",
            self.metric,
            self.comparison.symbol()
        )
    }
}

impl FromStr for Objective {
    type Err = ObjectiveError;

    fn from_str(text: &str) -> Result<Self, ObjectiveError> {
        parse::objective(text, 0..text.len())
    }
}

impl TryFrom<String> for Objective {
    type Error = ObjectiveError;

    fn try_from(text: String) -> Result<Self, ObjectiveError> {
        text.parse()
    }
}

impl From<Objective> for String {
    fn from(objective: Objective) -> Self {
        objective.to_string()
    }
}

/// Several objectives, at least one, all of which have to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Objectives(Vec<Objective>);

impl Objectives {
    /// In the order in which they were written.
    pub fn iter(&self) -> std::slice::Iter<'_, Objective> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Objectives {
    type Item = &'a Objective;
    type IntoIter = std::slice::Iter<'a, Objective>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Objectives {
    type Item = Objective;
    type IntoIter = std::vec::IntoIter<Objective>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Objectives {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, objective) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            write!(formatter, "{separator}{objective}")?;
        }
        Ok(())
    }
}

impl FromStr for Objectives {
    type Err = ObjectiveError;

    fn from_str(text: &str) -> Result<Self, ObjectiveError> {
        parse::list(text).map(Self)
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
