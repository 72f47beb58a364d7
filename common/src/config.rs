//! The settings that every service has.

use clap::{Args, ValueEnum};

use crate::admission::options::AdmissionOptions;
use crate::callers::options::CallerOptions;
use crate::pressure::options::GuardOptions;
use crate::server::options::ServerOptions;
use crate::telemetry::options::LogOptions;
use crate::uploads::options::UploadOptions;

/// Flags and variables of the same names (see [`crate::settings`]), in groups that stand beside
/// what they configure. A service that has models flattens
/// [`ModelOptions`](crate::model_slots::ModelOptions) as well.
///
/// In `--help` all of them stand in the order in which an operator meets them, which is that of
/// a request. Groups keep to it by `next_display_order`, a service's own options by 100.
#[derive(Debug, Clone, Args)]
pub struct CommonConfig {
    /// Permits and the queue.
    #[command(flatten)]
    pub admission: AdmissionOptions,
    /// Request bodies.
    #[command(flatten)]
    pub uploads: UploadOptions,
    /// Listening, connections, the end.
    #[command(flatten)]
    pub server: ServerOptions,
    /// Memory and the like.
    #[command(flatten)]
    pub guards: GuardOptions,
    /// Keys and web pages.
    #[command(flatten)]
    pub callers: CallerOptions,
    /// The log.
    #[command(flatten)]
    pub log: LogOptions,
}

/// Where to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Device {
    /// The GPU if the build and the box have one, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// An NVIDIA GPU, or no start.
    Cuda,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::Command;

    use super::*;
    use crate::model_slots::ModelOptions;

    fn names(command: &Command) -> BTreeSet<&str> {
        command
            .get_arguments()
            .filter_map(|it| it.get_long())
            .collect()
    }

    #[test]
    fn a_service_without_models_has_no_settings_of_models() {
        let without = CommonConfig::augment_args(Command::new("gateway"));
        let with = ModelOptions::augment_args(without.clone());
        let (without, with) = (names(&without), names(&with));
        let of_models: Vec<_> = with.difference(&without).copied().collect();
        assert_eq!(
            of_models,
            [
                "idle-timeout-minutes",
                "max-loaded-models",
                "models-dir",
                "preload"
            ]
        );
    }

    #[test]
    fn every_setting_has_a_place_of_its_own_in_the_help() {
        let command = ModelOptions::augment_args(CommonConfig::augment_args(Command::new("all")));
        let mut places = BTreeSet::new();
        for argument in command.get_arguments() {
            let place = argument.get_display_order();
            assert!(place < 100, "{argument} is among the service's own");
            assert!(places.insert(place), "{argument} is where another one is");
        }
    }
}
