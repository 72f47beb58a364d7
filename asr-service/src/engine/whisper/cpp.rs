//! whisper.cpp, made safe. The only file that calls it.
//!
//! `whisper-rs`' own wrappers are passed over where they leak on each call (language,
//! prompt, callbacks) or misread their closure (`set_abort_callback_safe`).
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;

use voice_common::cancellation::Cancellation;
use whisper_rs::whisper_rs_sys as sys;

use super::mel::{MelTransform, Spectrogram};

/// What whisper.cpp's `suppress_nst` leaves out, with and without a space before it: "[music]",
/// "(laughs)", "♪". Its own way looks each of them up again for each token.
const NON_SPEECH: &str = "\" # ( ) * + / : ; < = > @ [ \\ ] ^ _ ` { | } ~ 「 」 『 』 << >> <<< >>> -- \
    --- -( -[ (' (\" (( )) ((( ))) [[ ]] {{ }} ♪♪ ♪♪♪ ♩ ♪ ♫ ♬ ♭ ♮ ♯";
/// Fine within a word, but not at the start of one.
const NON_SPEECH_AT_START: [&str; 2] = [" -", " '"];

/// What went wrong in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum RunError {
    /// The cancellation was seen; the state stays usable.
    #[error("cancelled")]
    Cancelled,
    /// whisper.cpp returned this code.
    #[error("whisper.cpp failed with code {0}")]
    Failed(i32),
}

/// A model in memory. Shared by any number of [`State`]s.
pub(super) struct Context {
    raw: NonNull<sys::whisper_context>,
    mel: MelTransform,
    /// Ids of the tokens that are no speech.
    non_speech: Vec<usize>,
}

// SAFETY: a context is only read after it was built; whisper.cpp keeps everything that a run
// changes in the state. Concurrent runs of many states on one context are a documented use.
unsafe impl Send for Context {}
// SAFETY: see above.
unsafe impl Sync for Context {}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the pointer came from whisper_init_* and is freed once; every State holds
        // an Arc of this, so none is left.
        unsafe { sys::whisper_free(self.raw.as_ptr()) }
    }
}

impl Context {
    /// Reads a ggml model file. The file must be a verified one: whisper.cpp trusts sizes
    /// in it.
    pub(super) fn load(path: &Path, use_gpu: bool) -> Option<Self> {
        let path = CString::new(path.as_os_str().as_bytes()).ok()?;
        // SAFETY: plain values in, and a path that outlives the call.
        let context = unsafe {
            let mut params = sys::whisper_context_default_params();
            params.use_gpu = use_gpu;
            // Slower on the CPU in whisper.cpp 1.8.3.
            params.flash_attn = use_gpu;
            sys::whisper_init_from_file_with_params_no_state(path.as_ptr(), params)
        };
        let raw = NonNull::new(context)?;
        // SAFETY: the context is valid.
        let mels = unsafe { sys::whisper_model_n_mels(raw.as_ptr()) };
        let mut context = Self {
            raw,
            mel: MelTransform::new(usize::try_from(mels).ok()?),
            non_speech: Vec::new(),
        };
        context.non_speech = context.find_non_speech();
        Some(context)
    }

    /// False for `.en` models.
    pub(super) fn is_multilingual(&self) -> bool {
        // SAFETY: the context is valid for as long as self.
        unsafe { sys::whisper_is_multilingual(self.raw.as_ptr()) != 0 }
    }

    /// How many of whisper.cpp's languages the model has a token for: `large-v3` knows one
    /// more (Cantonese) than those before it.
    pub(super) fn language_count(&self) -> i32 {
        // Everything in a multilingual vocabulary that is no language.
        const OTHER_TOKENS: i32 = 51_766;
        if !self.is_multilingual() {
            return 1;
        }
        // SAFETY: as above.
        unsafe { sys::whisper_n_vocab(self.raw.as_ptr()) - OTHER_TOKENS }
    }

    /// The first id that is no text: end of text, then special and timestamp tokens.
    pub(super) fn first_special_token(&self) -> i32 {
        // SAFETY: as above.
        unsafe { sys::whisper_token_eot(self.raw.as_ptr()) }
    }

