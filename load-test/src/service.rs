//! The services that load is put on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::quote::shown;

/// One of the two speech services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Speech recognition.
    Asr,
    /// Speech synthesis.
    Tts,
}

/// What differs between the services, beside what they are asked
/// ([`workload`](crate::workload)) and promise.
struct Facts {
    name: &'static str,
    title: &'static str,
    purpose: &'static str,
    default_port: u16,
    port_setting: &'static str,
    speech_route: &'static str,
}

const ASR: Facts = Facts {
    name: "asr",
    title: "ASR",
    purpose: "Speech to text",
    default_port: 5001,
    port_setting: "ASR_PORT",
    speech_route: "/v1/audio/transcriptions",
};

const TTS: Facts = Facts {
    name: "tts",
    title: "TTS",
    purpose: "Text to speech",
    default_port: 5002,
    port_setting: "TTS_PORT",
    speech_route: "/v1/audio/speech",
};

/// A name that no service has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no service '{}', use one of: asr, tts", shown(.0))]
pub struct UnknownService(String);

impl Service {
    /// Both, in the order of reports.
    pub const ALL: [Self; 2] = [Self::Asr, Self::Tts];

    fn facts(self) -> &'static Facts {
        match self {
            Self::Asr => &ASR,
            Self::Tts => &TTS,
        }
    }

    /// As in flags, objectives and result files.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// Its name in a report, and before its own settings.
    pub fn title(self) -> &'static str {
        self.facts().title
    }

    /// What it does, for the help of the command line.
    pub fn purpose(self) -> &'static str {
        self.facts().purpose
    }

    /// The port that it listens on unless it was told another.
    pub fn default_port(self) -> u16 {
        self.facts().default_port
    }

    /// The setting of its environment that names the port.
    pub fn port_setting(self) -> &'static str {
        self.facts().port_setting
    }

    /// The route of its main request.
    pub fn speech_route(self) -> &'static str {
        self.facts().speech_route
    }
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Service {
    type Err = UnknownService;

    fn from_str(text: &str) -> Result<Self, UnknownService> {
        Self::ALL
            .into_iter()
            .find(|service| service.name() == text)
            .ok_or_else(|| UnknownService(text.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_written_one_way_everywhere() {
        for service in Service::ALL {
            let name = service.to_string();
            assert_eq!(name.parse(), Ok(service));
            assert_eq!(
                serde_json::to_string(&service).unwrap(),
                format!("\"{name}\"")
            );
            assert_eq!(
                serde_json::from_str::<Service>(&format!("\"{name}\"")).unwrap(),
                service
            );
        }
        let unknown = "ASR".parse::<Service>().unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "there is no service 'ASR', use one of: asr, tts"
        );
    }
}
