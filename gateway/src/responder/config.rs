//! The settings of the responder.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use voice_common::settings::values::some_seconds;

use crate::opening::BaseUrls;

/// Who answers.
#[derive(Debug, Clone, Args)]
pub struct ResponderConfig {
    /// Chat server with OpenAI's API, such as http://127.0.0.1:11434/v1; more, separated by commas,
    /// are fallbacks. Without one, the built-in responder answers, which is no language model
    #[arg(long, value_name = "URL")]
    pub llm_base_url: Option<BaseUrls>,

    /// Model that the chat server is asked for; those that have only one take any name
    #[arg(long, default_value = "default", value_name = "NAME")]
    pub llm_model: String,

    /// File that holds the chat server's API key
    #[arg(long, value_name = "FILE")]
    pub llm_api_key_file: Option<PathBuf>,

    /// From the end of a turn to the first word of its answer
    #[arg(long, default_value = "10", value_parser = some_seconds, value_name = "SECONDS")]
    pub voice_llm_timeout: Duration,
}
