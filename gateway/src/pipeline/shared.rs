//! What all conversations share.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use voice_listen::{RunError, TurnModel, VoiceModel};

use super::guesses::Slots;
use super::metrics::ConversationMetrics;
use crate::responder::Responder;
use crate::speech::{Recogniser, Speaker};
use crate::tools::Tools;

/// Sentences that are kept spoken, one for each voice that was asked for.
const MOST_SPOKEN: usize = 32;

/// What conversations are held with.
#[derive(Debug)]
pub struct Parts {
    /// Hears.
    pub recogniser: Recogniser,
    /// Transcriptions that the recognition computes at once.
    pub recogniser_slots: usize,
    /// Speaks.
    pub speaker: Speaker,
    /// Answers.
    pub responder: Arc<dyn Responder>,
    /// What answers can look up.
    pub tools: Tools,
    /// Tells speech from other sounds.
    pub voice: VoiceModel,
    /// Tells whether a pause is the end of a turn; without it, silence alone does.
    pub turns: Option<TurnModel>,
    /// What is counted.
    pub metrics: ConversationMetrics,
}

/// A sentence and the voice that speaks it.
type Spoken = (String, Option<String>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) parts: Parts,
    pub(super) slots: Arc<Slots>,
    /// Scores that are computed: no more than there are cores.
    scores: Semaphore,
    spoken: Mutex<HashMap<Spoken, Arc<[i16]>>>,
}

impl Shared {
    pub(super) fn new(parts: Parts) -> Arc<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Arc::new(Self {
            slots: Slots::new(parts.recogniser_slots),
            parts,
            scores: Semaphore::new(cores),
            spoken: Mutex::default(),
        })
    }

    /// The probability that who spoke in these samples has finished; `None` if that can't be told.
    pub(super) async fn score(self: Arc<Self>, samples: Vec<i16>) -> Option<f32> {
        let _place = self.scores.acquire().await.ok()?;
        let this = Arc::clone(&self);
        let scored = tokio::task::spawn_blocking(move || {
            let samples: Vec<f32> = samples.iter().map(|it| f32::from(*it) / 32_768.0).collect();
            let turns = this.parts.turns.as_ref()?;
            let log = |error: &RunError| tracing::error!(%error, "a pause could not be judged");
            turns.score(&samples).inspect_err(log).ok()
        });
        scored.await.ok().flatten()
    }

    /// A sentence that was spoken beforehand.
    pub(super) fn spoken(&self, text: &str, voice: Option<&str>) -> Option<Arc<[i16]>> {
        let key = (text.to_owned(), voice.map(str::to_owned));
        self.spoken.lock().get(&key).cloned()
    }

    /// Speaks a sentence now that may be needed when it can't be spoken any more.
    pub(super) async fn speak_beforehand(self: Arc<Self>, text: String, voice: Option<String>) {
        if text.is_empty()
            || self.spoken(&text, voice.as_deref()).is_some()
            || self.spoken.lock().len() >= MOST_SPOKEN
        {
            return;
        }
        let made = async {
            let speaker = &self.parts.speaker;
            let mut speech = speaker.speak(&text, voice.as_deref(), 1.0).await?;
            let mut all = Vec::new();
            while let Some(samples) = speech.samples().await? {
                all.extend(samples);
            }
            Ok::<_, crate::failure::Failure>(all)
        };
        // If it fails, that is told where it matters: with the first answer.
        if let Ok(samples) = made.await {
            self.spoken.lock().insert((text, voice), samples.into());
        }
    }
}
