//! Who says that a turn has ended.

use serde_json::{Value, json};

use super::fields::Field;
use super::problem::Problem;
use crate::conversation::Eagerness;

/// Longer ones would be no padding and no pause.
const LONGEST_MS: u64 = 60_000;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum TurnDetection {
    ServerVad {
        threshold: f64,
        prefix_padding_ms: u64,
        silence_ms: u64,
        create_response: bool,
        interrupt_response: bool,
    },
    SemanticVad {
        eagerness: EagernessName,
        create_response: bool,
        interrupt_response: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EagernessName {
    Low,
    Medium,
    High,
    Auto,
}

const EAGERNESS: [(&str, EagernessName); 4] = [
    ("low", EagernessName::Low),
    ("medium", EagernessName::Medium),
    ("high", EagernessName::High),
    ("auto", EagernessName::Auto),
];

impl EagernessName {
    pub(super) fn patience(self) -> Eagerness {
        match self {
            Self::Low => Eagerness::Low,
            Self::Medium | Self::Auto => Eagerness::Medium,
            Self::High => Eagerness::High,
        }
    }

    fn name(self) -> &'static str {
        EAGERNESS[self as usize].0
    }
}

impl TurnDetection {
    pub(super) fn server_vad() -> Self {
        Self::ServerVad {
            threshold: 0.5,
            prefix_padding_ms: 300,
            silence_ms: 500,
            create_response: true,
            interrupt_response: true,
        }
    }

    fn semantic_vad() -> Self {
        Self::SemanticVad {
            eagerness: EagernessName::Auto,
            create_response: true,
            interrupt_response: true,
        }
    }

    fn is_semantic(self) -> bool {
        matches!(self, Self::SemanticVad { .. })
    }

    pub(super) fn create_response(self) -> bool {
        match self {
            Self::ServerVad {
                create_response, ..
            }
            | Self::SemanticVad {
                create_response, ..
            } => create_response,
        }
    }

    pub(super) fn interrupt_response(self) -> bool {
        match self {
            Self::ServerVad {
                interrupt_response, ..
            }
            | Self::SemanticVad {
                interrupt_response, ..
            } => interrupt_response,
        }
    }

    /// What is not said stays as it was, as long as the type stays.
    pub(super) fn read(field: &Field<'_>, old: Option<Self>) -> Result<Option<Self>, Problem> {
        if field.is_null() {
            return Ok(None);
        }
        let kinds = [("server_vad", false), ("semantic_vad", true)];
        let is_semantic = match field.given("type")? {
            Some(kind) => kind.one_of(&kinds)?,
            None => old.is_some_and(Self::is_semantic),
        };
        let old = old.filter(|it| it.is_semantic() == is_semantic);
        let mut new = old.unwrap_or_else(|| {
            if is_semantic {
                Self::semantic_vad()
            } else {
                Self::server_vad()
            }
        });
        match &mut new {
            Self::ServerVad {
                threshold,
                prefix_padding_ms,
                silence_ms,
                create_response,
                interrupt_response,
            } => {
                if let Some(field) = field.given("threshold")? {
                    *threshold = field.number(0.0..=1.0)?;
                }
                if let Some(field) = field.given("prefix_padding_ms")? {
                    *prefix_padding_ms = field.integer(0..=LONGEST_MS)?;
                }
                if let Some(field) = field.given("silence_duration_ms")? {
                    *silence_ms = field.integer(0..=LONGEST_MS)?;
                }
                if let Some(idle) = field.given("idle_timeout_ms")? {
                    return Err(Problem::unsupported(&idle.path, "an idle timeout"));
                }
                read_flags(field, create_response, interrupt_response)?;
            }
            Self::SemanticVad {
                eagerness,
                create_response,
                interrupt_response,
            } => {
                if let Some(field) = field.given("eagerness")? {
                    *eagerness = field.one_of(&EAGERNESS)?;
                }
                read_flags(field, create_response, interrupt_response)?;
            }
        }
        Ok(Some(new))
    }

    pub(super) fn to_json(self) -> Value {
        match self {
            Self::ServerVad {
                threshold,
                prefix_padding_ms,
                silence_ms,
                create_response,
                interrupt_response,
            } => json!({
                "type": "server_vad",
                "threshold": threshold,
                "prefix_padding_ms": prefix_padding_ms,
                "silence_duration_ms": silence_ms,
                "idle_timeout_ms": null,
                "create_response": create_response,
                "interrupt_response": interrupt_response,
            }),
            Self::SemanticVad {
                eagerness,
                create_response,
                interrupt_response,
            } => json!({
                "type": "semantic_vad",
                "eagerness": eagerness.name(),
                "create_response": create_response,
                "interrupt_response": interrupt_response,
            }),
        }
    }
}

fn read_flags(field: &Field<'_>, create: &mut bool, interrupt: &mut bool) -> Result<(), Problem> {
    if let Some(field) = field.given("create_response")? {
        *create = field.bool()?;
    }
    if let Some(field) = field.given("interrupt_response")? {
        *interrupt = field.bool()?;
    }
    Ok(())
}
