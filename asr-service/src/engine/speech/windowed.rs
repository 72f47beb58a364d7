//! From windows to whole recordings: `Transcriber` for engines that hear one window at a time.

use std::ops::ControlFlow;
use std::sync::Arc;

use voice_common::admission::Permit;
use voice_common::cancellation::Cancellation;
use voice_stack_audio::SAMPLE_RATE_HZ;

use super::vad::SpeechDetectors;
use super::windows::{FRAME_SAMPLES, Window, WindowCutter};
use crate::engine::threads::{Job, ThreadBudget};
use crate::engine::{
    Capabilities, DetectedLanguage, EngineError, Language, Options, Segment, Transcriber,
    Transcript, Word,
};

/// Recognises speech in one window of audio. It is given windows of speech with the silence
/// between them taken out, at most 29.5 s each, and knows nothing of the recording: times count
/// from the window's beginning. Nothing is handed from one window to the next but the language.
pub(crate) trait WindowTranscriber: Send + Sync + 'static {
    /// What the model can do. It is not asked for more than that.
    fn capabilities(&self) -> &Capabilities;

    /// Transcribes a window. Without a language in the options it is for the engine to find out
    /// which one is spoken; the windows after that one are given what it found.
    fn transcribe(
        &self,
        permit: &Permit,
        task: &WindowTask<'_>,
        options: &Options,
    ) -> Result<WindowTranscript, EngineError>;

    /// Says which language is spoken in a window. Not asked of a model that knows only one.
    fn detect_language(
        &self,
        permit: &Permit,
        task: &WindowTask<'_>,
    ) -> Result<DetectedLanguage, EngineError>;
}

/// A window, and with what it may be computed.
pub(crate) struct WindowTask<'a> {
    /// Where it is in the recording, and where in it speech is.
    pub window: &'a Window,
    /// 16 kHz mono, without the silence that was taken out.
    pub samples: &'a [f32],
    /// How many threads may compute.
    pub threads: usize,
    /// To be looked at every few hundred milliseconds.
    pub cancellation: &'a Cancellation,
}

/// What was said in a window.
pub(crate) struct WindowTranscript {
    /// The spoken language, given or detected.
    pub language: Language,
    /// In the order of time, in seconds from the beginning of the window. Times may run past
    /// its end and words past their segment: they are put right when they are mapped back.
    pub segments: Vec<Segment>,
}

/// What all models share that hear windows: the detectors of speech, and the cores.
#[derive(Clone)]
pub(crate) struct SpeechWindows {
    detectors: Arc<dyn SpeechDetectors>,
    threads: Arc<ThreadBudget>,
}

impl SpeechWindows {
    /// With these detectors, on these cores.
    pub(crate) fn new(detectors: Arc<dyn SpeechDetectors>, threads: Arc<ThreadBudget>) -> Self {
        Self { detectors, threads }
    }

    /// A model that hears windows as one that hears recordings.
    pub(crate) fn over<E: WindowTranscriber>(&self, engine: E) -> Windowed<E> {
        Windowed {
            engine,
            windows: self.clone(),
        }
    }
}

/// A model that hears windows, as one that hears recordings of any length. Cancellation,
/// streaming and the division of the cores act between windows, whatever the engine does.
pub(crate) struct Windowed<E> {
    engine: E,
    windows: SpeechWindows,
}

impl<E: WindowTranscriber> Transcriber for Windowed<E> {
    fn capabilities(&self) -> &Capabilities {
        self.engine.capabilities()
    }

