//! Between the protocol and the conversation, without input or output of its own: what the client
//! sends becomes actions on the [`Line`](crate::pipeline::Line), and what comes of the conversation
//! becomes events for the client.
//!
//! Three things differ. **Pauses:** the protocol knows none, so an answer that is paused ends as a
//! response that is cancelled because of speech. If it turns out to be a false alarm, the rest of the
//! answer is a response of its own, with an item of its own: players drop what still comes of an item
//! that was interrupted. **Reopened turns:** the protocol can't take back an item that was committed,
//! so it is deleted, and the turn goes on under another name. **Single responses that are to be
//! otherwise than the session:** the conversation is set to that until the response is over.

mod answering;
mod hearing;
mod requests;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::beta;
use super::fields::Field;
use super::ids::Ids;
use super::item::Item;
use super::items::Items;
use super::problem::Problem;
use super::reply::Answer;
use super::server_event::{ErrorBody, Named, ServerEvent};
use super::session::{Dialect, Purpose, Session};
use super::turns::Turns;
use crate::conversation::{Closing, Event, Generation, Input, Refusal, Settings, Stage, Time};
use crate::pipeline::{Manner, Opening, Outgoing, Pace};

const MODEL_CHARS: usize = 200;

/// What is to be done, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// The conversation hears this, mono, at the rate of the manner that holds.
    Hear(Vec<i16>),
    /// What it heard since the last turn is one.
    Commit,
    /// The conversation is told this.
    Tell(Input),
    /// From here on these hold.
    Configure(Box<(Settings, Manner)>),
    /// The client is sent this, as a text message.
    Send(String),
}

/// How a session begins.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Which names the client uses.
    pub dialect: Dialect,
    /// What the session is for.
    pub purpose: Purpose,
    /// As the client calls it.
    pub model: String,
    /// Of no other session; all names are made with it.
    pub tag: String,
    /// What the client has not set.
    pub settings: Settings,
    /// What the client has not set.
    pub manner: Manner,
}

/// What was told to the conversation and is still to be answered by it, in order.
#[derive(Debug, Clone)]
enum Asked {
    AddItem {
        item: Item,
        behind: Option<String>,
        event_id: Option<String>,
    },
    DeleteItem {
        /// `None` if more is to be deleted before the client is told.
        item_id: Option<String>,
    },
}

/// What ends an answer, until the conversation says whether there was one.
#[derive(Debug, Clone)]
enum Ending {
    Cancel {
        event_id: Option<String>,
    },
    /// It may be over already.
    ClearOutput,
}

/// A session's state, between the protocol and a conversation.
#[derive(Debug, Clone)]
pub struct Adapter {
    dialect: Dialect,
    ids: Ids,
    session: Session,
    /// What holds until one response is over.
    special: Option<Session>,
    settings: Settings,
    manner: Manner,
    told: (Settings, Manner),
    /// Audio that the client has sent.
    appended: Time,
    /// That since the last turn or clearing.
    uncommitted: Time,
    items: Items,
    turns: Turns,
    answer: Option<Answer>,
    /// The answer before, and where its last stretch began.
    past: Option<(Generation, u64)>,
    /// The response before.
    last_response: Option<String>,
    failed_ahead: Option<Stage>,
    asked: VecDeque<Asked>,
    endings: VecDeque<Ending>,
    create_event_id: Option<String>,
    metadata: Option<Value>,
    out: Vec<Action>,
}

impl Adapter {
    /// A session in which nothing was said.
    pub fn new(profile: Profile) -> Self {
        let Profile {
            dialect,
            purpose,
            model,
            tag,
            settings,
            manner,
        } = profile;
        let model = model.chars().take(MODEL_CHARS).collect();
        let session = Session::new(purpose, model, &settings, &manner);
        let told = (session.settings(&settings), session.manner(&manner));
        Self {
            dialect,
            ids: Ids::new(tag),
            session,
            special: None,
            settings,
            manner,
            told,
            appended: Time::ZERO,
            uncommitted: Time::ZERO,
            items: Items::default(),
            turns: Turns::default(),
            answer: None,
            past: None,
            last_response: None,
            failed_ahead: None,
            asked: VecDeque::new(),
            endings: VecDeque::new(),
            create_event_id: None,
            metadata: None,
            out: Vec::new(),
        }
    }

