//! From where on requests are refused.

use super::options::GuardOptions;
use super::reading::Resource;

/// From which reading on requests are refused, in percent; 0 turns a guard off. The default
/// is all off.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Thresholds {
    /// Of main memory, on the host and in every cgroup around the process.
    pub memory_percent: f64,
    /// Of swap space.
    pub swap_percent: f64,
    /// Of the memory of the fullest GPU.
    pub vram_percent: f64,
    /// Of the last 10 s.
    pub psi_percent: f64,
}

impl Thresholds {
    /// What the operator has set. A service that doesn't compute on a GPU ignores how full the
    /// GPUs are.
    pub fn configured(options: &GuardOptions, uses_gpu: bool) -> Self {
        Self {
            memory_percent: options.memory_threshold_percent,
            swap_percent: options.swap_threshold_percent,
            vram_percent: if uses_gpu {
                options.vram_threshold_percent
            } else {
                0.0
            },
            psi_percent: options.psi_threshold_percent,
        }
    }

    /// The threshold for `resource`, in percent; 0 = off.
    pub fn of(&self, resource: Resource) -> f64 {
        match resource {
            Resource::Memory => self.memory_percent,
            Resource::Swap => self.swap_percent,
            Resource::Vram => self.vram_percent,
            Resource::Psi => self.psi_percent,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        guards: GuardOptions,
    }

    #[test]
    fn thresholds_have_defaults_take_fractions_and_can_be_turned_off() {
        let thresholds = |flags: &[&str]| {
            let command = Command::try_parse_from(["service"].iter().chain(flags)).unwrap();
            Thresholds::configured(&command.guards, true)
        };
        let defaults = Thresholds {
            memory_percent: 90.0,
            swap_percent: 80.0,
            vram_percent: 95.0,
            psi_percent: 20.0,
        };
        assert_eq!(thresholds(&[]), defaults);
        let command = Command::parse_from(["service"]);
        let without_gpu = Thresholds::configured(&command.guards, false);
        assert!(without_gpu.vram_percent.abs() < f64::EPSILON);
        let flags = [
            "--memory-threshold-percent=87.5",
            "--swap-threshold-percent=0",
            "--vram-threshold-percent=100",
            "--psi-threshold-percent=7",
        ];
        let expected = Thresholds {
            memory_percent: 87.5,
            swap_percent: 0.0,
            vram_percent: 100.0,
            psi_percent: 7.0,
        };
        assert_eq!(thresholds(&flags), expected);
    }
}
