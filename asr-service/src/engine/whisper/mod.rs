//! Whisper through whisper.cpp.

mod cpp;
mod languages;
mod mel;
mod quality;
mod words;

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use voice_common::admission::Permit;
use voice_common::cancellation::Cancellation;
use voice_stack_audio::SAMPLE_RATE_HZ;

pub use self::cpp::{gpu_devices, log_to_tracing};

use self::cpp::{Context, RawSegment, RawToken, RawTranscript, Run, RunError, State};
use self::mel::FULL_AUDIO_CTX;
use self::quality::Quality;
use self::words::TimedToken;
use super::speech::{Window, WindowCutter};
use super::threads::{Job, ThreadBudget};
use super::vad::{Vad, VadPool};
use super::{
    DecodingDetails, DetectedLanguage, EngineError, Language, Options, Segment, Transcriber,
    Transcript,
};

/// Encoder frames a second.
const FRAMES_PER_SECOND: f64 = 50.0;
/// Fewer frames than this make the model repeat itself, however short the clip is.
const SMALLEST_AUDIO_CTX: usize = 768;
/// Frames of silence that the model wants to see after the speech.
const AUDIO_CTX_MARGIN: usize = 128;
/// Added to the temperature when a result can't be trusted, as OpenAI does.
const TEMPERATURE_STEP: f32 = 0.2;
/// Less speech than this after the last segment is not worth another encoder pass.
const WORTHWHILE_REMAINDER_SECONDS: f64 = 0.6;
/// whisper.cpp reads out of bounds below 201 samples and gives up below 0.1 s.
const SHORTEST_RUN_SAMPLES: usize = SAMPLE_RATE_HZ as usize;
/// Whisper looks at the last 224 tokens of a prompt. whisper.cpp's tokenizer recurses once a
/// byte, so a longer prompt is not only useless but would exhaust the stack.
const LONGEST_PROMPT_BYTES: usize = 1000;
/// A window with this much speech and no text went wrong.
const SPEECH_THAT_MUST_GIVE_TEXT_SECONDS: f64 = 1.0;

/// What all models of a service share.
#[derive(Clone)]
pub struct Shared {
    vad: Arc<VadPool>,
    threads: Arc<ThreadBudget>,
    beam_size: usize,
    use_gpu: bool,
}

impl Shared {
    /// `vad_model` is a verified Silero file; a `beam_size` of 1 is greedy.
    pub fn new(vad_model: &Path, beam_size: usize, use_gpu: bool) -> Self {
        Self {
            vad: Arc::new(VadPool::new(vad_model)),
            threads: ThreadBudget::of_this_machine(),
            beam_size,
            use_gpu,
        }
    }
}

/// A Whisper model in memory.
pub struct WhisperModel {
    name: String,
    context: Arc<Context>,
    /// Working memory that no job uses just now. There are never more states than permits.
    idle_states: Mutex<Vec<State>>,
    shared: Shared,
}

impl WhisperModel {
    /// Loads a verified ggml file.
    ///
    /// # Errors
    /// whisper.cpp refused the file; its reason is in the log.
    pub fn load(name: &str, path: &Path, shared: &Shared) -> Result<Self, String> {
        let context = Context::load(path, shared.use_gpu)
            .ok_or("the model file is damaged or does not fit into memory")?;
        Ok(Self {
            name: name.to_string(),
            context: Arc::new(context),
            idle_states: Mutex::new(Vec::new()),
            shared: shared.clone(),
        })
    }

    fn with_state<T>(
        &self,
        work: impl FnOnce(&mut State) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let idle = self.idle_states.lock().pop();
        let mut state = idle
            .or_else(|| State::new(&self.context))
            .ok_or_else(|| EngineError::Failed("not enough memory for another inference".into()))?;
        let result = work(&mut state);
        // A state that failed for another reason than a cancellation is not trusted again.
        if matches!(result, Ok(_) | Err(EngineError::Cancelled)) {
            self.idle_states.lock().push(state);
        }
        result
    }

