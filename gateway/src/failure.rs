//! Which part of a conversation failed, and what the operator can do about it.

use voice_upstream::{StatusCode, UpstreamError};

use crate::conversation::Stage;

/// A part of the pipeline that failed. Its text may be shown to a client: it holds no address and
/// no key. [`Self::advice`] is for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Failure {
    /// Which part.
    pub stage: Stage,
    /// Why.
    pub error: UpstreamError,
}

/// The settings that decide how a stage is served.
struct Names {
    address: &'static str,
    limit: &'static str,
    key: &'static str,
    model: &'static str,
}

impl Names {
    fn of(stage: Stage) -> Self {
        match stage {
            Stage::Transcript => Self {
                address: "ASR_BASE_URL",
                limit: "VOICE_STT_TIMEOUT",
                key: "ASR_API_KEY_FILE",
                model: "ASR_MODEL",
            },
            Stage::Response | Stage::Turn => Self {
                address: "LLM_BASE_URL",
                limit: "VOICE_LLM_TIMEOUT",
                key: "LLM_API_KEY_FILE",
                model: "LLM_MODEL",
            },
            Stage::Speech => Self {
                address: "TTS_BASE_URL",
                limit: "VOICE_TTS_TIMEOUT",
                key: "TTS_API_KEY_FILE",
                model: "TTS_MODEL or TTS_VOICE",
            },
            Stage::Tool => Self {
                address: "its url in TOOLS_FILE",
                limit: "its timeout_seconds in TOOLS_FILE",
                key: "its key_file in TOOLS_FILE",
                model: "its url in TOOLS_FILE",
            },
        }
    }
}

impl Failure {
    pub(crate) fn new(stage: Stage, error: UpstreamError) -> Self {
        Self { stage, error }
    }

    /// What an operator can look at or change, by the names of the settings.
    pub fn advice(&self) -> String {
        let Names {
            address,
            limit,
            key,
            model,
        } = Names::of(self.stage);
        match &self.error {
            UpstreamError::Unavailable { .. } => {
                "It failed several times; what was logged before says how.".into()
            }
            UpstreamError::Unreachable { .. } => {
                format!("Does it run, and is that its address? See {address}.")
            }
            UpstreamError::TimedOut { .. } => {
                format!("It needs a smaller model, a faster machine, or more time ({limit}).")
            }
            UpstreamError::Busy { .. } => {
                format!("It takes no more at a time; a second one can be named in {address}.")
            }
            UpstreamError::Failed { .. } | UpstreamError::Interrupted { .. } => {
                "Its own log may say more.".into()
            }
            UpstreamError::Refused { status, .. }
                if matches!(*status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) =>
            {
                format!("Is the key right? See {key}.")
            }
            UpstreamError::Refused { .. } => {
                format!("Does it know what it is asked for? See {model} and {address}.")
            }
            UpstreamError::TooLong { .. } | UpstreamError::Malformed { .. } => {
                format!("Is it the service that it is taken for? See {address}.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn advice_names_the_settings_of_the_stage_and_the_text_for_clients_does_not() {
        let refused = |status| UpstreamError::Refused {
            upstream: "chat".into(),
            status,
            code: None,
            message: "no".into(),
        };
        let late = UpstreamError::TimedOut {
            upstream: "tts".into(),
            stage: voice_upstream::Stage::FirstByte,
            limit: Duration::from_secs(5),
        };
        let gone = UpstreamError::Unreachable {
            upstream: "asr".into(),
            cause: "Connection refused".into(),
        };
        for (stage, error, setting) in [
            (
                Stage::Response,
                refused(StatusCode::UNAUTHORIZED),
                "LLM_API_KEY_FILE",
            ),
            (Stage::Response, refused(StatusCode::NOT_FOUND), "LLM_MODEL"),
            (Stage::Speech, late, "VOICE_TTS_TIMEOUT"),
            (Stage::Transcript, gone, "ASR_BASE_URL"),
            (
                Stage::Tool,
                refused(StatusCode::FORBIDDEN),
                "key_file in TOOLS_FILE",
            ),
        ] {
            let failure = Failure::new(stage, error);
            assert!(failure.advice().contains(setting), "{}", failure.advice());
            assert!(!failure.to_string().contains(setting));
        }
    }
}
