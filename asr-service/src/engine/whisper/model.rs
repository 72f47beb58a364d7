//! A loaded Whisper model: how a window of speech becomes segments.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use voice_common::admission::Permit;
use voice_stack_audio::SAMPLE_RATE_HZ;

use super::cpp::{Context, RawSegment, RawToken, RawTranscript, Run, RunError, State};
use super::languages;
use super::mel::FULL_AUDIO_CTX;
use super::quality::Quality;
use super::words::{self, TimedToken};
use crate::engine::speech::{SpeechWindows, WindowTask, WindowTranscriber, WindowTranscript};
use crate::engine::{
    Capabilities, DecodingDetails, DetectedLanguage, EngineError, Language, Options, Segment,
    Transcriber, Word,
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

/// What all Whisper models of a service share.
pub(super) struct WhisperRuntime {
    /// What finds speech for them, and the cores.
    pub windows: SpeechWindows,
    /// 1 is greedy.
    pub beam_size: usize,
    /// Computes there as far as whisper.cpp can.
    pub use_gpu: bool,
}

/// A Whisper model in memory.
struct WhisperModel {
    context: Arc<Context>,
    capabilities: Capabilities,
    /// Working memory that no job uses just now. There are never more states than permits.
    idle_states: Mutex<Vec<State>>,
    beam_size: usize,
}

/// Loads a verified ggml file.
///
/// # Errors
/// whisper.cpp refused the file; its reason is in the log.
pub(super) fn load(path: &Path, runtime: &WhisperRuntime) -> Result<Box<dyn Transcriber>, String> {
    let context = Context::load(path, runtime.use_gpu)
        .ok_or("the model file is damaged or does not fit into memory")?;
    Ok(Box::new(runtime.windows.over(WhisperModel {
        capabilities: capabilities(&context),
        context: Arc::new(context),
        idle_states: Mutex::new(Vec::new()),
        beam_size: runtime.beam_size,
    })))
}

fn capabilities(context: &Context) -> Capabilities {
    let is_multilingual = context.is_multilingual();
    let count = context.language_count();
    Capabilities {
        languages: if is_multilingual {
            let all = Language::all();
            all.filter(|it| languages::is_below(*it, count)).collect()
        } else {
            vec![Language::ENGLISH]
        },
        knows_more: Some("large-v3"),
        translates: is_multilingual,
        takes_prompt: true,
        takes_temperature: true,
        gives_words: true,
    }
}

impl WhisperModel {
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

    /// Runs the model over what the state listened to: again at full context where the first
    /// result can't be trusted, which is kept if it is the better one all the same.
    fn run(
        &self,
        state: &mut State,
        samples: &[f32],
        task: &WindowTask<'_>,
        language: Language,
        options: &Options,
    ) -> Result<(RawTranscript, Quality), EngineError> {
        let (window, code) = (task.window, languages::c_code(language));
        let prompt = self.prompt_tokens(options);
        let go_on_after =
            |seconds| window.speech_seconds_after(seconds) >= WORTHWHILE_REMAINDER_SECONDS;
        let mut run = Run {
            audio_ctx: audio_ctx(window.seconds()),
            threads: task.threads,
            language: &code,
            translate: options.translate && self.context.is_multilingual(),
            prompt: &prompt,
            temperature: options.temperature,
            temperature_step: 0.0,
            beam_size: self.beam_size,
            token_timestamps: options.words.then_some(samples),
            go_on_after: &go_on_after,
            cancellation: task.cancellation,
        };
        if run.audio_ctx == FULL_AUDIO_CTX {
            run.temperature_step = TEMPERATURE_STEP;
        }
        let result = state.run(&run).map_err(engine_error)?;
        let quality = self.judge(&result);
        let is_empty = result.segments.is_empty()
            && window.speech_seconds_after(0.0) >= SPEECH_THAT_MUST_GIVE_TEXT_SECONDS;
        if (is_empty || !quality.is_trustworthy()) && run.audio_ctx < FULL_AUDIO_CTX {
            tracing::debug!(
                ?quality,
                "result can't be trusted: running again at full context"
            );
            run.audio_ctx = FULL_AUDIO_CTX;
            run.temperature_step = TEMPERATURE_STEP;
            let second = state.run(&run).map_err(engine_error)?;
            let second_quality = self.judge(&second);
            if is_empty
                || second_quality.is_trustworthy()
                || second_quality.is_better_than(&quality)
            {
                return Ok((second, second_quality));
            }
        }
        Ok((result, quality))
    }

    fn text_tokens<'a>(&self, raw: &'a RawSegment) -> impl Iterator<Item = &'a RawToken> + use<'a> {
        let first_special = self.context.first_special_token();
        raw.tokens
            .iter()
            .filter(move |token| token.id < first_special)
    }

    fn text(&self, raw: &RawSegment) -> String {
        let bytes: Vec<u8> = self
            .text_tokens(raw)
            .flat_map(|token| self.context.token_bytes(token.id))
            .copied()
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn judge(&self, result: &RawTranscript) -> Quality {
        let text: String = result.segments.iter().map(|raw| self.text(raw)).collect();
        let tokens = result.segments.iter().flat_map(|raw| &raw.tokens);
        Quality::of(&text, tokens.map(|token| token.log_probability))
    }

    fn words(&self, raw: &RawSegment, language: Language) -> Vec<Word> {
        let timed: Vec<TimedToken<'_>> = self
            .text_tokens(raw)
            .map(|token| TimedToken {
                bytes: self.context.token_bytes(token.id),
                start: token.start_seconds,
                end: token.end_seconds,
            })
            .collect();
        words::join(&timed, language.is_unspaced())
    }
}

impl WindowTranscriber for WhisperModel {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn transcribe(
        &self,
        _permit: &Permit,
        task: &WindowTask<'_>,
        options: &Options,
    ) -> Result<WindowTranscript, EngineError> {
        let samples = padded(task.samples);
        self.with_state(|state| {
            state.listen(&samples).map_err(engine_error)?;
            let language = match options.language {
                Some(language) => language,
                None => detect(state, samples.len(), task)?.language,
            };
            let (result, quality) = self.run(state, &samples, task, language, options)?;
            let segments = result.segments.iter().map(|raw| Segment {
                start: raw.start_seconds,
                end: raw.end_seconds,
                text: self.text(raw),
                words: if options.words {
                    self.words(raw, language)
                } else {
                    Vec::new()
                },
                decoding: Some(DecodingDetails {
                    seek: (task.window.start_seconds() * 100.0) as usize,
                    tokens: raw.tokens.iter().map(|token| token.id).collect(),
                    temperature: result.temperature,
                    average_log_probability: quality.average_log_probability,
                    compression_ratio: quality.compression_ratio,
                    no_speech_probability: raw.no_speech_probability,
                }),
            });
            Ok(WindowTranscript {
                language,
                segments: segments.collect(),
            })
        })
    }

    fn detect_language(
        &self,
        _permit: &Permit,
        task: &WindowTask<'_>,
    ) -> Result<DetectedLanguage, EngineError> {
        let samples = padded(task.samples);
        self.with_state(|state| {
            state.listen(&samples).map_err(engine_error)?;
            detect(state, samples.len(), task)
        })
    }
}

/// The language of what the state listened to: `samples` is their number.
fn detect(
    state: &mut State,
    samples: usize,
    task: &WindowTask<'_>,
) -> Result<DetectedLanguage, EngineError> {
    let english = languages::c_code(Language::ENGLISH);
    let run = Run {
        audio_ctx: audio_ctx(samples as f64 / f64::from(SAMPLE_RATE_HZ)),
        threads: task.threads,
        language: &english,
        translate: false,
        prompt: &[],
        temperature: 0.0,
        temperature_step: 0.0,
        beam_size: 1,
        token_timestamps: None,
        go_on_after: &|_| false,
        cancellation: task.cancellation,
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

fn padded(heard: &[f32]) -> Cow<'_, [f32]> {
    if heard.len() >= SHORTEST_RUN_SAMPLES {
        return heard.into();
    }
    let mut longer = heard.to_vec();
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