    fn check(&self, options: &Options) -> Result<(), EngineError> {
        match options.language {
            Some(language)
                if self.context.is_multilingual()
                    && !languages::is_below(language, self.context.language_count()) =>
            {
                Err(EngineError::Unsupported {
                    param: "language",
                    message: format!(
                        "Model '{}' does not know '{}'; large-v3 does",
                        self.name,
                        language.code()
                    ),
                })
            }
            Some(language) if !self.context.is_multilingual() && language != Language::ENGLISH => {
                Err(EngineError::Unsupported {
                    param: "language",
                    message: format!(
                        "Model '{}' knows English only; '{}' needs a multilingual model",
                        self.name,
                        language.code()
                    ),
                })
            }
            _ => Ok(()),
        }
    }

    fn prompt_tokens(&self, options: &Options) -> Vec<i32> {
        let Some(prompt) = options
            .prompt
            .as_deref()
            .map(str::trim)
            .filter(|it| !it.is_empty())
        else {
            return Vec::new();
        };
        let tail =
            &prompt[prompt.ceil_char_boundary(prompt.len().saturating_sub(LONGEST_PROMPT_BYTES))..];
        // As Whisper was trained: a prompt is text that went before, with its space.
        self.context.tokenize(&format!(" {tail}"))
    }
}

/// One request's way through the audio.
struct Session<'a> {
    model: &'a WhisperModel,
    state: &'a mut State,
    job: &'a Job,
    options: &'a Options,
    prompt: Vec<i32>,
    language: Option<Language>,
    cancellation: &'a Cancellation,
    segments: Vec<Segment>,
}

impl Session<'_> {
    fn window(
        &mut self,
        window: &Window,
        samples: &[f32],
        on_segment: &mut dyn FnMut(&Segment),
    ) -> Result<(), EngineError> {
        let heard = padded(window.samples(samples));
        let threads = self
            .job
            .threads(usize::MAX, self.cancellation)
            .ok_or(EngineError::Cancelled)?;
        self.state.listen(&heard).map_err(engine_error)?;
        let language = if let Some(language) = self.language {
            language
        } else {
            let detected = detect(self.state, heard.len(), threads.count(), self.cancellation)?;
            *self.language.insert(detected.language)
        };
        let code = languages::c_code(language);
        let go_on_after =
            |seconds| window.speech_seconds_after(seconds) >= WORTHWHILE_REMAINDER_SECONDS;
        let mut run = Run {
            audio_ctx: audio_ctx(window.seconds()),
            threads: threads.count(),
            language: &code,
            translate: self.options.translate && self.model.context.is_multilingual(),
            prompt: &self.prompt,
            temperature: self.options.temperature,
            temperature_step: 0.0,
            beam_size: self.model.shared.beam_size,
            token_timestamps: self.options.words.then_some(&*heard),
            go_on_after: &go_on_after,
            cancellation: self.cancellation,
        };
        if run.audio_ctx == FULL_AUDIO_CTX {
            run.temperature_step = TEMPERATURE_STEP;
        }
        let mut result = self.state.run(&run).map_err(engine_error)?;
        let mut quality = self.judge(&result);
        let is_empty = result.segments.is_empty()
            && window.speech_seconds_after(0.0) >= SPEECH_THAT_MUST_GIVE_TEXT_SECONDS;
        if (is_empty || !quality.is_trustworthy()) && run.audio_ctx < FULL_AUDIO_CTX {
            tracing::debug!(
                ?quality,
                "result can't be trusted: running again at full context"
            );
            run.audio_ctx = FULL_AUDIO_CTX;
            run.temperature_step = TEMPERATURE_STEP;
            let second = self.state.run(&run).map_err(engine_error)?;
            let second_quality = self.judge(&second);
            if is_empty
                || second_quality.is_trustworthy()
                || second_quality.is_better_than(&quality)
            {
                (result, quality) = (second, second_quality);
            }
        }
        drop(threads);
        for raw in &result.segments {
            if let Some(segment) = self.segment(
                raw,
                window,
                quality,
                result.temperature,
                language.is_unspaced(),
            ) {
                on_segment(&segment);
                self.segments.push(segment);
            }
        }
        Ok(())
    }

    fn text_tokens<'b>(&self, raw: &'b RawSegment) -> impl Iterator<Item = &'b RawToken> + use<'b> {
        let first_special = self.model.context.first_special_token();
        raw.tokens
            .iter()
            .filter(move |token| token.id < first_special)
    }

    fn text(&self, raw: &RawSegment) -> String {
        let bytes: Vec<u8> = self
            .text_tokens(raw)
            .flat_map(|token| self.model.context.token_bytes(token.id))
            .copied()
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn judge(&self, result: &RawTranscript) -> Quality {
        let text: String = result.segments.iter().map(|raw| self.text(raw)).collect();
        let tokens = result.segments.iter().flat_map(|raw| &raw.tokens);
        Quality::of(&text, tokens.map(|token| token.log_probability))
    }

    fn segment(
        &self,
        raw: &RawSegment,
        window: &Window,
        quality: Quality,
        temperature: f32,
        unspaced: bool,
    ) -> Option<Segment> {
        let text = self.text(raw);
        if text.trim().is_empty() {
            return None;
        }
        let start = window.original_start(raw.start_seconds);
        let end = window.original_end(raw.end_seconds).max(start);
        let words = if self.options.words {
            let timed: Vec<TimedToken<'_>> = self
                .text_tokens(raw)
                .map(|token| TimedToken {
                    bytes: self.model.context.token_bytes(token.id),
                    start: window.original_start(token.start_seconds).clamp(start, end),
                    end: window.original_end(token.end_seconds).clamp(start, end),
                })
                .collect();
            words::join(&timed, unspaced)
        } else {
            Vec::new()
        };
        Some(Segment {
            start,
            end,
            text,
            words,
            decoding: Some(DecodingDetails {
                seek: (window.start_seconds() * 100.0) as usize,
                tokens: raw.tokens.iter().map(|token| token.id).collect(),
                temperature,
                average_log_probability: quality.average_log_probability,
                compression_ratio: quality.compression_ratio,
                no_speech_probability: raw.no_speech_probability,
            }),
        })
    }
}