    fn find_non_speech(&self) -> Vec<usize> {
        // SAFETY: as above.
        let count = unsafe { sys::whisper_n_vocab(self.raw.as_ptr()) };
        (0..count)
            .filter(|token| {
                let bytes = self.token_bytes(*token);
                let bare = bytes.strip_prefix(b" ").unwrap_or(bytes);
                NON_SPEECH.split(' ').any(|it| it.as_bytes() == bare)
                    || NON_SPEECH_AT_START.iter().any(|it| it.as_bytes() == bytes)
            })
            .filter_map(|token| usize::try_from(token).ok())
            .collect()
    }

    /// The bytes of a token; part of a character for some.
    pub(super) fn token_bytes(&self, token: i32) -> &[u8] {
        // SAFETY: as above; ids outside the vocabulary would throw across the boundary, so
        // they are kept out. The string belongs to the context.
        unsafe {
            if token < 0 || token >= sys::whisper_n_vocab(self.raw.as_ptr()) {
                return &[];
            }
            CStr::from_ptr(sys::whisper_token_to_str(self.raw.as_ptr(), token)).to_bytes()
        }
    }

    /// The tokens of a text. Empty for a text with a NUL in it.
    pub(super) fn tokenize(&self, text: &str) -> Vec<i32> {
        let Ok(c_text) = CString::new(text) else {
            return Vec::new();
        };
        // A token stands for at least one byte.
        let mut tokens = vec![0; text.len() + 1];
        // SAFETY: the buffer has the length that is passed.
        let count = unsafe {
            sys::whisper_tokenize(
                self.raw.as_ptr(),
                c_text.as_ptr(),
                tokens.as_mut_ptr(),
                tokens.len() as c_int,
            )
        };
        tokens.truncate(usize::try_from(count).unwrap_or(0));
        tokens
    }
}

/// Working memory of one run at a time: reused, it costs nothing to set up.
pub(super) struct State {
    raw: NonNull<sys::whisper_state>,
    context: Arc<Context>,
    /// Of the samples that were listened to last; whisper.cpp has a copy.
    spectrogram: Spectrogram,
    /// whisper.cpp frees a state itself when it can't grow its key-value cache.
    freed: bool,
}

/// The code for a key-value cache that could not grow.
const OUT_OF_CACHE: c_int = -7;

// SAFETY: a state has no tie to the thread that made it; it is used by one at a time (&mut).
unsafe impl Send for State {}

impl Drop for State {
    fn drop(&mut self) {
        if !self.freed {
            // SAFETY: made by whisper_init_state, freed once.
            unsafe { sys::whisper_free_state(self.raw.as_ptr()) }
        }
    }
}

/// How one run over the samples that [`State::listen`] got goes.
pub(super) struct Run<'a> {
    /// Encoder frames to compute, at most [`FULL_AUDIO_CTX`].
    pub audio_ctx: usize,
    /// Threads to compute with.
    pub threads: usize,
    /// A language that whisper.cpp knows (it takes others silently for English).
    pub language: &'a CStr,
    /// Into English instead of the spoken language.
    pub translate: bool,
    /// What was said before, or how names are spelt.
    pub prompt: &'a [i32],
    /// First temperature.
    pub temperature: f32,
    /// Added after each attempt that looks wrong, up to 1.0; 0 for a single attempt.
    pub temperature_step: f32,
    /// 1 is greedy.
    pub beam_size: usize,
    /// The samples once more, to estimate from their energy when each token was said.
    pub token_timestamps: Option<&'a [f32]>,
    /// Whether what is left after so many seconds is worth another encoder pass.
    pub go_on_after: &'a dyn Fn(f64) -> bool,
    /// Looked at after each encoder pass and each token.
    pub cancellation: &'a Cancellation,
}

/// What a run heard between two timestamps.
#[derive(Debug, Clone)]
pub(super) struct RawSegment {
    /// Seconds from the start of the samples.
    pub start_seconds: f64,
    /// Seconds from the start of the samples.
    pub end_seconds: f64,
    /// The model's own opinion; of no use on multilingual models.
    pub no_speech_probability: f32,
    /// All tokens, timestamps included.
    pub tokens: Vec<RawToken>,
}

/// One token of a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawToken {
    /// Id in the vocabulary.
    pub id: i32,
    /// Natural logarithm of the probability.
    pub log_probability: f32,
    /// Seconds; meaningful with `token_timestamps` only.
    pub start_seconds: f64,
    /// Seconds; meaningful with `token_timestamps` only.
    pub end_seconds: f64,
}

