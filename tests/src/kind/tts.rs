//! The TTS service.

use serde_json::json;

use super::{BadStarts, CutShort, Hostility, Kind, Model, Program};
use crate::speech;

const MIB: u64 = 1024 * 1024;

/// `voice-stack-tts`.
pub static TTS: Kind = Kind {
    program: Program {
        name: "tts",
        binary: "voice-stack-tts",
        prefix: "TTS_",
        settings: &[
            // Each request is to compute.
            ("TTS_CACHE_SIZE_MB", "0"),
            // For work that is longer than any test.
            ("MAX_INPUT_CHARS", "50000"),
        ],
    },
    endpoint: speech::PATH,
    model: Model {
        id: "en_US-joe-medium",
        file: "voices/en_US-joe-medium.onnx",
        others: &[
            "voices/en_US-joe-medium.onnx.json",
            "onnxruntime",
            "espeak-ng-data",
        ],
        least_bytes: 60 * MIB,
    },
    quick: speech::word,
    ordinary: speech::phrase,
    // Half an hour; as MP3 some 14 MB, of which the connection and the service together take
    // what is made in half a minute at least.
    long: || speech::request(&json!({"input": speech::text_of(500)})),
    telling: speech::sentence,
    beginning: b"{",
    cut_short: CutShort::MidAnswer,
    // A voice takes four times as long to load as the smallest Whisper.
    idle_races: (20, 50),
    bad_starts: BadStarts {
        values: &[
            ("TTS_DEVICE", "tpu"),
            ("TTS_PORT", "99999"),
            ("TTS_VOICE", "en_US-joe"),
            ("TTS_CACHE_SIZE_MB", "-1"),
            ("TTS_NOISE_SCALE", "NaN"),
            ("MAX_INPUT_CHARS", "0"),
        ],
        nothing_installed: "voice-stack-models pull en_US-joe-medium",
        not_installed: (
            ("TTS_VOICE", "de_DE-thorsten-medium"),
            "voice-stack-models pull de_DE-thorsten-medium",
        ),
        no_cuda: "TTS_DEVICE=cuda",
        auto_picked: "cpu: ONNX Runtime",
    },
    hostility: Hostility {
        settings: &[("MAX_INPUT_CHARS", "120")],
        // As many characters as there may be, without a place to breathe, and slowly.
        largest: || speech::request(&json!({"input": "lalalala ".repeat(13), "speed": 0.25})),
        mutator: speech::broken_requests,
        odd: speech::hostile,
        fault: speech::no_audio,
    },
};
