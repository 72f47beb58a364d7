//! The audio of phrases, for as long as it may be sent.

use std::collections::BTreeMap;

use crate::conversation::{Generation, Job};

/// A phrase of an answer.
pub(super) type Key = (Generation, usize);

#[derive(Debug, Default)]
struct Phrase {
    text: String,
    samples: Vec<i16>,
    /// The job that makes it.
    job: Option<Job>,
    has_begun: bool,
    /// It is forgotten as soon as nothing of it waits for being sent.
    is_over: bool,
}

/// All that may be sent of a conversation's answers.
#[derive(Debug, Default)]
pub(super) struct Kept(BTreeMap<Key, Phrase>);

impl Kept {
    /// A phrase that is being made.
    pub(super) fn begin(&mut self, key: Key, job: Job, text: String) {
        let phrase = Phrase {
            text,
            job: Some(job),
            ..Phrase::default()
        };
        self.0.insert(key, phrase);
    }

    /// More audio of the phrase that this job makes.
    pub(super) fn add(&mut self, job: Job, samples: &[i16]) {
        let phrase = self.0.values_mut().find(|it| it.job == Some(job));
        if let Some(phrase) = phrase {
            phrase.samples.extend(samples);
        }
    }

    /// The phrase's words, the first time that they are asked for.
    pub(super) fn first_words(&mut self, key: Key) -> Option<String> {
        let phrase = self.0.get_mut(&key)?;
        (!std::mem::replace(&mut phrase.has_begun, true)).then(|| phrase.text.clone())
    }

    /// These samples of a phrase, as far as they are there.
    pub(super) fn samples(&self, key: Key, from: u64, to: u64) -> Vec<i16> {
        let samples = self.0.get(&key).map_or(&[][..], |it| &it.samples);
        let end = samples.len();
        let (from, to) = (end.min(from as usize), end.min(to as usize));
        samples[from..to.max(from)].to_vec()
    }

    /// The phrase is not to be sent again.
    pub(super) fn forget(&mut self, key: Key) {
        if let Some(phrase) = self.0.get_mut(&key) {
            phrase.is_over = true;
        }
    }

    /// No phrase of the answer is to be sent again. Gives the jobs that make them.
    pub(super) fn forget_all(&mut self, generation: Generation) -> Vec<Job> {
        let phrases = self.0.range_mut((generation, 0)..=(generation, usize::MAX));
        let over = phrases.map(|(_, it)| {
            it.is_over = true;
            it.job
        });
        over.flatten().collect()
    }

    /// Drops what is forgotten and does not wait for being sent.
    pub(super) fn drop_over(&mut self, is_waiting: impl Fn(Key) -> bool) {
        self.0.retain(|key, it| !it.is_over || is_waiting(*key));
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
