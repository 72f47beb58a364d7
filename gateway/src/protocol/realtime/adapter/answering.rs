//! What the bot says.

use std::collections::BTreeSet;

use super::Adapter;
use crate::conversation::{self, Generation, Outcome, Said, ToolCall};
use crate::protocol::realtime::format::Encoder;
use crate::protocol::realtime::item::{Body, Content, Item, Role, Status};
use crate::protocol::realtime::items::Sound;
use crate::protocol::realtime::reply::{Answer, End, Message, Reply};
use crate::protocol::realtime::server_event::{CallOf, ServerEvent};
use crate::protocol::realtime::session::Modality;

impl Adapter {
    /// The response that is in progress.
    pub(super) fn open_response(&self) -> Option<String> {
        let reply = self.answer.as_ref()?.reply.as_ref()?;
        Some(reply.id.clone())
    }

    fn answer_of(&mut self, generation: Generation) -> Option<&mut Answer> {
        self.answer
            .as_mut()
            .filter(|it| it.generation == generation)
    }

    pub(super) fn answer_started(&mut self, generation: Generation) {
        self.answer_over();
        let failed = self.failed_ahead.take();
        let is_special = self.special.is_some();
        self.create_event_id = None;
        self.answer = Some(Answer::new(generation, failed, is_special));
        self.open_reply();
    }

    fn open_reply(&mut self) {
        let id = self.ids.next("resp");
        let session = self.special.as_ref().unwrap_or(&self.session).clone();
        let reply = Reply::new(id.clone(), session, self.metadata.take());
        let response = reply.created(&self.ids);
        if let Some(answer) = &mut self.answer {
            answer.reply = Some(reply);
            self.last_response = Some(id);
            self.send(ServerEvent::ResponseCreated { response });
        }
    }

    pub(super) fn phrase_begins(&mut self, generation: Generation, phrase: usize, text: String) {
        if let Some(answer) = self.answer_of(generation) {
            answer.phrases.insert(phrase, text);
        }
    }

    pub(super) fn audio(
        &mut self,
        generation: Generation,
        phrase: usize,
        from: u64,
        samples: &[i16],
    ) {
        let Some(answer) = self.answer_of(generation).filter(|it| !it.is_held) else {
            return;
        };
        answer.sent = from + samples.len() as u64;
        if answer.reply.is_none() {
            answer.base = from;
            self.open_reply();
        }
        self.open_message(Modality::Audio);
        self.tell_phrase(phrase);
        self.send_audio(samples);
        let answer = self.answer.as_ref();
        let is_rest = answer.is_some_and(|it| it.length.is_some_and(|length| it.sent >= length));
        if is_rest {
            self.close_sent();
        }
    }

    /// The words of a phrase, before its audio.
    fn tell_phrase(&mut self, phrase: usize) {
        let Some(answer) = &mut self.answer else {
            return;
        };
        let Some(text) = answer.phrases.get(&phrase) else {
            return;
        };
        let Some(reply) = &mut answer.reply else {
            return;
        };
        let Some(message) = &mut reply.message else {
            return;
        };
        if message.modality == Modality::Audio && message.phrases.insert(phrase) {
            let delta = message.append_phrase(text);
            let message = reply.message.as_ref().expect("it was just there");
            let of = reply.part_of(message);
            self.send(ServerEvent::TranscriptDelta { of, delta });
        }
    }

    fn send_audio(&mut self, samples: &[i16]) {
        let Some(answer) = &mut self.answer else {
            return;
        };
        let (generation, from) = (answer.generation, answer.base);
        let Some(reply) = &mut answer.reply else {
            return;
        };
        let Some(message) = &mut reply.message else {
            return;
        };
        if message.modality != Modality::Audio {
            return;
        }
        let delta = message.encoder.encode(samples);
        reply.count_audio(samples.len());
        let message = reply.message.as_ref().expect("it was just there");
        let of = reply.part_of(message);
        if let Some(entry) = self.items.get_mut(&of.item_id) {
            let sound = entry.sound.get_or_insert(Sound {
                generation,
                from,
                samples: 0,
            });
            sound.samples += samples.len() as u64;
        }
        if !delta.is_empty() {
            self.send(ServerEvent::AudioDelta { of, delta });
        }
    }

    /// What the format's conversion has held back.
    fn send_rest(&mut self) {
        let reply = self.answer.as_mut().and_then(|it| it.reply.as_mut());
        let Some(reply) = reply else { return };
        let Some(message) = &mut reply.message else {
            return;
        };
        let delta = message.encoder.finish();
        if !delta.is_empty() {
            let message = reply.message.as_ref().expect("it was just there");
            let of = reply.part_of(message);
            self.send(ServerEvent::AudioDelta { of, delta });
        }
    }

