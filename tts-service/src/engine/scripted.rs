//! A double of the engine for tests of everything around it.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use voice_common::admission::Permit;
use voice_common::cancellation::Cancellation;

use super::synthesizer::{Aim, EngineError, Run, SpeakOptions, Synthesizer, VoiceInfo};

/// How long a word lasts, and the rate and pitch of its tone.
const WORD: Duration = Duration::from_millis(50);
const RATE_HZ: u32 = 22_050;
const PITCH_HZ: f32 = 440.0;

/// Speaks a tone of 50 ms for each word, one run a sentence. A sentence ends with `.`, `!`, `?`.
#[derive(Debug)]
pub(crate) struct Scripted {
    info: VoiceInfo,

    failure: Option<String>,
    free_runs: usize,
    /// Runs that may pass; `None` is any number.
    gate: Mutex<Option<usize>>,
    opened: Condvar,
}

impl Default for Scripted {
    fn default() -> Self {
        Self::named("scripted")
    }
}

impl Scripted {
    /// A voice of this name with one speaker.
    pub(crate) fn named(id: &str) -> Self {
        Self {
            info: VoiceInfo {
                id: id.to_owned(),
                language: "en-US".to_owned(),
                sample_rate_hz: RATE_HZ,
                speakers: Vec::new(),
            },

            failure: None,
            free_runs: 0,
            gate: Mutex::new(None),
            opened: Condvar::new(),
        }
    }

    /// Fails in each run, after the gate.
    #[must_use]
    pub(crate) fn failing(self, reason: &str) -> Self {
        Self {
            failure: Some(reason.to_owned()),
            ..self
        }
    }

    /// Always has room for this number of runs more.
    #[must_use]
    pub(crate) fn with_free_runs(self, free_runs: usize) -> Self {
        Self { free_runs, ..self }
    }

    /// With speakers of these names.
    #[must_use]
    pub(crate) fn with_speakers(mut self, names: &[&str]) -> Self {
        self.info.speakers = names.iter().map(ToString::to_string).collect();
        self
    }

    /// Runs wait until [`Self::let_pass`] lets them.
    #[must_use]
    pub(crate) fn gated(self) -> Self {
        *self.gate.lock() = Some(0);
        self
    }

    /// Lets this number of runs more through the gate.
    pub(crate) fn let_pass(&self, runs: usize) {
        if let Some(passing) = self.gate.lock().as_mut() {
            *passing += runs;
        }
        self.opened.notify_all();
    }

    fn wait(&self, cancellation: &Cancellation) -> Result<(), EngineError> {
        let mut gate = self.gate.lock();
        loop {
            if cancellation.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            match gate.as_mut() {
                Some(0) => {}
                Some(passing) => {
                    *passing -= 1;
                    return Ok(());
                }
                None => return Ok(()),
            }
            // A cancellation does not wake this thread, so it is looked for.
            self.opened.wait_for(&mut gate, Duration::from_millis(1));
        }
    }
}

impl Synthesizer for Scripted {
    fn info(&self) -> &VoiceInfo {
        &self.info
    }

    fn prepare(
        &self,
        text: &str,
        options: SpeakOptions,
    ) -> Result<Vec<Box<dyn Run + '_>>, EngineError> {
        let run = |words| -> Box<dyn Run + '_> {
            Box::new(ScriptedRun {
                voice: self,
                words,
                speed: options.speed,
            })
        };
        Ok(text
            .split_inclusive(['.', '!', '?'])
            .map(|it| it.split_whitespace().count())
            .filter(|words| *words > 0)
            .map(run)
            .collect())
    }

    fn free_runs(&self) -> usize {
        self.free_runs
    }
}

/// A sentence of that number of words.
struct ScriptedRun<'a> {
    voice: &'a Scripted,
    words: usize,
    speed: f32,
}

impl Run for ScriptedRun<'_> {
    fn length(&self) -> usize {
        self.words
    }

    fn speak(
        &self,
        _permit: &Permit,
        _aim: Aim,
        cancellation: &Cancellation,
    ) -> Result<Vec<f32>, EngineError> {
        self.voice.wait(cancellation)?;
        if let Some(reason) = &self.voice.failure {
            return Err(EngineError::Failed(reason.clone()));
        }
        let rate = self.voice.info.sample_rate_hz as f32;
        let seconds = WORD.as_secs_f32() * self.words as f32 / self.speed;
        Ok((0..(seconds * rate) as usize)
            .map(|it| 0.5 * (std::f32::consts::TAU * PITCH_HZ * it as f32 / rate).sin())
            .collect())
    }
}
