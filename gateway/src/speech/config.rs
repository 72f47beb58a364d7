//! The settings of what hears and speaks.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use voice_common::settings::values::some_seconds;

use crate::opening::BaseUrls;

/// What hears and speaks.
#[derive(Debug, Clone, Args)]
pub struct SpeechConfig {
    /// Speech recognition with OpenAI's API; more, separated by commas, are fallbacks
    #[arg(long, default_value = "http://127.0.0.1:5001/v1", value_name = "URL")]
    pub asr_base_url: BaseUrls,

    /// Model that it is asked for [default: its own]
    #[arg(long, value_name = "NAME")]
    pub asr_model: Option<String>,

    /// File that holds its API key
    #[arg(long, value_name = "FILE")]
    pub asr_api_key_file: Option<PathBuf>,

    /// From the end of a turn to its transcript
    #[arg(long, default_value = "5", value_parser = some_seconds, value_name = "SECONDS")]
    pub voice_stt_timeout: Duration,

    /// Speech synthesis with OpenAI's API; more, separated by commas, are fallbacks
    #[arg(long, default_value = "http://127.0.0.1:5002/v1", value_name = "URL")]
    pub tts_base_url: BaseUrls,

    /// Model that it is asked for [default: its own]
    #[arg(long, value_name = "NAME")]
    pub tts_model: Option<String>,

    /// Voice that it is asked for [default: its own]
    #[arg(long, value_name = "NAME")]
    pub tts_voice: Option<String>,

    /// File that holds its API key
    #[arg(long, value_name = "FILE")]
    pub tts_api_key_file: Option<PathBuf>,

    /// From a phrase to its first sound
    #[arg(long, default_value = "5", value_parser = some_seconds, value_name = "SECONDS")]
    pub voice_tts_timeout: Duration,
}
