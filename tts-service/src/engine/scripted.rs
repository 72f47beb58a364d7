//! A double of the engine for tests of everything around it.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use voice_common::admission::Permit;
use voice_common::cancellation::Cancellation;

use super::{EngineError, PhonemeIds, SpeakOptions, Synthesizer, VoiceInfo};

/// How long a word lasts, and the rate and pitch of its tone.
const WORD: Duration = Duration::from_millis(50);
const RATE_HZ: u32 = 22_050;
const PITCH_HZ: f32 = 440.0;

/// Speaks a tone of 50 ms for each word, one run a sentence. A sentence ends with `.`, `!`, `?`.
#[derive(Debug)]
pub struct Scripted {
    info: VoiceInfo,
    delay: Duration,
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
    pub fn named(id: &str) -> Self {
        Self {
            info: VoiceInfo {
                id: id.to_owned(),
                language: "en-US".to_owned(),
                sample_rate_hz: RATE_HZ,
                speakers: Vec::new(),
            },
            delay: Duration::ZERO,
            failure: None,
            free_runs: 0,
            gate: Mutex::new(None),
            opened: Condvar::new(),
        }
    }

    /// Takes so long before each run.
    #[must_use]
    pub fn delayed(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// Fails in each run, after the delay and the gate.
    #[must_use]
    pub fn failing(self, reason: &str) -> Self {
        Self {
            failure: Some(reason.to_owned()),
            ..self
        }
    }

    /// Always has room for so many runs more.
    #[must_use]
    pub fn with_free_runs(self, free_runs: usize) -> Self {
        Self { free_runs, ..self }
    }

    /// With speakers of these names.
    #[must_use]
    pub fn with_speakers(mut self, names: &[&str]) -> Self {
        self.info.speakers = names.iter().map(ToString::to_string).collect();
        self
    }

    /// Runs wait until [`Self::let_pass`] lets them.
    #[must_use]
    pub fn gated(self) -> Self {
        *self.gate.lock() = Some(0);
        self
    }

    /// Lets so many more runs through the gate.
    pub fn let_pass(&self, runs: usize) {
        if let Some(passing) = self.gate.lock().as_mut() {
            *passing += runs;
        }
        self.opened.notify_all();
    }

    fn wait(&self, cancellation: &Cancellation) -> Result<(), EngineError> {
        let until = Instant::now() + self.delay;
        let mut gate = self.gate.lock();
        loop {
            if cancellation.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            if Instant::now() >= until {
                match gate.as_mut() {
                    Some(0) => {}
                    Some(passing) => {
                        *passing -= 1;
                        return Ok(());
                    }
                    None => return Ok(()),
                }
            }
            // A cancellation wakes nobody here, so it is looked for.
            self.opened.wait_for(&mut gate, Duration::from_millis(1));
        }
    }
}

impl Synthesizer for Scripted {
    fn info(&self) -> &VoiceInfo {
        &self.info
    }

    fn prepare(&self, text: &str, _speed: f32) -> Result<Vec<PhonemeIds>, EngineError> {
        Ok(text
            .split_inclusive(['.', '!', '?'])
            .map(|it| it.split_whitespace().count())
            .filter(|words| *words > 0)
            .map(|words| PhonemeIds((0..words as i64).collect()))
            .collect())
    }

    fn free_runs(&self) -> usize {
        self.free_runs
    }

    fn speak(
        &self,
        _permit: &Permit,
        phonemes: &PhonemeIds,
        options: SpeakOptions,
        cancellation: &Cancellation,
    ) -> Result<Vec<f32>, EngineError> {
        self.wait(cancellation)?;
        if let Some(reason) = &self.failure {
            return Err(EngineError::Failed(reason.clone()));
        }
        let rate = self.info.sample_rate_hz as f32;
        let seconds = WORD.as_secs_f32() * phonemes.0.len() as f32 / options.speed;
        Ok((0..(seconds * rate) as usize)
            .map(|it| 0.5 * (std::f32::consts::TAU * PITCH_HZ * it as f32 / rate).sin())
            .collect())
    }
}
