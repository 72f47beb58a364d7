//! Architectures of machines.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Architectures that some content is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Arch {
    /// 64-bit x86.
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit ARM.
    Aarch64,
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        })
    }
}

impl Arch {
    /// The architecture that this program was built for, if it is one of these.
    pub fn here() -> Option<Self> {
        [Self::X86_64, Self::Aarch64]
            .into_iter()
            .find(|arch| arch.to_string() == std::env::consts::ARCH)
    }
}
