//! Why work is refused, in words that a client may see.

use std::fmt;

use super::reading::{Reading, Resource, Scope, percent_of};

/// Absorbs what binary fractions leave behind, so that 92 stays 92 when it is rounded up.
const ROUNDING_SLACK: f64 = 1e-6;

/// A resource is in use beyond its threshold. Displayed as `memory of cgroup x.service: 92%`.
#[derive(Debug, Clone, PartialEq)]
pub struct Exceeded {
    /// Which one.
    pub resource: Resource,
    /// The last reading at or over the threshold, in percent. A guard holds for a while
    /// below its threshold; the reading of that moment would not explain the refusal.
    pub percent: f64,
    /// Whose resource.
    pub scope: Scope,
}

impl fmt::Display for Exceeded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Up, not to the nearest: 90.2 over a threshold of 90.1 must not show as 90. At most
        // 100: a cgroup may be above `memory.high`, which reads like a mistake here.
        let percent = rounded_up(self.percent).min(100);
        let subject = Subject(self.resource, &self.scope);
        write!(formatter, "{subject}: {percent}%")
    }
}

impl std::error::Error for Exceeded {}

/// Memory would cross its threshold if this process used more.
#[derive(Debug, Clone, PartialEq)]
pub struct NoRoom {
    /// What was asked for.
    pub needed_bytes: u64,
    /// Whose memory would cross the threshold.
    pub scope: Scope,
    /// Memory in use there now.
    pub percent_before: f64,
    /// Memory in use there with `needed_bytes` more.
    pub percent_after: f64,
    /// The threshold of the memory guard.
    pub threshold_percent: f64,
}

impl NoRoom {
    /// What stands against `needed_bytes` more on the level of `reading`, if anything does.
    pub(super) fn on(reading: &Reading, needed_bytes: u64, threshold_percent: f64) -> Option<Self> {
        let used = reading.used_bytes?;
        let limit = reading.limit_bytes.filter(|it| *it > 0)?;
        let percent_after = percent_of(used.saturating_add(needed_bytes), limit);
        (percent_after >= threshold_percent).then(|| Self {
            needed_bytes,
            scope: reading.scope.clone(),
            percent_before: reading.percent,
            percent_after,
            threshold_percent,
        })
    }
}

impl fmt::Display for NoRoom {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Away from the threshold on both sides, so that the figures say what happens.
        let before = (self.percent_before + ROUNDING_SLACK) as u64;
        let after = rounded_up(self.percent_after);
        let needed = Size(self.needed_bytes);
        let subject = Subject(Resource::Memory, &self.scope);
        let limit = self.threshold_percent;
        write!(
            formatter,
            "it needs about {needed}, which would take {subject} from {before}% to {after}% \
             (limit {limit}%)"
        )
    }
}

impl std::error::Error for NoRoom {}

fn rounded_up(percent: f64) -> u64 {
    (percent - ROUNDING_SLACK).ceil() as u64
}

/// `memory` of the host needs no more words.
struct Subject<'a>(Resource, &'a Scope);

impl fmt::Display for Subject<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Scope::Host => write!(formatter, "{}", self.0),
            scope => write!(formatter, "{} of {scope}", self.0),
        }
    }
}

/// Decimal units, as the model files' sizes are given.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..1_000_000_000 => write!(formatter, "{} MB", self.0.div_ceil(1_000_000)),
            bytes => write!(formatter, "{:.1} GB", bytes as f64 / 1e9),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exceeded(resource: Resource, percent: f64, scope: Scope) -> String {
        let refusal = Exceeded {
            resource,
            percent,
            scope,
        };
        refusal.to_string()
    }

    fn cgroup(name: &str) -> Scope {
        Scope::Cgroup { name: name.into() }
    }

    #[test]
    fn an_exceeded_threshold_says_what_and_whose() {
        let gpu = Scope::Device {
            name: "NVIDIA H200".into(),
        };
        let table = [
            (Resource::Memory, 92.0, Scope::Host, "memory: 92%"),
            (
                Resource::Memory,
                92.0,
                cgroup("voice.service"),
                "memory of cgroup voice.service: 92%",
            ),
            (Resource::Memory, 92.0, cgroup(""), "memory of cgroup: 92%"),
            (Resource::Swap, 81.0, Scope::Host, "swap: 81%"),
            (Resource::Vram, 96.0, gpu, "vram of NVIDIA H200: 96%"),
            (Resource::Psi, 24.0, Scope::Host, "psi: 24%"),
        ];
        for (resource, percent, scope, expected) in table {
            assert_eq!(exceeded(resource, percent, scope), expected);
        }
    }

    #[test]
    fn percents_are_rounded_up_and_end_at_100() {
        let table = [
            (90.2, "memory: 91%"),
            (percent_of(92, 100), "memory: 92%"),
            (100.0 * (0.1 + 0.2), "memory: 30%"),
            (99.7, "memory: 100%"),
            (131.0, "memory: 100%"),
            (0.0, "memory: 0%"),
        ];
        for (percent, expected) in table {
            assert_eq!(exceeded(Resource::Memory, percent, Scope::Host), expected);
        }
    }

    #[test]
    fn no_room_gives_its_figures() {
        let table = [
            (
                3_100_000_000,
                cgroup("voice.service"),
                "it needs about 3.1 GB, which would take memory of cgroup voice.service \
                 from 62% to 97% (limit 90%)",
            ),
            (
                147_900_001,
                Scope::Host,
                "it needs about 148 MB, which would take memory from 62% to 97% (limit 90%)",
            ),
        ];
        for (needed_bytes, scope, expected) in table {
            let refusal = NoRoom {
                needed_bytes,
                scope,
                percent_before: 62.9,
                percent_after: 96.1,
                threshold_percent: 90.0,
            };
            assert_eq!(refusal.to_string(), expected);
        }
    }
}
