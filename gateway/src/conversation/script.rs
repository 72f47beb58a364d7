//! What an answer says and how much of it there is as sound.

use super::command::Saying;
use super::{Job, Time};

/// Guessed speed of speech, for phrases of which not all audio is there.
const CHARS_A_SECOND: u64 = 15;

#[derive(Debug, Clone)]
pub(super) struct Phrase {
    pub(super) text: String,
    pub(super) saying: Saying,
    /// In which of the answer's rounds the responder said it.
    pub(super) round: usize,
    pub(super) audio: Audio,
    /// Samples that can be sent.
    pub(super) ready: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audio {
    /// Not asked for yet.
    Wanted,
    /// Being made; the next piece must come before `deadline`.
    Making { job: Job, deadline: Time },
    /// There is no more.
    Done,
}

impl Phrase {
    pub(super) fn new(text: String, saying: Saying, round: usize) -> Self {
        Self {
            text,
            saying,
            round,
            audio: Audio::Wanted,
            ready: 0,
        }
    }

    pub(super) fn is_making(&self, job: Job) -> bool {
        matches!(self.audio, Audio::Making { job: own, .. } if own == job)
    }

    pub(super) fn is_done(&self) -> bool {
        self.audio == Audio::Done
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Script {
    pub(super) phrases: Vec<Phrase>,
}

impl Script {
    pub(super) fn making(&mut self, job: Job) -> Option<&mut Phrase> {
        self.phrases.iter_mut().find(|it| it.is_making(job))
    }

    pub(super) fn is_complete(&self) -> bool {
        self.phrases.iter().all(Phrase::is_done)
    }

    /// Where each phrase begins, in samples from the answer's beginning, as far as that is known.
    pub(super) fn starts(&self) -> impl Iterator<Item = (u64, &Phrase)> {
        let mut start = 0;
        let mut is_known = true;
        self.phrases.iter().map_while(move |phrase| {
            let here = is_known.then_some((start, phrase));
            start += phrase.ready;
            is_known = phrase.is_done();
            here
        })
    }

    /// Behind the last sample that can be sent without a gap.
    pub(super) fn ready(&self) -> u64 {
        self.starts()
            .last()
            .map_or(0, |(start, phrase)| start + phrase.ready)
    }

    /// How many phrases the ear has begun to hear, or is behind.
    pub(super) fn begun(&self, position: u64) -> usize {
        self.starts()
            .take_while(|(start, phrase)| {
                *start < position || (phrase.is_done() && phrase.ready == 0)
            })
            .count()
    }

    /// The words of this round that were heard, to the word.
    pub(super) fn heard(&self, round: usize, position: u64, rate_hz: u32) -> String {
        let mut heard = String::new();
        for (start, phrase) in self.starts() {
            if phrase.round != round || !phrase.saying.is_answer() {
                continue;
            }
            let words = heard_of(phrase, position.saturating_sub(start), rate_hz);
            if !words.is_empty() {
                if !heard.is_empty() {
                    heard.push(' ');
                }
                heard.push_str(words);
            }
        }
        heard
    }

    /// All phrases of which something is between these positions.
    pub(super) fn spoken_between(&self, from: u64, to: u64) -> String {
        let mut text = String::new();
        for (start, phrase) in self.starts() {
            if start < to && start + phrase.ready > from {
                text.push_str(&phrase.text);
                text.push(' ');
            }
        }
        text
    }

    /// Drops what is not ready from this phrase on, and all behind it. What was sent stays. Returns
    /// what was being made.
    pub(super) fn drop_unready(&mut self, from: usize) -> Vec<Job> {
        let Some(first) = (from..self.phrases.len()).find(|it| !self.phrases[*it].is_done()) else {
            return Vec::new();
        };
        let making = self.phrases[first..]
            .iter()
            .filter_map(|it| match it.audio {
                Audio::Making { job, .. } => Some(job),
                _ => None,
            });
        let jobs = making.collect();
        let keeps = self.phrases[first].ready > 0;
        self.phrases.truncate(first + usize::from(keeps));
        if keeps {
            self.phrases[first].audio = Audio::Done;
        }
        jobs
    }
}

/// The whole words of which the ear has heard the end, by their share of the phrase's letters.
fn heard_of(phrase: &Phrase, heard: u64, rate_hz: u32) -> &str {
    if phrase.is_done() && heard >= phrase.ready && phrase.ready > 0 {
        return &phrase.text;
    }
    let chars = phrase.text.chars().count() as u64;
    let guess = chars * u64::from(rate_hz) / CHARS_A_SECOND;
    let whole = if phrase.is_done() {
        phrase.ready
    } else {
        phrase.ready.max(guess)
    };
    let share = heard.min(whole);
    let mut end = 0;
    for (index, (at, c)) in phrase.text.char_indices().enumerate() {
        // A word is heard when the ear is at the space behind it.
        if u128::from(share) * u128::from(chars) < index as u128 * u128::from(whole.max(1)) {
            break;
        }
        if c.is_whitespace() && index > 0 {
            end = at;
        }
    }
    phrase.text[..end].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(phrases: &[(&str, u64, bool)]) -> Script {
        let phrases = phrases.iter().map(|&(text, ready, done)| {
            let mut phrase = Phrase::new(text.into(), Saying::Answer, 0);
            phrase.ready = ready;
            let deadline = Time::ZERO;
            phrase.audio = if done {
                Audio::Done
            } else {
                Audio::Making {
                    job: Job(1),
                    deadline,
                }
            };
            phrase
        });
        Script {
            phrases: phrases.collect(),
        }
    }

    #[test]
    fn what_was_heard_is_known_to_the_word() {
        let script = script(&[("ab cd ef", 800, true), ("gh ij", 500, true)]);
        for (position, expected) in [
            (0, ""),
            (199, ""),
            (200, "ab"),
            (499, "ab"),
            (500, "ab cd"),
            (799, "ab cd"),
            (800, "ab cd ef"),
            (1000, "ab cd ef gh"),
            (1300, "ab cd ef gh ij"),
            (9000, "ab cd ef gh ij"),
        ] {
            assert_eq!(script.heard(0, position, 1000), expected, "at {position}");
        }
    }

    #[test]
    fn words_without_all_their_audio_are_guessed() {
        let script = script(&[("abcd efgh ijkl m", 100, false)]);
        // 16 letters take 1,066 samples, a quarter of them 267.
        assert_eq!(script.heard(0, 100, 1000), "");
        assert_eq!(script.heard(0, 300, 1000), "abcd");
    }

    #[test]
    fn audio_is_ready_up_to_the_first_gap() {
        let script = script(&[("a", 10, true), ("b", 5, false), ("c", 7, true)]);
        assert_eq!(script.ready(), 15);
        assert_eq!(script.begun(0), 0);
        assert_eq!(script.begun(1), 1);
        assert_eq!(script.begun(10), 1);
        assert_eq!(script.begun(11), 2);
    }
}
