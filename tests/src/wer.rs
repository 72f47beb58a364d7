//! Word error rate: substitutions, deletions and insertions over the words of the reference.

/// Errors and reference words, which add up over sentences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Score {
    /// Words that are wrong, missing or too many.
    pub errors: usize,
    /// Words of the reference.
    pub words: usize,
}

impl Score {
    /// Compares what was heard with what was said, apart from case and punctuation.
    pub fn of(said: &str, heard: &str) -> Self {
        let (said, heard) = (words(said), words(heard));
        Self {
            errors: edit_distance(&said, &heard),
            words: said.len(),
        }
    }

    /// Errors per word of the reference, in percent.
    pub fn percent(self) -> f64 {
        100.0 * self.errors as f64 / self.words.max(1) as f64
    }
}

impl std::ops::Add for Score {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            errors: self.errors + other.errors,
            words: self.words + other.words,
        }
    }
}

impl std::iter::Sum for Score {
    fn sum<I: Iterator<Item = Self>>(scores: I) -> Self {
        scores.fold(Self::default(), std::ops::Add::add)
    }
}

/// Lower-case words without punctuation; hyphens separate.
fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .replace(['-', '–', '—', '’', '\''], " ")
        .split_whitespace()
        .map(|word| {
            word.chars()
                .filter(|it| it.is_alphanumeric())
                .collect::<String>()
        })
        .filter(|word| !word.is_empty())
        .map(|word| {
            if word == "mr" {
                "mister".to_string()
            } else {
                word
            }
        })
        .collect()
}

fn edit_distance(one: &[String], other: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, word) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, counterpart) in other.iter().enumerate() {
            let substituted = diagonal + usize::from(word != counterpart);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_counted_against_the_reference() {
        for (said, heard, errors, words) in [
            ("ask not what", "Ask not, what?", 0, 3),
            ("mister quilter", "Mr. Quilter", 0, 2),
            ("ill disposed", "ill-disposed", 0, 2),
            ("a b c", "a x c", 1, 3),
            ("a b c", "", 3, 3),
            ("a", "a b c", 2, 1),
        ] {
            assert_eq!(
                Score::of(said, heard),
                Score { errors, words },
                "{said} / {heard}"
            );
        }
    }
}
