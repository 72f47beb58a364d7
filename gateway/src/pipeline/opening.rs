//! What a conversation is begun with.

use std::time::Duration;

use crate::conversation::Settings;
use crate::responder::{Tool, ToolChoice};

/// What is to be known before the first fact.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// The rules.
    pub settings: Settings,
    /// What its orders are carried out with.
    pub manner: Manner,
    /// How far its audio is sent ahead of the ear.
    pub pace: Pace,
}

/// What orders are carried out with; may change while the conversation goes on, from the next
/// order on.
#[derive(Debug, Clone, PartialEq)]
pub struct Manner {
    /// Samples a second of [`Line::hear`](super::Line::hear); from 8,000 to 48,000.
    pub input_rate_hz: u32,
    /// From this probability of speech on somebody speaks.
    pub threshold: f32,
    /// Audio before the first voiced sample that is transcribed as well.
    pub prefix_padding: Duration,
    /// As the speech synthesis knows it; `None`: that of the settings, or else its own.
    pub voice: Option<String>,
    /// 1 is the voice's own.
    pub speed: f32,
    /// What may be called, if the client decides that; `None`: the tools of the service.
    pub tools: Option<Vec<Tool>>,
    /// Whether something is to be called.
    pub tool_choice: ToolChoice,
    /// Where answers are cut off; `None`: the chat server's own limit.
    pub most_tokens: Option<u32>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            input_rate_hz: 16_000,
            threshold: 0.5,
            prefix_padding: Duration::from_millis(300),
            voice: None,
            speed: 1.0,
            tools: None,
            tool_choice: ToolChoice::Auto,
            most_tokens: None,
        }
    }
}

/// How fast audio is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// So much ahead of the ear: enough for a network that stalls, and what the client has to drop
    /// when it is interrupted stays small.
    Ahead(Duration),
    /// As fast as the client takes it.
    AtOnce,
}

impl Default for Pace {
    fn default() -> Self {
        Self::Ahead(Duration::from_secs(2))
    }
}
