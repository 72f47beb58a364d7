//! Word error rates on the recordings beside the project. They are printed, so that a
//! reader of the log sees them move.

use voice_stack_load::score::wer::Score;
use voice_stack_tests::client::Client;
use voice_stack_tests::effort::repetitions;
use voice_stack_tests::kind::ASR;
use voice_stack_tests::samples::{self, Sample};
use voice_stack_tests::service::Service;

const HIGHEST_ENGLISH_WER_PERCENT: f64 = 12.0;
const HIGHEST_OTHER_WER_PERCENT: f64 = 45.0;

fn recordings(english: bool) -> Option<Vec<Sample>> {
    let all = samples::shared();
    if all.is_none() {
        println!("WER not measured: ../shared/audio is not there");
    }
    Some(
        all?.into_iter()
            .filter(|it| (it.language == "en") == english)
            .collect(),
    )
}

fn score(client: &Client, sample: &Sample, model: &str) -> (Score, String) {
    let fields = [("model", model), ("response_format", "verbose_json")];
    let answer = client.transcribe(&sample.bytes(), &fields).json();
    let heard = answer["text"].as_str().unwrap();
    let score = Score::of(&sample.words, heard, &sample.language);
    println!(
        "WER {:5.1} % {model} {} {heard}",
        score.percent(),
        sample.language
    );
    (score, answer["language"].as_str().unwrap().to_string())
}

#[test]
fn english_with_tiny_en() {
    let Some(samples) = recordings(true) else {
        return;
    };
    let asr = Service::start(&ASR, &[]);
    let total: Score = samples
        .iter()
        .map(|it| score(&asr.client(), it, "tiny.en").0)
        .sum();
    println!(
        "WER of English with tiny.en: {:.1} % of {} words",
        total.percent(),
        total.words
    );
    assert!(total.percent() <= HIGHEST_ENGLISH_WER_PERCENT);
}

#[test]
fn other_languages_with_base_are_detected_and_transcribed() {
    let Some(samples) = recordings(false) else {
        return;
    };
    let asr = Service::start(&ASR, &[("ASR_MODEL", "base")]);
    let names = [
        ("de", "german"),
        ("es", "spanish"),
        ("fr", "french"),
        ("it", "italian"),
        ("pt", "portuguese"),
    ];
    let mut scores = Vec::new();
    for sample in samples.iter().take(repetitions(2, usize::MAX)) {
        let (score, language) = score(&asr.client(), sample, "base");
        let expected = names
            .iter()
            .find(|(code, _)| *code == sample.language)
            .unwrap()
            .1;
        assert_eq!(language, expected, "{}", sample.path.display());
        scores.push(score.percent());
    }
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    println!(
        "WER of {} other languages with base: {mean:.1} % on average",
        scores.len()
    );
    assert!(mean <= HIGHEST_OTHER_WER_PERCENT);
}