    /// The same, begun with these settings, as an update of the current dialect has them.
    pub(in crate::protocol::realtime) fn preset(
        mut self,
        session: &Value,
    ) -> Result<Self, Problem> {
        let field = Field {
            path: "session".into(),
            value: session,
        };
        self.session = self.session.updated(&field, Dialect::Current)?;
        if let Some(model) = session["model"].as_str() {
            self.session.model = model.chars().take(MODEL_CHARS).collect();
        }
        self.told = (
            self.session.settings(&self.settings),
            self.session.manner(&self.manner),
        );
        Ok(self)
    }

    /// The session as the client is shown it.
    pub(in crate::protocol::realtime) fn session_json(&self) -> Value {
        self.session.to_json(&self.ids, self.dialect)
    }

    /// What the conversation is to be begun with.
    pub fn opening(&self) -> Opening {
        let (settings, manner) = self.told.clone();
        Opening {
            settings,
            manner,
            // Clients expect more than they can play, and drop it when somebody speaks.
            pace: Pace::AtOnce,
        }
    }

    /// Whether the client is in the midst of being told an answer.
    pub fn is_answering(&self) -> bool {
        self.open_response().is_some()
    }

    /// What the client is told first.
    pub fn greet(&mut self) -> Vec<Action> {
        let session = self.session.to_json(&self.ids, self.dialect);
        let is_transcription = self.session.purpose == Purpose::Transcription;
        if self.dialect == Dialect::Beta && is_transcription {
            self.send(ServerEvent::TranscriptionSessionCreated { session });
        } else {
            self.send(ServerEvent::SessionCreated { session });
        }
        if self.dialect == Dialect::Beta {
            let conversation = json!({
                "id": self.ids.own("conv"),
                "object": "realtime.conversation",
            });
            self.send(ServerEvent::ConversationCreated { conversation });
        }
        std::mem::take(&mut self.out)
    }

    /// The client has sent this text.
    pub fn receive(&mut self, text: &str) -> Vec<Action> {
        let received = super::client_event::read(text);
        let event_id = received.event_id;
        let done = received
            .event
            .and_then(|it| self.request(it, event_id.clone()));
        if let Err(problem) = done {
            self.refuse(problem, event_id);
        }
        std::mem::take(&mut self.out)
    }

    /// The client has sent bytes, which the protocol has no use for.
    pub fn receive_bytes(&mut self) -> Vec<Action> {
        let message = "Events are text messages; audio goes into them in base64.";
        self.refuse(Problem::new("invalid_event", message), None);
        std::mem::take(&mut self.out)
    }