    fn transcribe(
        &self,
        permit: &Permit,
        samples: &[f32],
        options: &Options,
        cancellation: &Cancellation,
        on_segment: &mut dyn FnMut(&Segment),
    ) -> Result<Transcript, EngineError> {
        let mut options = options.clone();
        options.language = self.capabilities().only_language().or(options.language);
        let mut segments = Vec::new();
        let walk = Walk::begin(&self.windows, samples, cancellation);
        walk.visit_windows(|window| {
            let heard = walk.hear(window, |task| {
                self.engine.transcribe(permit, task, &options)
            })?;
            options.language = Some(heard.language);
            // The window's cores are free again: what follows may wait for a client.
            for segment in heard.segments {
                if segment.text.trim().is_empty() {
                    continue;
                }
                let segment = mapped_back(segment, window);
                on_segment(&segment);
                segments.push(segment);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Transcript {
            language: options.language.unwrap_or(Language::ENGLISH),
            duration_seconds: samples.len() as f64 / f64::from(SAMPLE_RATE_HZ),
            segments,
        })
    }

    fn detect_language(
        &self,
        permit: &Permit,
        samples: &[f32],
        cancellation: &Cancellation,
    ) -> Result<DetectedLanguage, EngineError> {
        if let Some(language) = self.capabilities().only_language() {
            return Ok(DetectedLanguage {
                language,
                probability: 1.0,
            });
        }
        let mut detected = None;
        let walk = Walk::begin(&self.windows, samples, cancellation);
        walk.visit_windows(|window| {
            detected = Some(walk.hear(window, |task| self.engine.detect_language(permit, task))?);
            Ok(ControlFlow::Break(()))
        })?;
        // Without speech there is nothing to tell: say so by the probability.
        Ok(detected.unwrap_or(DetectedLanguage {
            language: Language::ENGLISH,
            probability: 0.0,
        }))
    }
}

/// One request's way through its audio.
struct Walk<'a> {
    detectors: &'a dyn SpeechDetectors,
    /// Takes part in the division of the cores for as long as the walk lasts.
    job: Job,
    samples: &'a [f32],
    cancellation: &'a Cancellation,
}

impl<'a> Walk<'a> {
    fn begin(
        windows: &'a SpeechWindows,
        samples: &'a [f32],
        cancellation: &'a Cancellation,
    ) -> Self {
        Self {
            detectors: &*windows.detectors,
            job: windows.threads.join(),
            samples,
            cancellation,
        }
    }

    /// Finds the windows of speech one after the other, until `visit` breaks off. What comes
    /// after a window is not looked at before the window was visited.
    fn visit_windows(
        &self,
        mut visit: impl FnMut(&Window) -> Result<ControlFlow<()>, EngineError>,
    ) -> Result<(), EngineError> {
        let mut detector = self.detectors.take().map_err(EngineError::Failed)?;
        let mut cutter = WindowCutter::new(self.samples.len());
        // The last one may be partial.
        let frames = self.samples.len().div_ceil(FRAME_SAMPLES);
        let mut frame = 0;
        while frame < frames {
            if self.cancellation.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            let threads = self
                .job
                .threads(1, self.cancellation)
                .ok_or(EngineError::Cancelled)?;
            let probabilities = detector
                .block(self.samples, frame)
                .map_err(EngineError::Failed)?;
            drop(threads);
            if probabilities.is_empty() {
                break;
            }
            frame += probabilities.len();
            for probability in probabilities {
                if let Some(window) = cutter.push(probability)
                    && visit(&window)?.is_break()
                {
                    return Ok(());
                }
            }
        }
        for window in cutter.finish() {
            if visit(&window)?.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Lets `engine` hear a window, with this job's share of the cores meanwhile.
    fn hear<T>(
        &self,
        window: &Window,
        engine: impl FnOnce(&WindowTask<'_>) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        if self.cancellation.is_cancelled() {
            return Err(EngineError::Cancelled);
        }
        let samples = window.samples(self.samples);
        let threads = self
            .job
            .threads(usize::MAX, self.cancellation)
            .ok_or(EngineError::Cancelled)?;
        engine(&WindowTask {
            window,
            samples: &samples,
            threads: threads.count(),
            cancellation: self.cancellation,
        })
    }
}

/// A segment of a window with its times in the recording. Words stay within their segment and
/// never run backwards, wherever silence was taken out.
fn mapped_back(segment: Segment, window: &Window) -> Segment {
    let start = window.original_start(segment.start);
    let end = window.original_end(segment.end).max(start);
    let mut last_end = 0.0_f64;
    let words = segment.words.into_iter().map(|word| {
        let word_start = window.original_start(word.start).clamp(start, end);
        let word_end = window.original_end(word.end).clamp(start, end);
        let word_start = word_start.max(last_end);
        last_end = word_end.max(word_start);
        Word {
            start: word_start,
            end: last_end,
            ..word
        }
    });
    Segment {
        start,
        end,
        words: words.collect(),
        ..segment
    }
}

#[cfg(test)]
#[path = "windowed_tests.rs"]
mod tests;
