//! An objective that can't be understood: what is wrong, where, and what is possible.

use std::fmt;
use std::ops::Range;

use super::amount::Dimension;
use super::{Comparison, Metric};
use crate::quote::{is_unprintable, shown};
use crate::service::Service;

/// An objective that can't be understood. Its text points at the part that is wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub struct ObjectiveError {
    /// What was read, on one line.
    text: String,
    /// Where the wrong part begins, and how long it is, in characters.
    column: usize,
    width: usize,
    problem: Problem,
}

/// What is wrong with the part that a text points at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing stands before, between or after the commas.
    #[error("an objective is missing")]
    NoObjective,
    /// What stands before the dot is no service.
    #[error("there is no service '{}'", shown(.0))]
    UnknownService(String),
    /// Nothing stands before the comparison.
    #[error("a metric is missing")]
    NoMetric,
    /// There is no such metric.
    #[error("there is no metric '{}'", shown(.0))]
    UnknownMetric(String),
    /// The metric isn't compared with anything.
    #[error("a comparison is missing")]
    NoComparison,
    /// It is compared in a way that isn't known.
    #[error("there is no comparison '{}'", shown(.0))]
    UnknownComparison(String),
    /// What stands after the comparison is no number.
    #[error("a number is missing")]
    NoNumber,
    /// It looks like a number and isn't one.
    #[error("'{}' is no number that a bound can be", shown(.0))]
    BadNumber(String),
    /// A time or a share has to have a unit.
    #[error("the unit is missing")]
    NoUnit(Units),
    /// What stands after the number is no unit of the metric.
    #[error("'{}' is no unit of {metric}", shown(unit))]
    UnknownUnit {
        /// What stands there.
        unit: String,
        /// The metric's name.
        metric: String,
        /// What could.
        units: Units,
    },
    /// No run could ever keep such a promise.
    #[error("{metric} can't be {comparison} {bound}")]
    NeverHolds {
        /// The metric's name.
        metric: String,
        /// The comparison's symbol.
        comparison: &'static str,
        /// The bound with its unit.
        bound: String,
    },
}

/// The units that a metric can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units(Vec<&'static str>);

impl Units {
    pub(super) fn of(dimension: Dimension) -> Self {
        Self(dimension.units().collect())
    }
}

impl Problem {
    /// What could stand there instead, as the end of a sentence.
    fn possible(&self) -> String {
        match self {
            Self::NoObjective => "write for example p95<2s or p95<2s,errors<1%".to_string(),
            Self::UnknownService(_) => one_of(Service::ALL.map(Service::name)),
            Self::NoMetric | Self::UnknownMetric(_) => one_of([Metric::POSSIBLE]),
            Self::NoComparison | Self::UnknownComparison(_) => {
                one_of(Comparison::ALL.map(Comparison::symbol))
            }
            Self::NoNumber | Self::BadNumber(_) => {
                "use a decimal number from 0 on, such as 2 or 0.5".to_string()
            }
            Self::NoUnit(units) | Self::UnknownUnit { units, .. } if units.0.is_empty() => {
                "write the number alone".to_string()
            }
            Self::NoUnit(units) | Self::UnknownUnit { units, .. } => one_of(units.0.clone()),
            Self::NeverHolds { .. } => "use a bound that a run can keep to".to_string(),
        }
    }
}

fn one_of(names: impl IntoIterator<Item = &'static str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    format!("use one of: {}", names.join(", "))
}

impl ObjectiveError {
    /// `part` is in bytes of `text`, on the bounds of characters.
    pub(super) fn new(text: &str, part: Range<usize>, problem: Problem) -> Self {
        let printable = |it: char| if is_unprintable(it) { ' ' } else { it };
        Self {
            column: text[..part.start].chars().count(),
            width: text[part].chars().count(),
            text: text.chars().map(printable).collect(),
            problem,
        }
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Where the wrong part begins in what was read: characters before it.
    pub fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for ObjectiveError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let marks = "^".repeat(self.width.max(1));
        writeln!(formatter, "{}", self.problem)?;
        writeln!(formatter, "  {}", self.text)?;
        writeln!(formatter, "  {:indent$}{marks}", "", indent = self.column)?;
        write!(formatter, "{}", self.problem.possible())
    }
}