    /// The conversation says this.
    pub fn outgoing(&mut self, outgoing: Outgoing) -> Vec<Action> {
        match outgoing {
            Outgoing::Audio {
                generation,
                phrase,
                from,
                samples,
            } => self.audio(generation, phrase, from, &samples),
            Outgoing::PhraseBegins {
                generation,
                phrase,
                text,
            } => self.phrase_begins(generation, phrase, text),
            Outgoing::Pause { generation, .. } => self.pause(generation),
            Outgoing::Resume { generation, at } => self.resume(generation, at),
            // The client flushes by itself when it is told that somebody speaks.
            Outgoing::Flush { .. } => {}
            Outgoing::Event(event) => self.event(event),
            Outgoing::Closed(why) => self.closed(why),
        }
        std::mem::take(&mut self.out)
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::SpeechStarted { turn, at } => self.speech_started(turn, at),
            Event::PartialTranscript { turn, text } => self.partial_transcript(turn, &text),
            Event::TurnEnded { turn, from, to } => self.turn_ended(turn, from, to),
            Event::TurnReopened { turn } => self.turn_reopened(turn),
            Event::Transcript { turn, text } => self.transcript(turn, &text),
            Event::FalseAlarm { turn, .. } => self.false_alarm(turn),
            Event::AnswerStarted { generation, .. } => self.answer_started(generation),
            Event::AnswerText { generation, text } => self.answer_text(generation, &text),
            Event::ToolCalled { generation, call } if call.by_client => {
                self.tool_called(generation, call);
            }
            Event::AnswerSent { generation } => self.answer_sent(generation),
            Event::AnswerEnded {
                generation,
                outcome,
                ..
            } => self.answer_ended(generation, outcome),
            Event::Recorded { item, said } => self.recorded(item, said),
            Event::ItemAdded { item } => self.item_added(item),
            Event::ItemDeleted { .. } => self.item_deleted(),
            Event::Failed { stage } => self.failed(stage),
            Event::Refused(refusal) => self.refused(refusal),
            // What the service runs by itself is not the client's affair.
            Event::ToolCalled { .. }
            | Event::ToolDone { .. }
            | Event::NothingUnderstood { .. }
            | Event::Speculated { .. } => {}
        }
    }

    fn closed(&mut self, why: Closing) {
        self.answer_over();
        if why == Closing::Expired {
            let message = "Nothing has happened for too long: the session is over.";
            self.refuse(Problem::new("session_expired", message), None);
        }
    }

    /// An item that is complete as it comes.
    fn send_whole(&mut self, previous_item_id: Option<String>, item: Item) {
        self.send(ServerEvent::ItemAdded {
            previous_item_id: previous_item_id.clone(),
            item: item.clone(),
        });
        self.send(ServerEvent::ItemDone {
            previous_item_id,
            item,
        });
    }

    fn send(&mut self, event: ServerEvent) {
        let event_id = self.ids.next("event");
        let named = Named { event_id, event };
        let text = match self.dialect {
            Dialect::Current => serde_json::to_string(&named).ok(),
            Dialect::Beta => serde_json::to_value(&named)
                .ok()
                .and_then(beta::event)
                .map(|it| it.to_string()),
        };
        self.out.extend(text.map(Action::Send));
    }

    fn tell(&mut self, input: Input) {
        self.out.push(Action::Tell(input));
    }

    fn refuse(&mut self, problem: Problem, event_id: Option<String>) {
        let error = ErrorBody::new(problem, event_id);
        self.send(ServerEvent::Error { error });
    }

    /// The conversation is told what holds now, if it is something else.
    fn configure(&mut self) {
        let session = self.special.as_ref().unwrap_or(&self.session);
        let wanted = (
            session.settings(&self.settings),
            session.manner(&self.manner),
        );
        if wanted != self.told {
            self.told = wanted.clone();
            self.out.push(Action::Configure(Box::new(wanted)));
        }
    }

    fn refused(&mut self, refusal: Refusal) {
        match refusal {
            Refusal::AnswerInProgress => {
                let event_id = self.create_event_id.take();
                self.metadata = None;
                if self.answer.as_ref().is_none_or(|it| !it.is_special) {
                    self.end_special();
                }
                self.refuse(super::reply::in_progress(None), event_id);
            }
            Refusal::NoAnswer => {
                if let Some(Ending::Cancel { event_id }) = self.endings.pop_front() {
                    let message = "Cancellation failed: no active response found.";
                    let problem = Problem::new("response_cancel_not_active", message);
                    self.refuse(problem, event_id);
                }
            }
            Refusal::NoSuchItem => match self.asked.pop_front() {
                Some(Asked::AddItem {
                    behind, event_id, ..
                }) => {
                    let behind = behind.unwrap_or_default();
                    let problem = Problem::no_such_item("previous_item_id", &behind);
                    self.refuse(problem, event_id);
                }
                // It was too old to be kept, or had no words.
                Some(Asked::DeleteItem { item_id }) => self.item_gone(item_id),
                None => {}
            },
        }
    }
}
