//! What a client has got of an answer, and what may follow.

use proptest::prelude::*;
use voice_stack_gateway::conversation::{Job, Saying, Time};

use super::player::Player;

#[derive(Debug, Clone)]
pub(crate) struct Phrase {
    pub(crate) job: Job,
    pub(crate) text: String,
    pub(crate) saying: Saying,
    pub(crate) ready: u64,
    pub(crate) is_done: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) player: Player,
    pub(crate) phrases: Vec<Phrase>,
    /// The sample that must be sent next.
    pub(crate) next: (usize, u64),
    pub(crate) paused: Option<(Time, u64)>,
    pub(crate) was_reported: bool,
    pub(crate) is_text: bool,
    /// Phrases before this one are not kept.
    pub(crate) kept_from: usize,
}

impl Answer {
    pub(crate) fn making(&mut self, job: Job) -> Option<&mut Phrase> {
        self.phrases
            .iter_mut()
            .find(|it| it.job == job && !it.is_done)
    }

    /// Where a phrase begins.
    pub(crate) fn start(&self, phrase: usize) -> u64 {
        self.phrases[..phrase].iter().map(|it| it.ready).sum()
    }

    pub(crate) fn place(&self, position: u64) -> (usize, u64) {
        let is_in = |it: &usize| {
            let phrase = &self.phrases[*it];
            !phrase.is_done || position < self.start(*it) + phrase.ready
        };
        let phrase = (0..self.phrases.len())
            .find(is_in)
            .unwrap_or(self.phrases.len());
        (phrase, position - self.start(phrase))
    }

    /// Whether the conversation knows what has been played.
    pub(crate) fn is_at(&self, position: u64, now: Time) -> Result<(), TestCaseError> {
        if !self.player.is_liar {
            prop_assert_eq!(position, self.player.played(now));
        }
        Ok(())
    }

    pub(crate) fn pause(&mut self, at: u64, now: Time) -> Result<(), TestCaseError> {
        prop_assert!(self.paused.is_none());
        prop_assert!(at <= self.player.sent);
        self.is_at(at, now)?;
        self.paused = Some((now, at));
        self.was_reported = false;
        self.player.pause(now);
        Ok(())
    }

    pub(crate) fn resume(&mut self, at: u64, now: Time) -> Result<(), TestCaseError> {
        let paused = self.paused.take();
        prop_assert!(paused.is_some());
        if !self.was_reported {
            prop_assert_eq!(paused.map(|(_, at)| at), Some(at));
        }
        self.next = self.place(at);
        self.player.resume(at, now);
        Ok(())
    }

    pub(crate) fn send(
        &mut self,
        phrase: usize,
        from: u64,
        to: u64,
        now: Time,
    ) -> Result<(), TestCaseError> {
        prop_assert!(self.paused.is_none(), "sent while paused");
        prop_assert!(phrase >= self.kept_from, "{phrase} was forgotten");
        prop_assert!(from < to && to <= self.phrases[phrase].ready);
        let expected = self.start(self.next.0) + self.next.1;
        prop_assert_eq!(self.start(phrase) + from, expected, "gap or overlap");
        for earlier in &self.phrases[..phrase] {
            prop_assert!(earlier.is_done, "sent before {earlier:?} was done");
        }
        self.next = (phrase, to);
        self.player.send(to - from, now);
        Ok(())
    }

    /// Phrases that are made and of which nothing was played.
    pub(crate) fn ahead(&self, now: Time) -> usize {
        let played = self.player.played(now);
        let begun = |it: &usize| {
            self.start(*it) < played || (self.phrases[*it].is_done && self.phrases[*it].ready == 0)
        };
        self.phrases.len() - (0..self.phrases.len()).take_while(begun).count()
    }

    /// Whole phrases that were played are there, and none that was not begun.
    pub(crate) fn was_heard(&self, heard: &str, now: Time) -> Result<(), TestCaseError> {
        if self.is_text || self.player.is_liar || self.phrases.is_empty() {
            return Ok(());
        }
        let played = self.player.played(now);
        let mut least = 0;
        let mut most = 0;
        for (index, phrase) in self
            .phrases
            .iter()
            .enumerate()
            .filter(|(_, it)| it.saying == Saying::Answer)
        {
            let words = phrase.text.split_whitespace().count();
            let (start, end) = (self.start(index), self.start(index) + phrase.ready);
            if phrase.is_done && end <= played && phrase.ready > 0 {
                least += words;
            }
            if start < played {
                most += words;
            }
        }
        let count = heard.split_whitespace().count();
        prop_assert!(
            (least..=most).contains(&count),
            "{heard:?} of {self:#?}, {played} played"
        );
        Ok(())
    }
}