/// The outcome of a run.
#[derive(Debug, Clone)]
pub(super) struct RawTranscript {
    /// In the order of time.
    pub segments: Vec<RawSegment>,
    /// The temperature of the attempt that was kept (of the last window).
    pub temperature: f32,
}

/// What the callbacks of one run share. Lives on the stack of [`State::run`].
struct Callbacks<'a> {
    cancellation: &'a Cancellation,
    non_speech: &'a [usize],
    go_on_after: &'a dyn Fn(f64) -> bool,
    windows: u32,
    attempts: u32,
}

const SECONDS_PER_TICK: f64 = 0.01;

extern "C" fn should_abort(data: *mut c_void) -> bool {
    // SAFETY: data is the Callbacks of the run that calls; nothing else refers to it then.
    unsafe { &*data.cast::<Callbacks<'_>>() }
        .cancellation
        .is_cancelled()
}

/// Called before each encoder pass: a pass over a remainder without speech is not worth its
/// cost, and whisper.cpp would do one for as little as 100 ms.
extern "C" fn before_encoding(
    _context: *mut sys::whisper_context,
    state: *mut sys::whisper_state,
    data: *mut c_void,
) -> bool {
    // SAFETY: as above.
    let callbacks = unsafe { &mut *data.cast::<Callbacks<'_>>() };
    callbacks.windows += 1;
    if callbacks.cancellation.is_cancelled() {
        return false;
    }
    if callbacks.windows > 1 {
        // SAFETY: the state of the running call; the index is checked. Without a segment
        // yet, whisper.cpp knows best where it is.
        let done = unsafe {
            match sys::whisper_full_n_segments_from_state(state) {
                0 => None,
                count => Some(sys::whisper_full_get_segment_t1_from_state(
                    state,
                    count - 1,
                )),
            }
        };
        if done.is_some_and(|ticks| !(callbacks.go_on_after)(ticks as f64 * SECONDS_PER_TICK)) {
            return false;
        }
    }
    callbacks.attempts = 0;
    true
}

/// Refuses the encoder pass: the run then only prepares the state.
extern "C" fn refuse_encoding(
    _context: *mut sys::whisper_context,
    _state: *mut sys::whisper_state,
    _data: *mut c_void,
) -> bool {
    false
}

/// Called for the logits of each token: rules out what is no speech, as OpenAI's default does.
/// The first token of an attempt tells attempts apart, which is the only way to learn the
/// temperature that was used in the end.
extern "C" fn filter_logits(
    _context: *mut sys::whisper_context,
    _state: *mut sys::whisper_state,
    _tokens: *const sys::whisper_token_data,
    token_count: c_int,
    logits: *mut f32,
    data: *mut c_void,
) {
    let callbacks = data.cast::<Callbacks<'_>>();
    // SAFETY: data is the Callbacks of the run that calls, and the logits are one decoder's,
    // one for each token of the vocabulary that the ids are from. Decoders of a beam search
    // call from several threads at once, but only for tokens after the first: then nothing
    // is written but their own logits, and nothing read but a field that never changes.
    unsafe {
        if token_count == 0 {
            (*callbacks).attempts += 1;
        }
        for token in (*callbacks).non_speech {
            *logits.add(*token) = f32::NEG_INFINITY;
        }
    }
}

impl State {
    /// Working memory for runs on `context`; `None` when there is not enough memory.
    pub(super) fn new(context: &Arc<Context>) -> Option<Self> {
        // SAFETY: the context is valid, and kept alive by the Arc in the result.
        let state = unsafe { sys::whisper_init_state(context.raw.as_ptr()) };
        NonNull::new(state).map(|raw| Self {
            raw,
            context: Arc::clone(context),
            spectrogram: Spectrogram::default(),
            freed: false,
        })
    }

    fn params(&self, run: &Run<'_>) -> sys::whisper_full_params {
        let strategy = if run.beam_size > 1 {
            sys::whisper_sampling_strategy_WHISPER_SAMPLING_BEAM_SEARCH
        } else {
            sys::whisper_sampling_strategy_WHISPER_SAMPLING_GREEDY
        };
        // SAFETY: takes and returns plain values.
        let mut params = unsafe { sys::whisper_full_default_params(strategy) };
        params.n_threads = run.threads as c_int;
        params.audio_ctx = run.audio_ctx as c_int;
        params.language = run.language.as_ptr();
        params.translate = run.translate;
        if !run.prompt.is_empty() {
            params.prompt_tokens = run.prompt.as_ptr();
            params.prompt_n_tokens = run.prompt.len() as c_int;
        }
        params.temperature = run.temperature;
        params.temperature_inc = run.temperature_step;
        // More than one sample at a temperature would multiply the key-value cache of the
        // state for good, by seven: that is memory which the guards can't see coming.
        params.greedy.best_of = 1;
        if run.beam_size > 1 {
            params.beam_search.beam_size = run.beam_size as c_int;
        }
        params.token_timestamps = run.token_timestamps.is_some();
        // Without it, whisper.cpp would go on into the padding of a spectrogram it was given.
        params.duration_ms = self.spectrogram.milliseconds() as c_int;
        params.no_context = true;
        params.print_progress = false;
        params.print_realtime = false;
        params.print_timestamps = false;
        params.print_special = false;
        params
    }

    /// Takes in what the next runs are about: 16 kHz mono, at least 0.1 s and at most 30 s.
    ///
    /// # Errors
    /// See [`RunError`].
    pub(super) fn listen(&mut self, samples: &[f32]) -> Result<(), RunError> {
        debug_assert!(!self.freed, "a state is not used after a failure");
        let mel = &self.context.mel;
        mel.compute(samples, &mut self.spectrogram);
        // SAFETY: both pointers are valid; whisper.cpp copies a value for each frame of each
        // band, which is how many the spectrogram has.
        let code = unsafe {
            sys::whisper_set_mel_with_state(
                self.context.raw.as_ptr(),
                self.raw.as_ptr(),
                self.spectrogram.values().as_ptr(),
                self.spectrogram.frames() as c_int,
                mel.mels() as c_int,
            )
        };
        match code {
            0 => Ok(()),
            code => Err(RunError::Failed(code)),
        }
    }

    /// With samples, whisper.cpp computes a spectrogram of its own: they are for runs that
    /// need them for something else as well.
    fn full(&mut self, params: &sys::whisper_full_params, samples: &[f32]) -> c_int {
        debug_assert!(!self.freed, "a state is not used after a failure");
        // SAFETY: both pointers are valid, the length is the slice's, and everything that
        // params points to outlives the call (it belongs to the caller's frame).
        let code = unsafe {
            sys::whisper_full_with_state(
                self.context.raw.as_ptr(),
                self.raw.as_ptr(),
                *params,
                samples.as_ptr(),
                samples.len() as c_int,
            )
        };
        self.freed = code == OUT_OF_CACHE;
        code
    }

    /// Transcribes what was listened to.
    ///
    /// # Errors
    /// See [`RunError`].
    pub(super) fn run(&mut self, run: &Run<'_>) -> Result<RawTranscript, RunError> {
        let context = Arc::clone(&self.context);
        let mut callbacks = Callbacks {
            cancellation: run.cancellation,
            non_speech: &context.non_speech,
            go_on_after: run.go_on_after,
            windows: 0,
            attempts: 0,
        };
        let data = (&raw mut callbacks).cast::<c_void>();
        let mut params = self.params(run);
        params.abort_callback = Some(should_abort);
        params.abort_callback_user_data = data;
        params.encoder_begin_callback = Some(before_encoding);
        params.encoder_begin_callback_user_data = data;
        params.logits_filter_callback = Some(filter_logits);
        params.logits_filter_callback_user_data = data;

        let code = self.full(&params, run.token_timestamps.unwrap_or_default());
        if run.cancellation.is_cancelled() && !self.freed {
            return Err(RunError::Cancelled);
        }
        if code != 0 {
            return Err(RunError::Failed(code));
        }
        let steps = callbacks.attempts.saturating_sub(1) as f32;
        Ok(RawTranscript {
            segments: self.segments(),
            temperature: (run.temperature + steps * run.temperature_step).min(1.0),
        })
    }

    fn segments(&self) -> Vec<RawSegment> {
        let state = self.raw.as_ptr();
        // SAFETY: the state is valid and all indices are below the counts that it states.
        unsafe {
            (0..sys::whisper_full_n_segments_from_state(state))
                .map(|segment| RawSegment {
                    start_seconds: sys::whisper_full_get_segment_t0_from_state(state, segment)
                        as f64
                        * SECONDS_PER_TICK,
                    end_seconds: sys::whisper_full_get_segment_t1_from_state(state, segment) as f64
                        * SECONDS_PER_TICK,
                    no_speech_probability: sys::whisper_full_get_segment_no_speech_prob_from_state(
                        state, segment,
                    ),
                    tokens: (0..sys::whisper_full_n_tokens_from_state(state, segment))
                        .map(|token| {
                            let data =
                                sys::whisper_full_get_token_data_from_state(state, segment, token);
                            RawToken {
                                id: data.id,
                                log_probability: data.plog,
                                start_seconds: data.t0 as f64 * SECONDS_PER_TICK,
                                end_seconds: data.t1 as f64 * SECONDS_PER_TICK,
                            }
                        })
                        .collect(),
                })
                .collect()
        }
    }

    /// The id of the language of what was listened to, and its probability. Only for
    /// multilingual models. Uses `audio_ctx`, `threads` and `cancellation` of the run.
    ///
    /// # Errors
    /// See [`RunError`].
    pub(super) fn detect_language(&mut self, run: &Run<'_>) -> Result<(i32, f32), RunError> {
        // Detection encodes with the audio_ctx that the previous run left in the state. A
        // run whose encoder pass is refused leaves ours.
        let mut params = self.params(run);
        params.encoder_begin_callback = Some(refuse_encoding);
        let code = self.full(&params, &[]);
        if code != 0 {
            return Err(RunError::Failed(code));
        }
        if run.cancellation.is_cancelled() {
            return Err(RunError::Cancelled);
        }
        // SAFETY: takes no pointer.
        let languages = unsafe { sys::whisper_lang_max_id() } + 1;
        let mut probabilities = vec![0.0_f32; usize::try_from(languages).unwrap_or(0)];
        // SAFETY: the buffer holds one value a language.
        let id = unsafe {
            sys::whisper_lang_auto_detect_with_state(
                self.context.raw.as_ptr(),
                self.raw.as_ptr(),
                0,
                run.threads as c_int,
                probabilities.as_mut_ptr(),
            )
        };
        if run.cancellation.is_cancelled() {
            return Err(RunError::Cancelled);
        }
        if id < 0 {
            return Err(RunError::Failed(id));
        }
        // Of the languages that this model has a token for.
        let known = usize::try_from(self.context.language_count()).unwrap_or(0);
        probabilities
            .into_iter()
            .take(known)
            .zip(0..)
            .max_by(|(one, _), (other, _)| one.total_cmp(other))
            .map(|(probability, id)| (id, probability))
            .ok_or(RunError::Failed(id))
    }
}

/// Names of the devices beside the CPU that this build of ggml sees.
pub(super) fn gpu_devices() -> Vec<String> {
    // SAFETY: the registry is static; descriptions are static strings.
    unsafe {
        (0..sys::ggml_backend_dev_count())
            .map(|index| sys::ggml_backend_dev_get(index))
            .filter(|device| {
                sys::ggml_backend_dev_type(*device)
                    == sys::ggml_backend_dev_type_GGML_BACKEND_DEVICE_TYPE_GPU
            })
            .map(|device| {
                CStr::from_ptr(sys::ggml_backend_dev_description(device))
                    .to_string_lossy()
                    .into_owned()
            })
            .collect()
    }
}

/// Sends what whisper.cpp and ggml print to the log: their chatter as debug messages, what
/// went wrong as it is.
pub(super) fn log_to_tracing() {
    // SAFETY: the callback takes a string that is valid for the call, keeps nothing and
    // does not unwind.
    unsafe {
        sys::whisper_log_set(Some(log_line), std::ptr::null_mut());
        sys::ggml_log_set(Some(log_line), std::ptr::null_mut());
    }
}

extern "C" fn log_line(level: sys::ggml_log_level, text: *const c_char, _data: *mut c_void) {
    if text.is_null() {
        return;
    }
    // SAFETY: whisper.cpp passes a NUL-terminated string.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    let text = text.trim_end();
    // Refused encoder passes and aborted runs are how detection, windows and cancellation
    // work; a run that really failed is reported with its code.
    let is_expected = text.starts_with("whisper_full_with_state");
    match level {
        sys::ggml_log_level_GGML_LOG_LEVEL_ERROR if !is_expected => {
            tracing::error!(target: "whisper_cpp", "{text}");
        }
        sys::ggml_log_level_GGML_LOG_LEVEL_WARN => tracing::warn!(target: "whisper_cpp", "{text}"),
        _ => tracing::debug!(target: "whisper_cpp", "{text}"),
    }
}
