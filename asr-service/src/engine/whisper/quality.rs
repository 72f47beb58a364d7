//! Whether a result can be trusted, by Whisper's own measures.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// Above this, the text repeats itself (OpenAI's `compression_ratio_threshold`).
const HIGHEST_COMPRESSION_RATIO: f32 = 2.4;
/// Below this, the model guesses (OpenAI's `logprob_threshold`).
const LOWEST_AVERAGE_LOG_PROBABILITY: f32 = -1.0;
/// So many times the same words in a row are a loop, not speech.
const LOOP_REPETITIONS: usize = 4;
const LONGEST_LOOP_WORDS: usize = 8;

/// How well a window went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quality {
    /// Length of the text divided by its compressed length.
    pub compression_ratio: f32,
    /// Mean natural logarithm of the tokens' probabilities.
    pub average_log_probability: f32,
    loops: bool,
}

impl Quality {
    /// Judges a window's text and the log-probabilities of its tokens.
    pub(super) fn of(text: &str, log_probabilities: impl Iterator<Item = f32>) -> Self {
        let (sum, count) =
            log_probabilities.fold((0.0_f32, 0_usize), |(sum, count), it| (sum + it, count + 1));
        Self {
            compression_ratio: compression_ratio(text.trim()),
            average_log_probability: if count == 0 { 0.0 } else { sum / count as f32 },
            loops: has_loop(text),
        }
    }

    /// The text repeats itself.
    pub(super) fn repeats(&self) -> bool {
        self.loops || self.compression_ratio > HIGHEST_COMPRESSION_RATIO
    }

    /// Good enough to be given out without another attempt.
    pub(super) fn is_trustworthy(&self) -> bool {
        !self.repeats() && self.average_log_probability >= LOWEST_AVERAGE_LOG_PROBABILITY
    }

    /// Of two results that can't be trusted, whether this is the one to give out.
    pub(super) fn is_better_than(&self, other: &Self) -> bool {
        match (self.repeats(), other.repeats()) {
            (false, true) => true,
            (true, false) => false,
            _ => self.average_log_probability > other.average_log_probability,
        }
    }
}

fn compression_ratio(text: &str) -> f32 {
    if text.is_empty() {
        return 0.0;
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let compressed = encoder
        .write_all(text.as_bytes())
        .and_then(|()| encoder.finish())
        .expect("compressing into memory can't fail");
    text.len() as f32 / compressed.len() as f32
}

/// The compression ratio misses loops in short texts ("you you you you").
fn has_loop(text: &str) -> bool {
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| {
            word.trim_matches(|it: char| !it.is_alphanumeric())
                .to_lowercase()
        })
        .filter(|word| !word.is_empty())
        .collect();
    (1..=LONGEST_LOOP_WORDS).any(|length| {
        let mut repetitions = 1;
        let mut position = length;
        while position + length <= words.len() {
            if words[position - length..position] == words[position..position + length] {
                repetitions += 1;
                if repetitions >= LOOP_REPETITIONS {
                    return true;
                }
                position += length;
            } else {
                repetitions = 1;
                position += 1;
            }
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quality(text: &str) -> Quality {
        Quality::of(text, [-0.2, -0.3].into_iter())
    }

    #[test]
    fn speech_is_trusted_and_loops_are_not() {
        for (text, trusted) in [
            (
                "And so, my fellow Americans, ask not what your country can do for you.",
                true,
            ),
            ("No, no, no, that is not what I meant.", true),
            ("", true),
            ("you you you you", false),
            ("Thank you. Thank you. Thank you. Thank you.", false),
            (
                "well, I think so, I think so, I think so, I think so",
                false,
            ),
            (&"the end of the story and ".repeat(20), false),
        ] {
            assert_eq!(quality(text).is_trustworthy(), trusted, "{text}");
        }
    }

    #[test]
    fn a_guess_is_not_trusted() {
        assert!(!Quality::of("something", [-1.5, -0.9].into_iter()).is_trustworthy());
    }

    #[test]
    fn a_text_without_repetition_is_better_than_a_more_probable_loop() {
        let unsure = Quality::of("something quite different", [-1.4].into_iter());
        let loops = Quality::of("so so so so so", [-0.1].into_iter());
        assert!(unsure.is_better_than(&loops) && !loops.is_better_than(&unsure));
    }
}
