//! The settings of the gateway.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, ValueEnum};
use voice_common::config::CommonConfig;
use voice_common::process::ServiceConfig;
use voice_common::rate_limit::RateLimitOptions;
use voice_common::settings::values::some_seconds;
use voice_common::telemetry::LogOptions;

use crate::conversation::{Limits, Settings, Speculation};
use crate::responder::ResponderConfig;
use crate::speech::SpeechConfig;
use crate::tools::ToolsConfig;

/// Of a tool, which is no stage with a setting of its own.
const LONGEST_TOOL: Duration = Duration::from_secs(15);

/// Holds spoken conversations: asks a speech recognition, a chat server and a speech synthesis.
///
/// Every flag is also an environment variable of the same name (--max-queue = MAX_QUEUE,
/// or GATEWAY_MAX_QUEUE for this service only), and may stand in a .env file in the working
/// directory.
#[derive(Debug, Clone, Parser)]
#[command(name = "voice-stack-gateway", version)]
pub struct GatewayConfig {
    /// What every service has.
    #[command(flatten)]
    pub common: CommonConfig,
    /// What only this one has.
    #[command(flatten)]
    pub gateway: GatewayOptions,
    /// How often a client may ask.
    #[command(flatten)]
    pub rate_limit: RateLimitOptions,
    /// What hears and speaks.
    #[command(flatten)]
    pub speech: SpeechConfig,
    /// Who answers.
    #[command(flatten)]
    pub responder: ResponderConfig,
    /// What answers can look up.
    #[command(flatten)]
    pub tools: ToolsConfig,
}

impl ServiceConfig for GatewayConfig {
    fn log(&self) -> &LogOptions {
        &self.common.log
    }
}

/// See [`GatewayConfig`].
#[derive(Debug, Clone, Args)]
#[command(next_display_order = 100)]
pub struct GatewayOptions {
    /// Port to listen on
    #[arg(long, alias = "port", default_value_t = 8000, value_name = "PORT")]
    pub gateway_port: u16,

    /// Port for probes and metrics only, served by a thread of its own [default: none]
    #[arg(long, alias = "probe-port", value_name = "PORT")]
    pub gateway_probe_port: Option<u16>,

    /// Where the files of Silero and Smart Turn are [default: $XDG_DATA_HOME/voice-stack/models]
    #[arg(long, value_name = "DIR")]
    pub models_dir: Option<PathBuf>,

    /// Conversations at once; more get 503
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "N")]
    pub voice_max_concurrent: u32,

    /// From the end of a turn to the first sound of its answer
    #[arg(long, default_value = "25", value_parser = some_seconds, value_name = "SECONDS")]
    pub total_request_timeout: Duration,

    /// A conversation in which nothing happens for so long ends
    #[arg(long, default_value = "300", value_parser = some_seconds, value_name = "SECONDS")]
    pub voice_session_timeout: Duration,

    /// Turns of the user that the chat server is told
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000), value_name = "N")]
    pub max_history_turns: u32,

    /// What is asked for in each pause, in the hope that it is the end of the turn
    #[arg(long, value_enum, default_value_t = Speculate::Transcript, value_name = "WHAT")]
    pub speculate: Speculate,

    /// What the chat server is told to be; clients may say otherwise
    #[arg(
        long,
        default_value = "You are a voice assistant. Answer in one or two short sentences, in the language \
                         of the user, as one would say them: without markup, lists or emoji.",
        value_name = "TEXT"
    )]
    pub voice_instructions: String,

    /// Language that is spoken, such as en or hi-IN; clients may say otherwise; auto: what the
    /// speech recognition hears
    #[arg(long, default_value = "en", value_name = "TAG")]
    pub voice_language: String,
}

/// What is asked for before a turn has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Speculate {
    /// Nothing.
    Off,
    /// The transcript.
    Transcript,
    /// The transcript, and the answer to it.
    Response,
}

impl From<Speculate> for Speculation {
    fn from(what: Speculate) -> Self {
        match what {
            Speculate::Off => Self::Off,
            Speculate::Transcript => Self::Transcript,
            Speculate::Response => Self::Response,
        }
    }
}

impl GatewayConfig {
    /// The rules of conversations whose clients say nothing else.
    pub fn conversation(&self) -> Settings {
        let gateway = &self.gateway;
        Settings {
            speculation: gateway.speculate.into(),
            language: gateway.voice_language.clone(),
            history_turns: gateway.max_history_turns as usize,
            instructions: gateway.voice_instructions.clone(),
            limits: Limits {
                transcript: self.speech.voice_stt_timeout,
                token: self.responder.voice_llm_timeout,
                audio: self.speech.voice_tts_timeout,
                turn: gateway.total_request_timeout,
                expiry: gateway.voice_session_timeout,
                tool: LONGEST_TOOL,
                ..Limits::default()
            },
            ..Settings::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_the_names_of_the_documents_and_reach_the_conversation() {
        let flags = [
            "gateway",
            "--voice-stt-timeout=1.5",
            "--voice-llm-timeout=2",
            "--voice-tts-timeout=3",
            "--total-request-timeout=4",
            "--voice-session-timeout=5",
            "--max-history-turns=6",
            "--speculate=response",
            "--voice-language=hi-IN",
        ];
        let config = GatewayConfig::try_parse_from(flags).unwrap();
        let settings = config.conversation();
        let limits = &settings.limits;
        let limits = [
            limits.transcript,
            limits.token,
            limits.audio,
            limits.turn,
            limits.expiry,
        ];
        let milliseconds = limits.map(|it| it.as_millis());
        assert_eq!(milliseconds, [1500, 2000, 3000, 4000, 5000]);
        assert_eq!(settings.history_turns, 6);
        assert_eq!(settings.speculation, Speculation::Response);
        assert_eq!(settings.language, "hi-IN");
    }

    #[test]
    fn defaults_are_those_that_are_documented() {
        let config = GatewayConfig::try_parse_from(["gateway"]).unwrap();
        assert_eq!(config.conversation().limits, Limits::default());
        assert_eq!(config.gateway.gateway_port, 8000);
        assert_eq!(config.gateway.voice_max_concurrent, 50);
    }
}
