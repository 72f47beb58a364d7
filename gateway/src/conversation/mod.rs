//! The rules of a spoken conversation, without input, output or a clock: a [`Conversation`] is told
//! facts ([`Input`]) with the time, and gives orders ([`Command`]). Whoever drives it must tell it the
//! time again at [`Conversation::next_deadline`] at the latest.
//!
//! Two things are going on: what the user is saying (an *utterance*, until it is a turn that has
//! ended), and what the bot is saying (an *answer*). Each may be there or not.
//!
//! ```text
//! utterance:                    speech again: guesses are dropped
//!                              ┌───────────────────────────────┐
//!             speech           ▼             silence           │
//!   none ─────────────────▶ speaking ─────────────────────▶ silent ── long enough, ──▶ turn ended
//!    ▲                         │      ask for transcript,      │      complete,        │
//!    │                         │      turn detector, draft     │      or committed     │
//!    │   (while the bot has    │                               │                       │
//!    │    the floor: undecided │ 500 ms of speech,             │ backchannel, echo,    │
//!    │    whether it is noise) │ or a word                     │ nothing, or 1 s       │
//!    │                         ▼                               ▼                       │
//!    │                   answer is interrupted          answer is resumed              │
//!    └─────────────────────────────────────────────────────────────────────────────────┘
//!
//! answer:
//!   none ──▶ hearing ──────────▶ responding ◀──────────▶ using tools ──▶ done ──▶ all heard ──▶ none
//!    ▲        transcripts are      tokens → phrases →                      │
//!    │        awaited              audio → client → ear                    │
//!    │                                                                     │
//!    ├── reopened: speech within 800 ms, and nothing was sent ─────────────┤
//!    ├── interrupted, cancelled, superseded: what was heard is kept ───────┤
//!    └── failed: one sentence, then as if done ────────────────────────────┘
//!
//! held: an answer and an undecided utterance. The client is paused, if it was sent anything.
//! ```
//!
//! Each of these ends by a deadline, if by nothing else: see `deadlines.rs`, which lists them all.
//! An answer that is *drafted* is begun before the turn has ended (speculation) and belongs to the
//! utterance; nothing of it is sent, and no tool runs, before it is released.
//!
//! What the protocols tell and take:
//!
//! | | the user speaks | the user writes | ends an answer | hears |
//! |---|---|---|---|---|
//! | OpenAI Realtime | voice activity's facts, or `Commit` and `CreateResponse` | `AddItem`, `CreateResponse` | `Cancel`, `Truncate` | `SendAudio`; `Pause` is speech that started |
//! | bot | `SpeechStarted`, `SpeechEnded`, or voice activity's facts | `Text` | | `SendAudio`, `Pause`, `Resume`, `Flush`; tells `Playback` |
//! | media stream | voice activity's facts | | | `SendAudio`; `Pause` and `Flush` clear its buffer; marks are `Playback` |
//!
//! What is reported under a [`Job`] that is over is ignored, so nothing of a superseded answer
//! can reach the client.

mod answer;
mod answering;
mod barge_in;
mod client;
mod command;
mod deadlines;
mod ending;
mod ends;
mod event;
mod hearing;
mod history;
mod ids;
mod input;
mod machine;
mod phrases;
mod playout;
mod responding;
mod script;
mod settings;
mod speaking;
mod speech;
mod turn;
mod utterance;
mod words;

/// Time since a moment that the driver of the conversation chooses.
pub type Time = std::time::Duration;

pub use command::{Closing, Command, Saying, Stage};
pub use event::{Event, Outcome, Refusal, Said};
pub use history::{Message, ToolCall};
pub use ids::{Generation, Item, Job, Turn};
pub use input::Input;
pub use machine::{Conversation, State};
pub(crate) use phrases::PhraseCutter;
pub use settings::{Detection, Eagerness, Limits, Output, Sentences, Settings, Speculation};
