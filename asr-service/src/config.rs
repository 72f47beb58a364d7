//! The settings of the ASR service.

use clap::{Args, Parser, ValueEnum};
use voice_common::config::{CommonConfig, Device};
use voice_common::model_slots::ModelOptions;
use voice_common::process::ServiceConfig;
use voice_common::telemetry::LogOptions;

/// Speech recognition with the API that OpenAI's clients speak.
///
/// Every flag is also an environment variable of the same name (--max-queue = MAX_QUEUE,
/// or ASR_MAX_QUEUE for this service only), and may stand in a .env file in the working
/// directory.
#[derive(Debug, Clone, Parser)]
#[command(name = "voice-stack-asr", version)]
pub struct AsrConfig {
    /// What every service has.
    #[command(flatten)]
    pub common: CommonConfig,
    /// What services with models have.
    #[command(flatten)]
    pub models: ModelOptions,
    /// What only this one has.
    #[command(flatten)]
    pub asr: AsrOptions,
}

impl ServiceConfig for AsrConfig {
    fn log(&self) -> &LogOptions {
        &self.common.log
    }
}

/// See [`AsrConfig`].
#[derive(Debug, Clone, Args)]
#[command(next_display_order = 100)]
pub struct AsrOptions {
    /// Port to listen on
    #[arg(long, alias = "port", default_value_t = 5001, value_name = "PORT")]
    pub asr_port: u16,

    /// Port for probes and metrics only, served by a thread of its own [default: none]
    #[arg(long, alias = "probe-port", value_name = "PORT")]
    pub asr_probe_port: Option<u16>,

    /// Model for requests that name none, or one of OpenAI's
    #[arg(long, alias = "model", default_value = "tiny.en", value_name = "NAME")]
    pub asr_model: String,

    /// Where to compute
    #[arg(long, alias = "device", value_enum, default_value_t = Device::Auto, value_name = "DEVICE")]
    pub asr_device: Device,

    /// Precision of the weights; picks among the installed forms of a model
    #[arg(long, alias = "compute-type", value_enum, default_value_t = ComputeType::Auto, value_name = "TYPE")]
    pub asr_compute_type: ComputeType,

    /// 1 is greedy; larger is slower, needs more memory, and is rarely more accurate
    #[arg(long, alias = "beam-size", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8), value_name = "N")]
    pub asr_beam_size: u8,

    /// Longest audio of one request
    #[arg(long, default_value = "7200", value_parser = audio_seconds, value_name = "SECONDS")]
    pub max_audio_seconds: f64,
}

fn audio_seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.1..=86_400.0).contains(&value) => Ok(value),
        Ok(_) => Err("must be between 0.1 and a day (86400)".into()),
        Err(_) => Err("not a number".into()),
    }
}

/// Precision, in the words of faster-whisper's users and of ggml.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ComputeType {
    /// What is installed, the most precise first.
    #[value(alias = "default")]
    Auto,
    /// 16-bit floats, the most precise form there is.
    #[value(alias = "f32")]
    Float32,
    /// 16-bit floats.
    #[value(alias = "f16")]
    Float16,
    /// 16-bit floats.
    Bfloat16,
    /// 16-bit floats.
    Int16,
    /// 8-bit integers.
    #[value(alias = "q8_0")]
    Int8,
    /// 8-bit integers.
    #[value(name = "int8_float32")]
    Int8Float32,
    /// 8-bit integers.
    #[value(name = "int8_float16")]
    Int8Float16,
    /// 8-bit integers.
    #[value(name = "int8_bfloat16")]
    Int8Bfloat16,
    /// 5-bit integers.
    #[value(name = "q5_1", alias = "q5_0")]
    Q5,
}
