//! What the endpoints share: which voice is meant, whether the speech is there already, and
//! the job that makes it if not.

use std::sync::Arc;
use std::time::Instant;

use tracing::{Instrument as _, Span};
use voice_common::ApiError;
use voice_common::admission::Priority;
use voice_common::jobs::{JobContext, Jobs};
use voice_common::limits::BodyLimit;

use crate::audio::PauseLengths;
use crate::cache::{Found, Kept, SpeechCache};
use crate::encode::output_rate_hz;
use crate::library::Library;
use crate::metrics::{SpeechMetrics, SynthesisMetrics};
use crate::request::{SpeakerName, SpeechFields, SpeechKey};
use crate::shared_synthesis::{Reader, SharedSynthesis};
use crate::synthesis::{Ending, SynthesisJob, nothing_to_speak, synthesise, unsupported_rate};
use crate::text::utterances;

/// What the endpoints share.
pub(crate) struct App {
    /// What computes.
    pub jobs: Arc<Jobs<Library>>,
    /// Finished speech.
    pub cache: SpeechCache,
    /// What is counted of speech.
    pub metrics: SpeechMetrics,
    /// Silences in all speech, as the operator set them.
    pub pauses: PauseLengths,
    /// Longest text, in characters.
    pub most_characters: usize,
    /// Largest body.
    pub body_limit: BodyLimit,
}

/// Speech that was asked for.
pub(crate) enum Speech {
    /// It was kept.
    Kept(Kept),
    /// It is being made.
    Coming(Reader),
}

impl App {
    /// The speech that a request asks for: kept, joined, or begun.
    ///
    /// # Errors
    /// A field that doesn't fit the voice, or no capacity.
    pub(crate) fn speech(
        self: &Arc<Self>,
        fields: &SpeechFields,
        priority: Priority,
        asked: Instant,
    ) -> Result<Speech, ApiError> {
        let key = Arc::new(self.key(fields)?);
        let found = self.cache.find_or_begin(&key, || {
            self.jobs.core.check_capacity(priority)?;
            Ok(SharedSynthesis::new(self.jobs.core.cancellation.child()))
        })?;
        match found {
            Found::Kept(kept) => Ok(Speech::Kept(kept)),
            Found::Joined(reader) => {
                reader.is_wanted(priority);
                Ok(Speech::Coming(reader))
            }
            Found::Begun(shared, reader) => {
                reader.is_wanted(priority);
                let making = Arc::clone(self).make(key, shared, asked);
                tokio::spawn(making.instrument(Span::current()));
                Ok(Speech::Coming(reader))
            }
        }
    }

    fn key(&self, fields: &SpeechFields) -> Result<SpeechKey, ApiError> {
        let library = self.jobs.models.loader();
        let voice = library.resolve(fields.model.as_deref(), fields.voice.as_deref())?;
        output_rate_hz(fields.format, voice.sample_rate_hz, fields.sample_rate_hz)
            .map_err(|unsupported| unsupported_rate(&unsupported))?;
        let speaker = speaker(&voice.id, &voice.speakers, fields.speaker.as_ref())?;
        if utterances(&fields.input, &voice.language).is_empty() {
            return Err(nothing_to_speak());
        }
        Ok(SpeechKey {
            revision: library.revision(&voice.id),
            voice: voice.id,
            speaker,
            text: fields.input.clone(),
            speed_bits: fields.speed.to_bits(),
            format: fields.format,
            sample_rate_hz: fields.sample_rate_hz,
        })
    }

    async fn make(
        self: Arc<Self>,
        key: Arc<SpeechKey>,
        shared: Arc<SharedSynthesis>,
        asked: Instant,
    ) {
        let made = self.run(&key, &shared, asked).await;
        match made {
            Ok(Ending { last, finished }) => {
                self.cache.keep(&key, &shared, &finished);
                shared.finish(last, finished);
            }
            Err(error) => {
                // No request joins it any more before its readers learn of the end.
                self.cache.forget(&key, &shared);
                shared.fail(error);
            }
        }
    }

    async fn run(
        &self,
        key: &Arc<SpeechKey>,
        shared: &Arc<SharedSynthesis>,
        asked: Instant,
    ) -> Result<Ending, ApiError> {
        let (speech, to) = (Arc::clone(key), Arc::clone(shared));
        let metrics = SynthesisMetrics {
            speech: self.metrics.clone(),
            inference: self.jobs.inference.clone(),
        };
        let (pauses, whole_is_wanted) = (self.pauses, self.cache.keeps());
        let work = move |context: JobContext<'_, _>| {
            to.admitted(context.waited);
            let job = SynthesisJob {
                speech: &speech,
                pauses,
                whole_is_wanted,
                asked,
            };
            synthesise(&job, &context, &to, &metrics)
        };
        let (urgency, cancellation) = (shared.urgency(), shared.cancellation());
        let done = self
            .jobs
            .run_until_cancelled(&key.voice, urgency, cancellation, work)
            .await?;
        Ok(done.result)
    }
}

/// The number of the speaker that a client means.
fn speaker(
    voice: &str,
    speakers: &[String],
    wanted: Option<&SpeakerName>,
) -> Result<Option<i64>, ApiError> {
    let Some(wanted) = wanted else {
        return Ok(None);
    };
    let found = match wanted {
        // A voice of one speaker has that one as number 0.
        SpeakerName::Number(0) if speakers.is_empty() => return Ok(None),
        SpeakerName::Number(number) => usize::try_from(*number)
            .ok()
            .filter(|number| *number < speakers.len()),
        SpeakerName::Name(name) => speakers.iter().position(|it| it == name),
    };
    found.map(|number| Some(number as i64)).ok_or_else(|| {
        let message = if speakers.is_empty() {
            format!("The voice '{voice}' has one speaker only: leave 'speaker' out.")
        } else {
            format!(
                "The voice '{voice}' has no such speaker. It has {} of them, from 0 on; \
                 GET /v1/audio/voices lists them.",
                speakers.len()
            )
        };
        ApiError::invalid("speaker", message)
    })
}
