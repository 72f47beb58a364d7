//! One piece of speech from text to bytes: text → utterances → phonemes → samples → joined →
//! encoded, on the thread that owns the permit.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::runtime::Handle;
use voice_common::ApiError;
use voice_common::cancellation::Cancellation;
use voice_common::jobs::{JobContext, stopped_early};
use voice_common::metrics::InferenceCost;

use crate::audio::{PauseLengths, SpeechAssembler};
use crate::encode::{AudioFormat, Encoder, UnsupportedRate, encoder, make_exact};
use crate::engine::{SpeakOptions, Synthesizer};
use crate::metrics::{SpeechMetrics, SynthesisMetrics};
use crate::request::SpeechKey;
use crate::runs::{Part, Runs, Speaker, Spoken, engine_error};
use crate::shared_synthesis::{Finished, SharedSynthesis};
use crate::text::{Pause, utterances};

/// What is to be made.
#[derive(Debug)]
pub(crate) struct SynthesisJob<'a> {
    /// The text and what the client wants of it.
    pub speech: &'a SpeechKey,
    /// Silences, as the operator set them.
    pub pauses: PauseLengths,
    /// Give the whole body at the end, beside its pieces.
    pub whole_is_wanted: bool,
    /// When the client asked.
    pub asked: Instant,
}

/// Text that leaves nothing to speak.
pub(crate) fn nothing_to_speak() -> ApiError {
    let message = "input has nothing to speak: it holds no letters, digits or symbols that the \
                   voice knows.";
    ApiError::invalid("input", message)
}

/// A rate that the format can't have.
pub(crate) fn unsupported_rate(unsupported: &UnsupportedRate) -> ApiError {
    ApiError::invalid("sample_rate", unsupported.to_string())
}

/// The end of a piece of speech, to be handed out when the permit is back: a client that asks
/// again as soon as its body ends shall find the slot free.
#[derive(Debug)]
pub(crate) struct Ending {
    /// The last piece of the body, which may be empty.
    pub last: Bytes,
    /// What it all is.
    pub finished: Finished,
}

/// Makes the speech and hands it to its readers piece by piece, all but its ending. The last
/// piece and the end go together, so that a client of a short text gets a body of known
/// length.
///
/// # Errors
/// Why there is none, or not all.
pub(crate) fn synthesise(
    job: &SynthesisJob<'_>,
    context: &JobContext<'_, Box<dyn Synthesizer>>,
    shared: &SharedSynthesis,
    metrics: &SynthesisMetrics,
) -> Result<Ending, ApiError> {
    let model = &**context.model;
    let cancellation = context.cancellation;
    let speech = job.speech;
    let options = SpeakOptions {
        speaker: speech.speaker,
        speed: speech.speed(),
    };
    let speaker = Speaker {
        model,
        permit: context.permit,
        cancellation,
    };
    let mut clock = Clock::default();
    let mut body = Body::new(job, model.info().sample_rate_hz)?;
    std::thread::scope(|scope| {
        let parts = parts(&speech.text, model, options, cancellation);
        let mut runs = Runs::new(scope, &speaker, parts);
        while let Some(spoken) = clock.measure(|| runs.next()) {
            let Spoken { samples, pause } = spoken?;
            // While what is ready is encoded and sent, the cores have something to do.
            clock.measure(|| runs.begin_more());
            clock.measure(|| body.append(samples, pause))?;
            // To know whether another part follows, its phonemes are made: that is cheap.
            if clock.measure(|| runs.has_more())
                && let Some(piece) = body.take_piece()
            {
                body.note_first(&metrics.speech, job.asked);
                shared
                    .push(piece, &Handle::current())
                    .map_err(|_| stopped_early(cancellation))?;
            }
        }
        Ok::<(), ApiError>(())
    })?;
    if body.samples == 0 {
        return Err(nothing_to_speak());
    }
    clock.measure(|| body.end())?;
    body.note_first(&metrics.speech, job.asked);
    let audio_seconds = body.audio_seconds();
    metrics.inference.finished(InferenceCost {
        processing_seconds: clock.spent.as_secs_f64(),
        audio_seconds,
    });
    let last = body.take_piece().unwrap_or_default();
    let finished = Finished {
        whole: body.into_whole(),
        audio_seconds,
    };
    Ok(Ending { last, finished })
}

