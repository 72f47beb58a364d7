//! The ASR service.

use super::{BadStarts, CutShort, Hostility, Kind, Model, Mutated, Mutator, Program};
use crate::answer::Answer;
use crate::mutation::Originals;
use crate::request::Request;
use crate::samples::{self, JFK_PHRASE, plain};
use crate::{multipart, synthetic};

const MIB: u64 = 1024 * 1024;
const RATE_HZ: usize = 16_000;

/// `voice-stack-asr`.
pub static ASR: Kind = Kind {
    program: Program {
        name: "asr",
        binary: "voice-stack-asr",
        prefix: "ASR_",
        settings: &[],
    },
    endpoint: multipart::PATH,
    model: Model {
        id: "tiny.en",
        file: "ggml-tiny.en.bin",
        others: &["ggml-silero-vad.bin"],
        least_bytes: 60 * MIB,
    },
    quick: || Request {
        fault: no_transcript,
        ..transcription(&synthetic::silence(0.5))
    },
    ordinary: || transcription(&synthetic::wav(&samples::jfk_samples()[..3 * RATE_HZ])),
    long: || transcription(&synthetic::wav(&samples::jfk_samples().repeat(60))),
    telling: || Request {
        fault: not_kennedy,
        ..transcription(&samples::jfk())
    },
    beginning: b"--b\r\n",
    cut_short: CutShort::Unanswered,
    idle_races: (60, 200),
    bad_starts: BadStarts {
        values: &[
            ("ASR_DEVICE", "tpu"),
            ("ASR_COMPUTE_TYPE", "int3"),
            ("ASR_PORT", "99999"),
            ("ASR_MODEL", "tiny-en"),
        ],
        nothing_installed: "voice-stack-models pull silero-vad",
        not_installed: (
            ("ASR_MODEL", "large-v3"),
            "voice-stack-models pull large-v3",
        ),
        no_cuda: "this build has no CUDA support",
        auto_picked: "cpu (auto: this build has no CUDA support)",
    },
    hostility: Hostility {
        settings: &[("MAX_AUDIO_SECONDS", "60")],
        // The longest window.
        largest: || {
            let speech = samples::jfk_samples().repeat(3);
            transcription(&synthetic::wav(&speech[..29 * RATE_HZ]))
        },
        mutator: broken_files,
        odd: multipart::hostile,
        fault: no_transcript,
    },
};

/// A request to transcribe this file, which holds speech.
pub fn transcription(file: &[u8]) -> Request {
    Request {
        path: multipart::PATH,
        content_type: multipart::TYPE,
        body: multipart::body_of(file),
        fault: no_words,
    }
}

fn no_transcript(answer: &Answer) -> Option<String> {
    let json: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
    let is_one = json.is_some_and(|it| it["text"].is_string());
    (!is_one).then(|| format!("no transcript: {}", answer.text))
}

fn no_words(answer: &Answer) -> Option<String> {
    let json = answer.json();
    let is_empty = json["text"].as_str().is_none_or(str::is_empty);
    is_empty.then(|| format!("no words: {}", answer.text))
}

fn not_kennedy(answer: &Answer) -> Option<String> {
    let is_his = plain(&answer.text).contains(JFK_PHRASE);
    (!is_his).then(|| format!("misheard: {}", answer.text))
}

fn broken_files() -> Mutator {
    let originals = Originals::load();
    Box::new(move |seed, index| {
        let broken = originals.mutated(seed, index);
        Mutated {
            what: broken.what,
            bytes: multipart::upload(&broken.file),
        }
    })
}
