//! Word error rate: substitutions, deletions and insertions over the words of the reference.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::normalise;

/// Comparisons of words that a score may take. Two texts of 10,000 words, an hour of speech,
/// are compared as a whole.
const MAX_COMPARISONS: usize = 100_000_000;

/// Errors and reference words, which add up over sentences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// Words that are wrong, missing or too many: the sum of the next three.
    pub errors: usize,
    /// Words of the reference that something else was heard for.
    pub substitutions: usize,
    /// Words of the reference that were not heard.
    pub deletions: usize,
    /// Words that were heard and not said.
    pub insertions: usize,
    /// Words of the reference.
    pub words: usize,
}

impl Score {
    /// Compares what was heard with what was said, apart from what [`normalise::words`]
    /// removes. `language` is a code such as `en`, or `english`.
    ///
    /// Of the comparisons with fewest errors it is the one with most words that were heard
    /// as they are. Where both texts are longer than 10,000 words, only words at about the same place
    /// are compared: of texts that have little in common, more errors may then be counted than
    /// there are.
    pub fn of(reference: &str, heard: &str, language: &str) -> Self {
        let (reference, heard) = (
            normalise::words(reference, language),
            normalise::words(heard, language),
        );
        Self::of_words(&reference, &heard, MAX_COMPARISONS)
    }

    fn of_words(reference: &[String], heard: &[String], max_comparisons: usize) -> Self {
        let mut numbers = HashMap::new();
        let (said, heard) = (
            numbered(reference, &mut numbers),
            numbered(heard, &mut numbers),
        );
        let (said, heard) = without_common_ends(&said, &heard);
        Self {
            words: reference.len(),
            ..aligned(said, heard, max_comparisons)
        }
    }

    /// Errors per word of the reference, in percent. More than 100 if more was heard than
    /// said; a reference without words counts as one word.
    pub fn percent(self) -> f64 {
        100.0 * self.errors as f64 / self.words.max(1) as f64
    }
}

impl std::ops::Add for Score {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            errors: self.errors + other.errors,
            substitutions: self.substitutions + other.substitutions,
            deletions: self.deletions + other.deletions,
            insertions: self.insertions + other.insertions,
            words: self.words + other.words,
        }
    }
}

impl std::ops::AddAssign for Score {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Score {
    fn sum<I: Iterator<Item = Self>>(scores: I) -> Self {
        scores.fold(Self::default(), std::ops::Add::add)
    }
}

/// Equal words as equal numbers, which are compared much faster.
fn numbered<'a>(words: &'a [String], numbers: &mut HashMap<&'a str, usize>) -> Vec<usize> {
    words
        .iter()
        .map(|it| {
            let next = numbers.len();
            *numbers.entry(it.as_str()).or_insert(next)
        })
        .collect()
}

fn without_common_ends<'a>(one: &'a [usize], other: &'a [usize]) -> (&'a [usize], &'a [usize]) {
    let pairs = one.iter().zip(other);
    let start = pairs.take_while(|(one, other)| one == other).count();
    let (one, other) = (&one[start..], &other[start..]);
    let pairs = one.iter().rev().zip(other.iter().rev());
    let end = pairs.take_while(|(one, other)| one == other).count();
    (&one[..one.len() - end], &other[..other.len() - end])
}

/// The way to a pair of positions: the fewest errors, then the fewest substitutions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Path {
    errors: usize,
    substitutions: usize,
    deletions: usize,
}

impl Path {
    /// Longer than every path: no way leads here.
    const NONE: Self = Self {
        errors: usize::MAX / 2,
        substitutions: 0,
        deletions: 0,
    };

    fn insertion(self) -> Self {
        Self {
            errors: self.errors + 1,
            ..self
        }
    }

    fn deletion(self) -> Self {
        Self {
            errors: self.errors + 1,
            deletions: self.deletions + 1,
            ..self
        }
    }

    fn substitution(self) -> Self {
        Self {
            errors: self.errors + 1,
            substitutions: self.substitutions + 1,
            ..self
        }
    }
}

/// The edit distance, with one row of its table in memory. Of each row only the part near the
/// diagonal is computed, if the whole table is too large.
fn aligned(said: &[usize], heard: &[usize], max_comparisons: usize) -> Score {
    let (rows, columns) = (said.len(), heard.len());
    let band = Band::new(rows, columns, max_comparisons);
    let start = Path {
        errors: 0,
        ..Path::NONE
    };
    let mut paths = vec![Path::NONE; columns + 1];
    let mut path = start;
    for slot in &mut paths[..=band.of(0).1] {
        *slot = path;
        path = path.insertion();
    }
    for (index, word) in said.iter().enumerate() {
        let (first, last) = band.of(index + 1);
        let mut diagonal = match first.checked_sub(1) {
            // Left of the band there is nothing: what the row before left there is void.
            Some(before) => std::mem::replace(&mut paths[before], Path::NONE),
            None => Path::NONE,
        };
        for column in first..=last {
            let above = paths[column];
            let mut best = above.deletion();
            if let Some(before) = column.checked_sub(1) {
                let is_same = heard[before] == *word;
                let through = if is_same {
                    diagonal
                } else {
                    diagonal.substitution()
                };
                best = best.min(through).min(paths[before].insertion());
            }
            paths[column] = best;
            diagonal = above;
        }
    }
    let Path {
        errors,
        substitutions,
        deletions,
    } = paths[columns];
    Score {
        errors,
        substitutions,
        deletions,
        insertions: errors - substitutions - deletions,
        words: rows,
    }
}

/// The columns of each row that are computed, around the line from corner to corner.
struct Band {
    rows: usize,
    columns: usize,
    half_width: usize,
}

impl Band {
    fn new(rows: usize, columns: usize, max_comparisons: usize) -> Self {
        // From row to row, the line must not leave what the row before has computed.
        let step = columns.div_ceil(rows.max(1));
        let half_width = if rows.saturating_mul(columns) <= max_comparisons {
            columns
        } else {
            (max_comparisons / rows / 2).max(step + 1)
        };
        Self {
            rows,
            columns,
            half_width,
        }
    }

    /// The first and the last column of a row.
    fn of(&self, row: usize) -> (usize, usize) {
        let middle = (row as u128 * self.columns as u128 / self.rows.max(1) as u128) as usize;
        (
            middle.saturating_sub(self.half_width),
            (middle + self.half_width).min(self.columns),
        )
    }
}

#[cfg(test)]
mod tests;