    pub(super) fn answer_text(&mut self, generation: Generation, text: &str) {
        let Some(answer) = self.answer_of(generation) else {
            return;
        };
        // Spoken words are told with their audio.
        let reply = answer.reply.as_ref();
        if reply.is_none_or(|it| it.session.modality != Modality::Text) {
            return;
        }
        self.open_message(Modality::Text);
        let reply = self.answer.as_mut().and_then(|it| it.reply.as_mut());
        let Some(reply) = reply else { return };
        let Some(message) = &mut reply.message else {
            return;
        };
        if message.modality != Modality::Text {
            return;
        }
        message.text.push_str(text);
        let message = reply.message.as_ref().expect("it was just there");
        let of = reply.part_of(message);
        let delta = text.to_owned();
        self.send(ServerEvent::TextDelta { of, delta });
    }

    /// The message that what follows is part of, if there is none yet.
    fn open_message(&mut self, modality: Modality) {
        let Some(answer) = &mut self.answer else {
            return;
        };
        let reply = answer.reply.as_mut();
        let Some(reply) = reply.filter(|it| it.message.is_none()) else {
            return;
        };
        let item_id = self.ids.next("item");
        answer.item_id = Some(item_id.clone());
        let message = Message {
            item_id: item_id.clone(),
            index: reply.next_index(),
            modality,
            text: String::new(),
            phrases: BTreeSet::new(),
            encoder: Encoder::new(reply.session.output_format),
        };
        let (of, part) = (reply.part_of(&message), message.part());
        reply.message = Some(message);
        let body = Body::Message {
            role: Role::Assistant,
            content: Vec::new(),
        };
        let item = Item::new(item_id, Status::InProgress, body);
        self.add_output(&of.response_id, of.output_index, item);
        self.send(ServerEvent::PartAdded { of, part });
    }

    fn add_output(&mut self, response_id: &str, output_index: u64, item: Item) {
        let previous_item_id = self.items.last_id();
        self.items.push(item.clone());
        self.send(ServerEvent::OutputItemAdded {
            response_id: response_id.to_owned(),
            output_index,
            item: item.clone(),
        });
        self.send(ServerEvent::ItemAdded {
            previous_item_id,
            item,
        });
    }

    fn finish_output(&mut self, response_id: &str, output_index: u64, item: Item) {
        if let Some(entry) = self.items.get_mut(&item.id) {
            entry.item = item.clone();
        }
        let previous_item_id = self.items.before(&item.id);
        if let Some(reply) = self.answer.as_mut().and_then(|it| it.reply.as_mut()) {
            reply.output.push((output_index, item.clone()));
        }
        self.send(ServerEvent::OutputItemDone {
            response_id: response_id.to_owned(),
            output_index,
            item: item.clone(),
        });
        self.send(ServerEvent::ItemDone {
            previous_item_id,
            item,
        });
    }

    fn close_message(&mut self, is_whole: bool) {
        self.send_rest();
        let reply = self.answer.as_mut().and_then(|it| it.reply.as_mut());
        let Some(reply) = reply else { return };
        let Some(message) = reply.message.take() else {
            return;
        };
        let of = reply.part_of(&message);
        let part = message.part();
        let Message {
            item_id,
            index,
            modality,
            text,
            ..
        } = message;
        let content = match modality {
            Modality::Audio => {
                let of = of.clone();
                self.send(ServerEvent::AudioDone { of: of.clone() });
                self.send(ServerEvent::TranscriptDone {
                    of,
                    transcript: text.clone(),
                });
                Content::OutputAudio { transcript: text }
            }
            Modality::Text => {
                self.send(ServerEvent::TextDone {
                    of: of.clone(),
                    text: text.clone(),
                });
                Content::OutputText { text }
            }
        };
        let response_id = of.response_id.clone();
        self.send(ServerEvent::PartDone { of, part });
        let status = if is_whole {
            Status::Completed
        } else {
            Status::Incomplete
        };
        let body = Body::Message {
            role: Role::Assistant,
            content: vec![content],
        };
        let item = Item::new(item_id, status, body);
        self.finish_output(&response_id, index, item);
    }

    pub(super) fn tool_called(&mut self, generation: Generation, call: ToolCall) {
        let Some(answer) = self.answer_of(generation) else {
            return;
        };
        if answer.is_held {
            answer.calls.push(call);
            return;
        }
        if answer.reply.is_none() {
            self.open_reply();
        }
        self.send_call(call);
    }