/// The runs of the voice for a text, each made when it is asked for.
fn parts<'a>(
    text: &str,
    model: &'a dyn Synthesizer,
    options: SpeakOptions,
    cancellation: &'a Cancellation,
) -> impl Iterator<Item = Result<Part<'a>, ApiError>> + use<'a> {
    utterances(text, &model.info().language)
        .into_iter()
        .flat_map(move |utterance| {
            let runs = match model.prepare(&utterance.text, options) {
                Ok(runs) => runs,
                Err(error) => return vec![Err(engine_error(error, cancellation))],
            };
            // The engine may see more sentences than the splitter did.
            let last = runs.len().saturating_sub(1);
            let part = |(index, run)| {
                let pause = if index == last {
                    utterance.pause
                } else {
                    Pause::Sentence
                };
                Ok(Part { run, pause })
            };
            runs.into_iter().enumerate().map(part).collect()
        })
}

/// Time spent computing, without that in which the clients did not read.
#[derive(Default)]
struct Clock {
    spent: Duration,
}

impl Clock {
    fn measure<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = work();
        self.spent += started.elapsed();
        result
    }
}

/// What samples pass through.
struct Stages {
    assembler: SpeechAssembler,
    encoder: Box<dyn Encoder>,
}

/// The body as it grows.
struct Body {
    /// Gone when the end was made.
    stages: Option<Stages>,
    format: AudioFormat,
    sample_rate_hz: u32,
    samples: usize,
    encoded: Vec<u8>,
    /// All of it, where that is wanted or was never taken in pieces.
    whole: Option<Vec<u8>>,
    whole_is_wanted: bool,
    is_first: bool,
}

impl Body {
    fn new(job: &SynthesisJob<'_>, sample_rate_hz: u32) -> Result<Self, ApiError> {
        let speech = job.speech;
        let encoder = encoder(speech.format, sample_rate_hz, speech.sample_rate_hz)
            .map_err(|unsupported| unsupported_rate(&unsupported))?;
        Ok(Self {
            stages: Some(Stages {
                assembler: SpeechAssembler::new(sample_rate_hz, job.pauses),
                encoder,
            }),
            format: speech.format,
            sample_rate_hz,
            samples: 0,
            encoded: Vec::new(),
            whole: Some(Vec::new()),
            whole_is_wanted: job.whole_is_wanted,
            is_first: true,
        })
    }

    fn append(&mut self, samples: Vec<f32>, pause: Pause) -> Result<(), ApiError> {
        let stages = self.stages.as_mut().expect("nothing follows the end");
        let joined = stages.assembler.push(samples, pause);
        self.samples += joined.len();
        stages
            .encoder
            .push(&joined, &mut self.encoded)
            .map_err(ApiError::internal)
    }

    fn end(&mut self) -> Result<(), ApiError> {
        let stages = self.stages.take().expect("nothing follows the end");
        let mut encoder = stages.encoder;
        let rest = stages.assembler.finish();
        self.samples += rest.len();
        encoder
            .push(&rest, &mut self.encoded)
            .and_then(|()| encoder.finish(&mut self.encoded))
            .map_err(ApiError::internal)
    }

    fn audio_seconds(&self) -> f64 {
        self.samples as f64 / f64::from(self.sample_rate_hz)
    }

    /// What was encoded since the last time; `None` if a codec holds all of it back.
    fn take_piece(&mut self) -> Option<Bytes> {
        if self.encoded.is_empty() {
            return None;
        }
        let piece = std::mem::take(&mut self.encoded);
        let is_last = self.stages.is_none();
        match &mut self.whole {
            Some(whole) if self.whole_is_wanted || (whole.is_empty() && is_last) => {
                whole.extend_from_slice(&piece);
            }
            whole => *whole = None,
        }
        Some(piece.into())
    }

    fn note_first(&mut self, metrics: &SpeechMetrics, asked: Instant) {
        if std::mem::take(&mut self.is_first) {
            metrics.first_audio(asked.elapsed());
        }
    }

    fn into_whole(self) -> Option<Bytes> {
        let mut whole = self.whole?;
        make_exact(self.format, &mut whole);
        Some(whole.into())
    }
}
