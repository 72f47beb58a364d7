//! The responder: what it says and which tools it calls.

use super::answer::{Answer, Call, CallState, Round, Thought, Told};
use super::command::Saying;
use super::script::Phrase;
use super::{Command, Conversation, Event, Job, Stage, Time, ToolCall};

impl Conversation {
    /// Asks the responder, with all that was said and all that tools have answered so far.
    pub(super) fn respond(&mut self) {
        let job = self.ids.job();
        let deadline = self.now + self.settings.limits.token;
        let Some(answer) = &mut self.answer else {
            return;
        };
        answer.thought = Thought::Responding { job, deadline };
        let generation = answer.generation;
        let messages = self
            .history
            .messages(&self.settings.instructions, &answer.messages());
        self.announce();
        self.order(Command::Respond {
            job,
            generation,
            messages,
            speculative: false,
        });
    }

    pub(super) fn announce(&mut self) {
        let Some(answer) = self.answer.as_mut().filter(|it| it.told == Told::Nothing) else {
            return;
        };
        answer.told = Told::Started;
        let turn = answer.origin.map(|it| it.turn);
        let generation = answer.generation;
        self.emit(Event::AnswerStarted { generation, turn });
    }

    /// The turn has ended: the client is told what was drafted, and tools run.
    pub(super) fn release(&mut self) {
        self.announce();
        let Some(answer) = &mut self.answer else {
            return;
        };
        let generation = answer.generation;
        let text = std::mem::take(&mut answer.untold);
        let calls: Vec<ToolCall> = answer.calls().map(|it| it.call.clone()).collect();
        if !text.is_empty() {
            self.emit(Event::AnswerText { generation, text });
        }
        for call in calls {
            self.emit(Event::ToolCalled { generation, call });
        }
        self.run_tools();
        self.check_if_said();
    }

    pub(super) fn token(&mut self, job: Job, text: &str) {
        let (now, limits) = (self.now, self.settings.limits.clone());
        let Some(answer) = self.answer_of(job) else {
            return;
        };
        answer.thought = Thought::Responding {
            job,
            deadline: now + limits.token,
        };
        if answer.text_bytes() + text.len() > limits.answer_bytes {
            self.order(Command::CancelResponse(job));
            self.response_done(job);
            return;
        }
        answer.round().text.push_str(text);
        if answer.playout.is_some() {
            answer.cutter.push(text, now);
        }
        if answer.told == Told::Nothing {
            answer.untold.push_str(text);
        } else {
            let generation = answer.generation;
            let text = text.to_owned();
            self.emit(Event::AnswerText { generation, text });
        }
    }

    pub(super) fn tool_called(&mut self, job: Job, call: ToolCall) {
        let (now, limits) = (self.now, self.settings.limits.clone());
        let Some(answer) = self.answer_of(job) else {
            return;
        };
        let bytes: usize = answer.calls().map(|it| it.call.arguments.len() + 1).sum();
        let is_known = answer.calls().any(|it| it.call.id == call.id);
        if is_known || bytes + call.arguments.len() >= limits.answer_bytes {
            return;
        }
        answer.thought = Thought::Responding {
            job,
            deadline: now + limits.token,
        };
        answer.flush_text(now);
        answer.round().calls.push(Call {
            call: call.clone(),
            state: CallState::Wanted,
        });
        if answer.told != Told::Nothing {
            let generation = answer.generation;
            self.emit(Event::ToolCalled { generation, call });
            self.run_tools();
        }
    }

    fn run_tools(&mut self) {
        let Some(answer) = self.answer.as_mut() else {
            return;
        };
        let generation = answer.generation;
        let mut orders = Vec::new();
        for it in answer.rounds.iter_mut().flat_map(|it| &mut it.calls) {
            if it.state == CallState::Wanted && !it.call.by_client {
                let job = self.ids.job();
                it.state = CallState::Running {
                    job,
                    since: self.now,
                };
                orders.push(Command::RunTool {
                    job,
                    generation,
                    call: it.call.clone(),
                });
            }
        }
        for it in orders {
            self.order(it);
        }
    }