    fn send_call(&mut self, call: ToolCall) {
        let is_written = |it: &Message| it.modality == Modality::Text;
        let reply = self.answer.as_ref().and_then(|it| it.reply.as_ref());
        if reply.is_some_and(|it| it.message.as_ref().is_some_and(is_written)) {
            self.close_message(true);
        }
        let item_id = self.ids.next("item");
        let reply = self.answer.as_mut().and_then(|it| it.reply.as_mut());
        let Some(reply) = reply else { return };
        let output_index = reply.next_index();
        let ToolCall {
            id: call_id,
            name,
            arguments,
            ..
        } = call;
        let of = CallOf {
            response_id: reply.id.clone(),
            item_id: item_id.clone(),
            output_index,
            call_id: call_id.clone(),
        };
        let item = |status, arguments: &str| {
            let body = Body::FunctionCall {
                call_id: call_id.clone(),
                name: name.clone(),
                arguments: arguments.to_owned(),
            };
            Item::new(item_id.clone(), status, body)
        };
        let response_id = of.response_id.clone();
        self.add_output(&response_id, output_index, item(Status::InProgress, ""));
        if !arguments.is_empty() {
            self.send(ServerEvent::ArgumentsDelta {
                of: of.clone(),
                delta: arguments.clone(),
            });
        }
        self.send(ServerEvent::ArgumentsDone {
            of,
            name: name.clone(),
            arguments: arguments.clone(),
        });
        self.finish_output(
            &response_id,
            output_index,
            item(Status::Completed, &arguments),
        );
    }

    /// The protocol has no pauses: the response ends.
    pub(super) fn pause(&mut self, generation: Generation) {
        let Some(answer) = self.answer_of(generation) else {
            return;
        };
        answer.is_held = true;
        self.close_reply(End::TurnDetected);
    }

    /// What follows is a response of its own.
    pub(super) fn resume(&mut self, generation: Generation, at: u64) {
        let Some(answer) = self.answer_of(generation) else {
            return;
        };
        answer.is_held = false;
        answer.base = at;
        answer.sent = at;
        let calls = std::mem::take(&mut answer.calls);
        if !calls.is_empty() {
            self.open_reply();
        }
        for call in calls {
            self.send_call(call);
        }
        let answer = self.answer.as_ref();
        if answer.is_some_and(|it| it.length.is_some_and(|length| at >= length)) {
            self.close_sent();
        }
    }

    pub(super) fn answer_sent(&mut self, generation: Generation) {
        let Some(answer) = self.answer_of(generation) else {
            return;
        };
        answer.length = Some(answer.sent);
        if !answer.is_held {
            self.close_sent();
        }
    }

    /// All was sent.
    fn close_sent(&mut self) {
        let failed = self.answer.as_ref().and_then(|it| it.failed);
        self.close_reply(failed.map_or(End::Completed, End::Failed));
    }

    fn close_reply(&mut self, end: End) {
        self.close_message(end.is_whole());
        let reply = self.answer.as_mut().and_then(|it| it.reply.take());
        if let Some(reply) = reply {
            let input_bytes = self.items.bytes() + reply.session.instructions.len();
            let response = reply.done(&self.ids, end, input_bytes);
            self.send(ServerEvent::ResponseDone { response });
        }
        if self
            .answer
            .as_ref()
            .is_some_and(|it| it.is_special && it.length.is_some())
        {
            self.end_special();
        }
    }

    pub(super) fn answer_ended(&mut self, generation: Generation, outcome: Outcome) {
        if outcome == Outcome::Cancelled {
            self.endings.pop_front();
        }
        let Some(answer) = self.answer_of(generation) else {
            return;
        };
        self.past = Some((generation, answer.base));
        self.close_reply(End::of(outcome));
        self.answer_over();
    }

    /// Nothing more comes of the answer, if there is one.
    pub(super) fn answer_over(&mut self) {
        self.close_reply(End::ClientCancelled);
        if self.answer.take().is_some_and(|it| it.is_special) {
            self.end_special();
        }
    }

    /// What was said can be named to the conversation from here on.
    pub(super) fn recorded(&mut self, item: conversation::Item, said: Said) {
        let entry = match said {
            Said::Turn(turn) => {
                let id = self.turns.get(turn).map(|it| it.item_id.clone());
                id.and_then(|it| self.items.get_mut(&it))
            }
            Said::Answer(generation) => {
                let id = self.answer_of(generation).and_then(|it| it.item_id.clone());
                id.and_then(|it| self.items.get_mut(&it))
            }
            Said::Call(id) => self.items.of_call(&id),
        };
        if let Some(entry) = entry {
            entry.handles.push(item);
        }
    }

    /// The session holds again.
    pub(super) fn end_special(&mut self) {
        if self.special.take().is_some() {
            self.configure();
        }
    }
}
