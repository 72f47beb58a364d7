use std::sync::mpsc;
use std::time::Duration;

use futures::FutureExt as _;
use parking_lot::Mutex;
use voice_common::admission::Admission;
use voice_common::cancellation::CancelCause;

use super::super::vad::SpeechDetector;
use super::*;
use crate::engine::Word;
use crate::engine::scripted::everything;

const CORES: usize = 4;

/// Takes every sample that isn't zero for speech, four seconds at a time.
struct Loudness;

impl SpeechDetectors for Loudness {
    fn take(&self) -> Result<Box<dyn SpeechDetector + '_>, String> {
        Ok(Box::new(Self))
    }
}

impl SpeechDetector for Loudness {
    fn block(&mut self, samples: &[f32], first_frame: usize) -> Result<Vec<f32>, String> {
        let frames = samples.chunks(FRAME_SAMPLES).skip(first_frame).take(125);
        Ok(frames.map(|it| it[0].abs()).collect())
    }
}

/// Detectors that can't be loaded.
struct Broken;

impl SpeechDetectors for Broken {
    fn take(&self) -> Result<Box<dyn SpeechDetector + '_>, String> {
        Err("no detector".into())
    }
}

/// A window as the engine got it.
#[derive(Debug, Clone, PartialEq)]
struct Heard {
    seconds: f64,
    threads: usize,
    language: Option<Language>,
}

/// Finds the same in each window.
struct Scripted {
    capabilities: Capabilities,
    segments: Vec<Segment>,
    /// Cancels its own request in the first window.
    cancels: bool,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl WindowTranscriber for Scripted {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn transcribe(
        &self,
        _permit: &Permit,
        task: &WindowTask<'_>,
        options: &Options,
    ) -> Result<WindowTranscript, EngineError> {
        self.note(task, options.language);
        if self.cancels {
            task.cancellation.cancel(CancelCause::Disconnected);
        }
        Ok(WindowTranscript {
            language: options.language.unwrap_or_else(german),
            segments: self.segments.clone(),
        })
    }

    fn detect_language(
        &self,
        _permit: &Permit,
        task: &WindowTask<'_>,
    ) -> Result<DetectedLanguage, EngineError> {
        self.note(task, None);
        Ok(DetectedLanguage {
            language: german(),
            probability: 0.75,
        })
    }
}

impl Default for Scripted {
    fn default() -> Self {
        Self {
            capabilities: everything(),
            segments: Vec::new(),
            cancels: false,
            heard: Arc::default(),
        }
    }
}

impl Scripted {
    fn knowing_only(language: Language) -> Self {
        let mut model = Self::default();
        model.capabilities.languages = vec![language];
        model
    }

    fn saying(segments: Vec<Segment>) -> Self {
        Self {
            segments,
            ..Self::default()
        }
    }