impl Transcriber for WhisperModel {
    fn transcribe(
        &self,
        _permit: &Permit,
        samples: &[f32],
        options: &Options,
        cancellation: &Cancellation,
        on_segment: &mut dyn FnMut(&Segment),
    ) -> Result<Transcript, EngineError> {
        self.check(options)?;
        let job = self.shared.threads.join();
        let mut vad = self.shared.vad.take().map_err(EngineError::Failed)?;
        self.with_state(|state| {
            let mut session = Session {
                model: self,
                state,
                job: &job,
                options,
                prompt: self.prompt_tokens(options),
                language: if self.context.is_multilingual() {
                    options.language
                } else {
                    Some(Language::ENGLISH)
                },
                cancellation,
                segments: Vec::new(),
            };
            for_each_window(&mut vad, samples, &job, cancellation, |window| {
                session.window(&window, samples, on_segment).map(|()| true)
            })?;
            Ok(Transcript {
                language: session.language.unwrap_or(Language::ENGLISH),
                duration_seconds: samples.len() as f64 / f64::from(SAMPLE_RATE_HZ),
                segments: session.segments,
            })
        })
    }

    fn detect_language(
        &self,
        _permit: &Permit,
        samples: &[f32],
        cancellation: &Cancellation,
    ) -> Result<DetectedLanguage, EngineError> {
        if !self.context.is_multilingual() {
            return Ok(DetectedLanguage {
                language: Language::ENGLISH,
                probability: 1.0,
            });
        }
        let job = self.shared.threads.join();
        let mut vad = self.shared.vad.take().map_err(EngineError::Failed)?;
        self.with_state(|state| {
            let mut detected = None;
            for_each_window(&mut vad, samples, &job, cancellation, |window| {
                let threads = job
                    .threads(usize::MAX, cancellation)
                    .ok_or(EngineError::Cancelled)?;
                let heard = padded(window.samples(samples));
                state.listen(&heard).map_err(engine_error)?;
                detected = Some(detect(state, heard.len(), threads.count(), cancellation)?);
                Ok(false)
            })?;
            // Without speech there is nothing to tell: say so by the probability.
            Ok(detected.unwrap_or(DetectedLanguage {
                language: Language::ENGLISH,
                probability: 0.0,
            }))
        })
    }
}

