//! Forms that the same model comes in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a model's matrices are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelForm {
    /// 16-bit floats.
    F16,
    /// 8-bit integers in blocks of 32.
    #[serde(rename = "q8_0")]
    Q8_0,
    /// 5-bit integers, one scale a block.
    #[serde(rename = "q5_0")]
    Q5_0,
    /// 5-bit integers, scale and minimum a block.
    #[serde(rename = "q5_1")]
    Q5_1,
    /// There is no such choice.
    None,
}

impl fmt::Display for ModelForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::F16 => "f16",
            Self::Q8_0 => "q8_0",
            Self::Q5_0 => "q5_0",
            Self::Q5_1 => "q5_1",
            Self::None => "none",
        })
    }
}