    fn note(&self, task: &WindowTask<'_>, language: Option<Language>) {
        let seconds = task.samples.len() as f64 / 16_000.0;
        assert!(near(seconds, task.window.seconds()), "{seconds}");
        self.heard.lock().push(Heard {
            seconds: task.window.seconds(),
            threads: task.threads,
            language,
        });
    }
}

fn german() -> Language {
    Language::parse("de").unwrap()
}

/// 16 kHz mono from (seconds, loudness) stretches.
fn audio(stretches: &[(usize, f32)]) -> Vec<f32> {
    let stretch = |(seconds, loudness): &(usize, f32)| vec![*loudness; seconds * 16_000];
    stretches.iter().flat_map(stretch).collect()
}

/// Speech for two windows, with a pause between them.
fn two_windows() -> Vec<f32> {
    audio(&[(1, 0.0), (20, 1.0), (5, 0.0), (20, 1.0), (1, 0.0)])
}

fn segment(start: f64, end: f64, words: &[(f64, f64)]) -> Segment {
    let word = |(start, end): &(f64, f64)| Word {
        word: "so".into(),
        start: *start,
        end: *end,
    };
    Segment {
        start,
        end,
        text: " so".into(),
        words: words.iter().map(word).collect(),
        decoding: None,
    }
}

fn windowed(engine: Scripted) -> Windowed<Scripted> {
    SpeechWindows::new(Arc::new(Loudness), ThreadBudget::new(CORES)).over(engine)
}

fn permit() -> Permit {
    let admission = Admission::new(1, 0, Duration::ZERO);
    let admitted = admission.admit().now_or_never().unwrap();
    admitted.ok().unwrap().permit
}

fn transcribe(
    model: &Windowed<Scripted>,
    samples: &[f32],
    options: &Options,
) -> Result<Transcript, EngineError> {
    let cancellation = Cancellation::new();
    model.transcribe(&permit(), samples, options, &cancellation, &mut |_| {})
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() < 0.1
}

#[test]
fn times_are_mapped_back_to_the_recording() {
    // The window begins 0.2 s before the speech and leaves out what is between its two parts.
    let model = windowed(Scripted::saying(vec![
        segment(0.2, 2.2, &[(0.2, 1.2)]),
        segment(2.6, 4.6, &[(2.6, 3.6)]),
    ]));
    let samples = audio(&[(5, 0.0), (2, 1.0), (20, 0.0), (2, 1.0), (5, 0.0)]);
    let transcript = transcribe(&model, &samples, &Options::default()).unwrap();
    let [first, second] = transcript.segments.as_slice() else {
        panic!("{transcript:?}");
    };
    assert!(near(first.start, 5.0) && near(first.end, 7.0), "{first:?}");
    assert!(
        near(second.start, 27.0) && near(second.end, 29.0),
        "{second:?}"
    );
    assert!(near(second.words[0].start, 27.0) && near(second.words[0].end, 28.0));
    assert!(near(transcript.duration_seconds, 34.0));
}

#[test]
fn words_stay_in_their_segment_and_never_run_backwards() {
    let words = [(0.0, 2.0), (1.5, 1.0), (3.0, 99.0)];
    let model = windowed(Scripted::saying(vec![segment(0.5, 3.5, &words)]));
    let transcript = transcribe(&model, &audio(&[(4, 1.0)]), &Options::default()).unwrap();
    let times: Vec<(f64, f64)> = transcript.segments[0]
        .words
        .iter()
        .map(|it| (it.start, it.end))
        .collect();
    assert_eq!(times, [(0.5, 2.0), (2.0, 2.0), (3.0, 3.5)]);
}

#[test]
fn a_segment_without_text_is_left_out() {
    let silent = Segment {
        text: "  ".into(),
        ..segment(0.0, 1.0, &[])
    };
    let model = windowed(Scripted::saying(vec![silent, segment(1.0, 2.0, &[])]));
    let transcript = transcribe(&model, &audio(&[(4, 1.0)]), &Options::default()).unwrap();
    assert_eq!(transcript.text(), "so");
    assert_eq!(transcript.segments.len(), 1);
}

#[test]
fn the_language_that_was_found_in_the_first_window_is_kept() {
    let model = windowed(Scripted::default());
    let transcript = transcribe(&model, &two_windows(), &Options::default()).unwrap();
    assert_eq!(transcript.language, german());
    let asked: Vec<_> = model
        .engine
        .heard
        .lock()
        .iter()
        .map(|it| it.language)
        .collect();
    assert_eq!(asked, [None, Some(german())]);
}

#[test]
fn a_language_that_was_asked_for_or_is_the_only_one_is_not_looked_for() {
    let english = Options {
        language: Some(Language::ENGLISH),
        ..Options::default()
    };
    let only_german = Scripted::knowing_only(german());
    for (engine, options, expected) in [
        (Scripted::default(), english, Language::ENGLISH),
        (only_german, Options::default(), german()),
    ] {
        let model = windowed(engine);
        let transcript = transcribe(&model, &two_windows(), &options).unwrap();
        assert_eq!(transcript.language, expected);
        let heard = model.engine.heard.lock().clone();
        assert_eq!(heard.len(), 2);
        assert!(heard.iter().all(|it| it.language == Some(expected)));
    }
}

#[test]
fn each_window_gets_the_share_of_the_cores_and_gives_it_back_before_its_segments_leave() {
    let model = windowed(Scripted::saying(vec![segment(0.5, 1.0, &[])]));
    let (cancellation, mut free) = (Cancellation::new(), Vec::new());
    let mut on_segment = |_: &Segment| {
        let other = model.windows.threads.join();
        free.push(other.threads(usize::MAX, &cancellation).unwrap().count());
    };
    let (samples, options) = (two_windows(), Options::default());
    model
        .transcribe(
            &permit(),
            &samples,
            &options,
            &cancellation,
            &mut on_segment,
        )
        .unwrap();
    let heard = model.engine.heard.lock();
    let threads: Vec<usize> = heard.iter().map(|it| it.threads).collect();
    assert_eq!(threads, [CORES, CORES]);
    assert_eq!(free, [CORES / 2, CORES / 2], "nobody waits for this job");
    assert!(heard.iter().all(|it| near(it.seconds, 20.4)), "{heard:?}");
}

#[test]
fn segments_leave_before_the_next_window_is_heard() {
    let model = windowed(Scripted::saying(vec![segment(0.5, 1.0, &[])]));
    let (sender, sent) = mpsc::channel();
    let (samples, options) = (two_windows(), Options::default());
    model
        .transcribe(
            &permit(),
            &samples,
            &options,
            &Cancellation::new(),
            &mut |_| sender.send(model.engine.heard.lock().len()).unwrap(),
        )
        .unwrap();
    drop(sender);
    assert_eq!(sent.iter().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_request_that_is_cancelled_hears_no_further_window() {
    let model = windowed(Scripted {
        cancels: true,
        ..Scripted::default()
    });
    let result = transcribe(&model, &two_windows(), &Options::default());
    assert_eq!(result, Err(EngineError::Cancelled));
    assert_eq!(model.engine.heard.lock().len(), 1);
}

#[test]
fn silence_is_not_heard_and_says_nothing() {
    let model = windowed(Scripted::saying(vec![segment(0.0, 1.0, &[])]));
    let silence = audio(&[(10, 0.0)]);
    let transcript = transcribe(&model, &silence, &Options::default()).unwrap();
    assert_eq!(transcript.segments, []);
    let detected = model.detect_language(&permit(), &silence, &Cancellation::new());
    let nothing = DetectedLanguage {
        language: Language::ENGLISH,
        probability: 0.0,
    };
    assert_eq!(detected, Ok(nothing));
    assert!(model.engine.heard.lock().is_empty());
}

#[test]
fn detection_hears_the_first_window_only_and_nothing_where_one_language_is_known() {
    let only_german = Scripted::knowing_only(german());
    for (engine, probability, windows) in [(Scripted::default(), 0.75, 1), (only_german, 1.0, 0)] {
        let model = windowed(engine);
        let detected = model
            .detect_language(&permit(), &two_windows(), &Cancellation::new())
            .unwrap();
        assert_eq!(
            (detected.language, detected.probability),
            (german(), probability)
        );
        assert_eq!(model.engine.heard.lock().len(), windows);
    }
}

#[test]
fn without_a_detector_the_request_fails() {
    let windows = SpeechWindows::new(Arc::new(Broken), ThreadBudget::new(CORES));
    let result = transcribe(
        &windows.over(Scripted::default()),
        &two_windows(),
        &Options::default(),
    );
    assert_eq!(result, Err(EngineError::Failed("no detector".into())));
}
