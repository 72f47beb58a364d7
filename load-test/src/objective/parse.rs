//! From text to objectives.

use std::ops::Range;

use super::amount::Dimension;
use super::error::Units;
use super::{Comparison, Metric, Objective, ObjectiveError, Problem};
use crate::service::Service;

/// All objectives of a text, separated by commas.
pub(super) fn list(text: &str) -> Result<Vec<Objective>, ObjectiveError> {
    let mut start = 0;
    text.split(',')
        .map(|part| {
            let end = start + part.len();
            let objective = objective(text, start..end);
            start = end + 1;
            objective
        })
        .collect()
}

/// The objective in this part of a text. Errors show the whole text.
pub(super) fn objective(text: &str, part: Range<usize>) -> Result<Objective, ObjectiveError> {
    let mut reader = Reader::new(text, part);
    if reader.left().is_empty() {
        return Err(reader.wrong(reader.rest(), Problem::NoObjective));
    }
    let name = reader.take(|it| it.is_alphanumeric() || matches!(it, '_' | '.' | '-'));
    let (service, metric) = service_and_metric(&reader, name)?;
    let comparison = comparison(&mut reader)?;
    let number = reader.take(|it| it.is_ascii_digit() || it == '.');
    if number.is_empty() {
        return Err(reader.wrong(reader.rest(), Problem::NoNumber));
    }
    let unit = reader.rest();
    let bound = bound(&reader, metric, number.clone(), unit.clone())?;
    if never_holds(metric, comparison, bound) {
        let problem = Problem::NeverHolds {
            metric: metric.to_string(),
            comparison: comparison.symbol(),
            bound: metric.dimension().text(bound),
        };
        return Err(reader.wrong(number.start..unit.end, problem));
    }
    Ok(Objective {
        service,
        metric,
        comparison,
        bound,
    })
}

/// `tts.ttfa_p99.9`: what stands before a dot is a service if a letter follows the dot.
fn service_and_metric(
    reader: &Reader<'_>,
    name: Range<usize>,
) -> Result<(Option<Service>, Metric), ObjectiveError> {
    let text = &reader.text[name.clone()];
    let dot = text.find('.').filter(|dot| {
        let next = text[dot + 1..].chars().next();
        next.is_none_or(|next| !next.is_ascii_digit())
    });
    let mut metric = name.clone();
    let mut service = None;
    if let Some(dot) = dot {
        metric.start += dot + 1;
        let prefix = name.start..name.start + dot;
        let found = reader.text[prefix.clone()].parse().map_err(|_| {
            let problem = Problem::UnknownService(reader.text[prefix.clone()].to_string());
            reader.wrong(prefix.clone(), problem)
        })?;
        service = Some(found);
    }
    let text = &reader.text[metric.clone()];
    if text.is_empty() {
        return Err(reader.wrong(metric, Problem::NoMetric));
    }
    match Metric::parse(text) {
        Some(metric) => Ok((service, metric)),
        None => Err(reader.wrong(metric, Problem::UnknownMetric(text.to_string()))),
    }
}

fn comparison(reader: &mut Reader<'_>) -> Result<Comparison, ObjectiveError> {
    let symbol = reader.take(|it| matches!(it, '<' | '>' | '=' | '!' | '~' | '≤' | '≥'));
    let text = &reader.text[symbol.clone()];
    if text.is_empty() {
        return Err(reader.wrong(symbol, Problem::NoComparison));
    }
    Comparison::ALL
        .into_iter()
        .find(|comparison| comparison.symbol() == text)
        .ok_or_else(|| reader.wrong(symbol, Problem::UnknownComparison(text.to_string())))
}

fn bound(
    reader: &Reader<'_>,
    metric: Metric,
    number: Range<usize>,
    unit: Range<usize>,
) -> Result<f64, ObjectiveError> {
    let dimension = metric.dimension();
    let units = Units::of(dimension);
    let text = &reader.text[unit.clone()];
    if text.is_empty() && dimension != Dimension::Plain {
        return Err(reader.wrong(unit, Problem::NoUnit(units)));
    }
    if !text.is_empty() && !dimension.units().any(|it| it == text) {
        let problem = Problem::UnknownUnit {
            unit: text.to_string(),
            metric: metric.to_string(),
            units,
        };
        return Err(reader.wrong(unit, problem));
    }
    let digits = &reader.text[number.clone()];
    dimension
        .parse(digits, text)
        .ok_or_else(|| reader.wrong(number, Problem::BadNumber(digits.to_string())))
}

/// Nothing that is measured is below 0, and no share over 1: such a bound is a slip.
fn never_holds(metric: Metric, comparison: Comparison, bound: f64) -> bool {
    let is_share = metric.dimension() == Dimension::Share;
    match comparison {
        Comparison::Less => bound <= 0.0,
        Comparison::AtMost => false,
        Comparison::More => is_share && bound >= 1.0,
        Comparison::AtLeast => is_share && bound > 1.0,
    }
}

/// Takes one part after the other off the start of an objective. Spaces between them go.
struct Reader<'a> {
    text: &'a str,
    left: Range<usize>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, part: Range<usize>) -> Self {
        let spaces_after = part.len() - text[part.clone()].trim_end().len();
        let mut reader = Self {
            text,
            left: part.start..part.end - spaces_after,
        };
        reader.skip_spaces();
        reader
    }

    fn left(&self) -> &'a str {
        &self.text[self.left.clone()]
    }

    /// Where the rest is.
    fn rest(&self) -> Range<usize> {
        self.left.clone()
    }

    fn skip_spaces(&mut self) {
        self.left.start = self.left.end - self.left().trim_start().len();
    }

    /// The longest start of what is left that consists of such characters.
    fn take(&mut self, belongs: impl Fn(char) -> bool) -> Range<usize> {
        let start = self.left.start;
        let length = self
            .left()
            .find(|it| !belongs(it))
            .unwrap_or(self.left().len());
        self.left.start += length;
        self.skip_spaces();
        start..start + length
    }

    fn wrong(&self, part: Range<usize>, problem: Problem) -> ObjectiveError {
        ObjectiveError::new(self.text, part, problem)
    }
}