    pub(super) fn tool_done(&mut self, job: Job, output: Option<String>) {
        let limit = self.settings.limits.answer_bytes;
        let Some(answer) = &mut self.answer else {
            return;
        };
        let generation = answer.generation;
        let Some(call) = answer.call_mut(job) else {
            return;
        };
        let mut output = output;
        if let Some(text) = &mut output {
            text.truncate(text.floor_char_boundary(limit));
        }
        call.state = CallState::Done(output.clone());
        let call_id = call.call.id.clone();
        if output.is_none() {
            self.order(Command::CancelTool(job));
            self.emit(Event::Failed { stage: Stage::Tool });
        }
        self.emit(Event::ToolDone {
            generation,
            call_id,
            output,
        });
        self.check_if_said();
    }

    pub(super) fn tool_takes_long(&mut self) {
        let now = self.now;
        let text = self.settings.sentences.tool_takes_long.clone();
        let Some(answer) = &mut self.answer else {
            return;
        };
        answer.has_excused_tool = true;
        if text.is_empty() {
            return;
        }
        answer.flush_text(now);
        let round = answer.rounds.len() - 1;
        answer
            .script
            .phrases
            .push(Phrase::new(text, Saying::ToolTakesLong, round));
    }

    pub(super) fn response_done(&mut self, job: Job) {
        let now = self.now;
        let Some(answer) = self.answer_of(job) else {
            return;
        };
        answer.flush_text(now);
        answer.thought = Thought::UsingTools;
        if answer.told != Told::Nothing {
            self.check_if_said();
        }
    }

    /// The responder was waited for in vain, or broke off.
    pub(super) fn response_failed(&mut self, job: Job) {
        let Some(answer) = self.answer_of(job) else {
            return;
        };
        let is_draft = answer.told == Told::Nothing;
        self.order(Command::CancelResponse(job));
        if !is_draft {
            if let Some(answer) = &mut self.answer {
                answer.thought = Thought::Done;
            }
            self.fail(Stage::Response);
        } else if let Some(utterance) = &mut self.utterance {
            // It is asked again when the turn ends.
            utterance.draft = None;
        }
    }

    /// If the responder and all tools are done: it is asked again, or has said all.
    fn check_if_said(&mut self) {
        let limits = &self.settings.limits;
        let Some(answer) = &mut self.answer else {
            return;
        };
        if answer.thought != Thought::UsingTools || answer.running().next().is_some() {
            return;
        }
        let has_results = answer
            .round()
            .calls
            .iter()
            .any(|it| matches!(it.state, CallState::Done(_)));
        if has_results && answer.rounds.len() < limits.tool_rounds.max(1) {
            answer.rounds.push(Round::default());
            self.respond();
            return;
        }
        answer.thought = Thought::Done;
        let is_nothing = answer.round().calls.is_empty() && answer.says_nothing();
        if has_results || is_nothing {
            self.fail(Stage::Response);
        }
    }
}

impl Answer {
    /// Whether the responder has said nothing that can be heard or read.
    fn says_nothing(&self) -> bool {
        match self.playout {
            Some(_) => !self.script.phrases.iter().any(|it| it.saying.is_answer()),
            None => self.rounds.iter().all(|it| it.text.trim().is_empty()),
        }
    }

    /// What the responder has said and nobody has cut yet is a phrase.
    pub(super) fn flush_text(&mut self, now: Time) {
        if self.playout.is_none() {
            return;
        }
        let round = self.rounds.len().saturating_sub(1);
        while let Some(text) = self.cutter.cut(now).or_else(|| self.cutter.finish()) {
            self.script
                .phrases
                .push(Phrase::new(text, Saying::Answer, round));
        }
    }
}
