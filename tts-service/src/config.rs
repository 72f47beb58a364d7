//! The settings of the TTS service.

use std::time::Duration;

use clap::{Args, Parser};
use voice_common::config::{CommonConfig, Device};
use voice_common::model_slots::ModelOptions;
use voice_common::process::ServiceConfig;
use voice_common::telemetry::LogOptions;

use crate::audio::PauseLengths;

/// Speech synthesis with the API that OpenAI's clients speak.
///
/// Every flag is also an environment variable of the same name (--max-queue = MAX_QUEUE,
/// or TTS_MAX_QUEUE for this service only), and may stand in a .env file in the working
/// directory.
#[derive(Debug, Clone, Parser)]
#[command(name = "voice-stack-tts", version)]
pub struct TtsConfig {
    /// What every service has.
    #[command(flatten)]
    pub common: CommonConfig,
    /// What services with models have.
    #[command(flatten)]
    pub models: ModelOptions,
    /// What only this one has.
    #[command(flatten)]
    pub tts: TtsOptions,
}

impl ServiceConfig for TtsConfig {
    fn log(&self) -> &LogOptions {
        &self.common.log
    }
}

/// See [`TtsConfig`].
#[derive(Debug, Clone, Args)]
#[command(next_display_order = 100)]
pub struct TtsOptions {
    /// Port to listen on
    #[arg(long, alias = "port", default_value_t = 5002, value_name = "PORT")]
    pub tts_port: u16,

    /// Port for probes and metrics only, served by a thread of its own [default: none]
    #[arg(long, alias = "probe-port", value_name = "PORT")]
    pub tts_probe_port: Option<u16>,

    /// Voice for requests that name none, or one of OpenAI's
    #[arg(
        long,
        alias = "voice",
        default_value = "en_US-joe-medium",
        value_name = "NAME"
    )]
    pub tts_voice: String,

    /// Where to compute
    #[arg(long, alias = "device", value_enum, default_value_t = Device::Auto, value_name = "DEVICE")]
    pub tts_device: Device,

    /// Longest text of one request
    #[arg(long, default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..=1_000_000), value_name = "CHARACTERS")]
    pub max_input_chars: u32,

    /// Finished audio that is kept for requests that come again; 0 = none
    #[arg(long, alias = "cache-size-mb", default_value_t = 64, value_parser = clap::value_parser!(u64).range(0..=1_048_576), value_name = "MIB")]
    pub tts_cache_size_mb: u64,

    /// Variation of the sound, 0 to 2 [default: what the voice states]
    #[arg(long, alias = "noise-scale", value_parser = noise, value_name = "SCALE")]
    pub tts_noise_scale: Option<f32>,

    /// Variation of the rhythm, 0 to 2 [default: what the voice states]
    #[arg(long, alias = "noise-w-scale", value_parser = noise, value_name = "SCALE")]
    pub tts_noise_w_scale: Option<f32>,

    /// Silence after a sentence
    #[arg(long, alias = "sentence-pause-ms", default_value_t = 400, value_parser = pause(), value_name = "MS")]
    pub tts_sentence_pause_ms: u64,

    /// Silence after a clause at which a long sentence was cut
    #[arg(long, alias = "clause-pause-ms", default_value_t = 180, value_parser = pause(), value_name = "MS")]
    pub tts_clause_pause_ms: u64,

    /// Silence after a paragraph, a heading, or an item of a list
    #[arg(long, alias = "paragraph-pause-ms", default_value_t = 800, value_parser = pause(), value_name = "MS")]
    pub tts_paragraph_pause_ms: u64,
}

impl TtsOptions {
    /// The silences between utterances.
    pub fn pauses(&self) -> PauseLengths {
        PauseLengths {
            clause: Duration::from_millis(self.tts_clause_pause_ms),
            sentence: Duration::from_millis(self.tts_sentence_pause_ms),
            paragraph: Duration::from_millis(self.tts_paragraph_pause_ms),
        }
    }

    /// The size of the cache in bytes.
    pub fn cache_bytes(&self) -> u64 {
        self.tts_cache_size_mb * 1024 * 1024
    }
}

fn pause() -> clap::builder::RangedU64ValueParser<u64> {
    clap::value_parser!(u64).range(0..=10_000)
}

fn noise(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(value) if (0.0..=2.0).contains(&value) => Ok(value),
        Ok(_) => Err("must be between 0 and 2".into()),
        Err(_) => Err("not a number".into()),
    }
}
