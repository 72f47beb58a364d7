//! What the TTS service speaks, in each format, heard by the ASR service and looked at by
//! ffmpeg.

use std::process::Command;

use serde_json::{Value, json};
use voice_stack_load::score::wer::Score;
use voice_stack_tests::effort::repetitions;
use voice_stack_tests::speech;

use crate::town::asr_and_tts;

/// Of all sentences.
const HIGHEST_WER_PERCENT: f64 = 8.0;
/// Of a quarter of them, where each word is almost a percent.
const HIGHEST_WER_PERCENT_OF_FEW: f64 = 12.0;

/// Format, codec and rate as ffprobe names them.
const FORMATS: [(&str, &str, &str); 6] = [
    ("mp3", "mp3", "22050"),
    ("opus", "opus", "48000"),
    ("aac", "aac", "22050"),
    ("flac", "flac", "22050"),
    ("wav", "pcm_s16le", "22050"),
    ("pcm", "pcm_s16le", "24000"),
];

const SENTENCES: [&str; 50] = [
    "The birch canoe slid on the smooth planks.",
    "Glue the sheet to the dark blue background.",
    "It is easy to tell the depth of a well.",
    "These days a chicken leg is a rare dish.",
    "Rice is often served in round bowls.",
    "The juice of lemons makes fine punch.",
    "The box was thrown beside the parked truck.",
    "Four hours of steady work faced us.",
    "A large size in stockings is hard to sell.",
    "The boy was there when the sun rose.",
    "Could you please turn off the lights in the kitchen?",
    "I will meet you at the station tomorrow morning.",
    "What a beautiful garden you have!",
    "She asked whether the train would be late again.",
    "He bought two apples, a loaf of bread, and some cheese.",
    "The weather is going to be cold and wet this weekend.",
    "Please close the window before you leave the house.",
    "My brother plays the guitar in a small band.",
    "The meeting has been moved to next Wednesday.",
    "Do you know where I left my keys?",
    "There are twelve months in a year.",
    "Water boils faster on top of a mountain.",
    "The old man walked slowly along the river.",
    "We should water the plants every second day.",
    "The museum is open from nine to five.",
    "I have never seen such a large dog before.",
    "Turn left at the church and then go straight on.",
    "The children laughed at the funny clown.",
    "Her new car is much faster than the old one.",
    "Nobody knew the answer to the question.",
    "The doctor told him to drink more water.",
    "In winter the lake is covered with ice.",
    "Our neighbors are moving to another city.",
    "The teacher wrote three words on the board.",
    "It takes about an hour to get to the airport.",
    "They painted the door green and the walls white.",
    "The soup needs a little more salt and pepper.",
    "If it rains, we will stay at home and read.",
    "The phone rang, but nobody picked it up.",
    "I think that the first book was better than the film.",
    "Remember to save your work before you stop the computer.",
    "A good friend is worth more than gold.",
    "The bus stops in front of the post office.",
    "Every morning she runs five miles in the park.",
    "The cat is sleeping on the warm chair.",
    "He forgot his umbrella in the restaurant.",
    "The price of coffee has gone up again.",
    "Let us start with the most important point.",
    "The stars are very bright in the desert.",
    "Thank you for your help, and have a good evening.",
];

/// What ffmpeg says of a file: its codec and rate, its duration in seconds, its loudest
/// sample and its mean level in decibels.
struct Examined {
    codec: String,
    rate: String,
    seconds: f64,
    peak_db: f64,
    mean_db: f64,
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|_| panic!("{program} is missing: run ./scripts/test"));
    assert!(output.status.success(), "{program} {arguments:?}");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// PCM has no header: what it is must be told.
fn input<'a>(format: &str, path: &'a str) -> Vec<&'a str> {
    let told: &[&str] = if format == "pcm" {
        &["-f", "s16le", "-ar", "24000", "-ac", "1"]
    } else {
        &[]
    };
    [told, &["-i", path]].concat()
}

fn examine(format: &str, path: &str) -> Examined {
    let probe = [
        "-v",
        "error",
        "-show_entries",
        "stream=codec_name,sample_rate",
        "-of",
        "json",
    ];
    let stream = run("ffprobe", &[&probe[..], &input(format, path)].concat());
    let stream: Value = serde_json::from_str(&stream).unwrap();
    let stream = &stream["streams"][0];
    // Decoded to the end, and not only by what a header says.
    let filter = ["-af", "astats=measure_perchannel=none", "-f", "null", "-"];
    let decoded = run(
        "ffmpeg",
        &[
            &["-hide_banner", "-xerror"],
            &input(format, path)[..],
            &filter,
        ]
        .concat(),
    );
    let value = |name: &str| -> f64 {
        let line = decoded.lines().find(|line| line.contains(name)).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let text = |name: &str| stream[name].as_str().unwrap().to_string();
    let rate = text("sample_rate");
    Examined {
        codec: text("codec_name"),
        seconds: value("Number of samples:") / rate.parse::<f64>().unwrap(),
        rate,
        peak_db: value("Peak level dB:"),
        mean_db: value("RMS level dB:"),
    }
}

#[test]
fn what_is_spoken_is_heard_and_every_file_is_sound() {
    let (asr, tts) = asr_and_tts();
    let folder = tempfile::tempdir().unwrap();
    let mut total = Vec::new();
    // Every fourth gives each format twice.
    let sentences: Vec<_> = SENTENCES.iter().step_by(repetitions(4, 1)).collect();
    for (number, sentence) in sentences.iter().enumerate() {
        let (format, codec, rate) = FORMATS[number % FORMATS.len()];
        let asked = json!({"input": sentence, "response_format": format});
        let answer = tts.client().serve(&speech::request(&asked));
        let path = folder.path().join(format!("{number}.{format}"));
        std::fs::write(&path, &answer.body).unwrap();

        let file = examine(format, path.to_str().unwrap());
        assert_eq!(
            (file.codec.as_str(), file.rate.as_str()),
            (codec, rate),
            "{sentence}"
        );
        // A word takes between an eighth of a second and one.
        let words = sentence.split(' ').count() as f64;
        assert!(
            (words / 8.0..words + 1.0).contains(&file.seconds),
            "{} s: {sentence}",
            file.seconds
        );
        assert!(
            (-35.0..-12.0).contains(&file.mean_db),
            "{} dB: {sentence}",
            file.mean_db
        );
        assert!(
            (-20.0..0.0).contains(&file.peak_db),
            "{} dB: {sentence}",
            file.peak_db
        );

        let heard = if format == "pcm" {
            // The ASR service reads headerless audio on one route only, and at another rate.
            let wav = path.with_extension("wav");
            let (from, to) = (path.to_str().unwrap(), wav.to_str().unwrap());
            run(
                "ffmpeg",
                &[&["-v", "error"], &input(format, from)[..], &[to]].concat(),
            );
            asr.client().text_of(&std::fs::read(wav).unwrap(), &[])
        } else {
            asr.client().text_of(&answer.body, &[])
        };
        let score = Score::of(sentence, &heard, "en");
        println!("WER {:5.1} % {format}: {heard}", score.percent());
        total.push(score);
    }
    let total: Score = total.into_iter().sum();
    println!(
        "WER of {} spoken sentences with tiny.en: {:.1} % of {} words",
        sentences.len(),
        total.percent(),
        total.words
    );
    let highest = repetitions(HIGHEST_WER_PERCENT_OF_FEW, HIGHEST_WER_PERCENT);
    assert!(total.percent() <= highest);
}