/// Walks through the speech of `samples`, window by window, until `visit` says no.
fn for_each_window(
    vad: &mut Vad<'_>,
    samples: &[f32],
    job: &Job,
    cancellation: &Cancellation,
    mut visit: impl FnMut(Window) -> Result<bool, EngineError>,
) -> Result<(), EngineError> {
    let mut cutter = WindowCutter::new(samples.len());
    let frames = Vad::frame_count(samples.len());
    let mut frame = 0;
    while frame < frames {
        if cancellation.is_cancelled() {
            return Err(EngineError::Cancelled);
        }
        let threads = job.threads(1, cancellation).ok_or(EngineError::Cancelled)?;
        let probabilities = vad.block(samples, frame).map_err(EngineError::Failed)?;
        drop(threads);
        if probabilities.is_empty() {
            break;
        }
        frame += probabilities.len();
        for probability in probabilities {
            if let Some(window) = cutter.push(probability)
                && !visit(window)?
            {
                return Ok(());
            }
        }
    }
    for window in cutter.finish() {
        if !visit(window)? {
            return Ok(());
        }
    }
    Ok(())
}

/// The language of what the state listened to: `samples` is their number.
fn detect(
    state: &mut State,
    samples: usize,
    threads: usize,
    cancellation: &Cancellation,
) -> Result<DetectedLanguage, EngineError> {
    let english = languages::c_code(Language::ENGLISH);
    let run = Run {
        audio_ctx: audio_ctx(samples as f64 / f64::from(SAMPLE_RATE_HZ)),
        threads,
        language: &english,
        translate: false,
        prompt: &[],
        temperature: 0.0,
        temperature_step: 0.0,
        beam_size: 1,
        token_timestamps: None,
        go_on_after: &|_| false,
        cancellation,
    };
    let (id, probability) = state.detect_language(&run).map_err(engine_error)?;
    let language = languages::from_id(id)
        .ok_or_else(|| EngineError::Failed(format!("unknown language id {id}")))?;
    Ok(DetectedLanguage {
        language,
        probability,
    })
}

/// How many encoder frames a clip gets: the encoder is most of the time, and by default
/// always pays for 30 s.
fn audio_ctx(seconds: f64) -> usize {
    let needed = (seconds * FRAMES_PER_SECOND).ceil() as usize + AUDIO_CTX_MARGIN;
    needed.clamp(SMALLEST_AUDIO_CTX, FULL_AUDIO_CTX)
}

fn padded(heard: std::borrow::Cow<'_, [f32]>) -> std::borrow::Cow<'_, [f32]> {
    if heard.len() >= SHORTEST_RUN_SAMPLES {
        return heard;
    }
    let mut longer = heard.into_owned();
    longer.resize(SHORTEST_RUN_SAMPLES, 0.0);
    longer.into()
}

fn engine_error(error: RunError) -> EngineError {
    match error {
        RunError::Cancelled => EngineError::Cancelled,
        RunError::Failed(_) => EngineError::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_clips_pay_for_less_than_thirty_seconds() {
        for (seconds, expected) in [
            (0.5, 768),
            (11.0, 768),
            (12.8, 768),
            (13.0, 778),
            (20.0, 1128),
            (29.5, 1500),
        ] {
            assert_eq!(audio_ctx(seconds), expected, "{seconds} s");
        }
    }
}
