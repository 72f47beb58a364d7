//! Carries out the orders of a conversation.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;

use super::heard::sample_at;
use super::jobs::Fact;
use super::talk::Talk;
use super::transcribing::Transcription;
use crate::conversation::{
    Command, Event, Generation, Job, Message, Saying, Stage, Time, ToolCall,
};
use crate::responder::{Part, Prompt};

/// Audio behind the last voiced sample that is transcribed and judged as well.
const TAIL: Duration = voice_listen::PAUSE;

impl Talk {
    pub(super) fn carry_out(&mut self, order: Command) {
        match order {
            Command::Transcribe {
                job,
                from,
                to,
                speculative,
                turn: _,
            } => self.transcribe(job, from, to, speculative),
            Command::AwaitTranscription(job) => self.jobs.await_now(job),
            Command::DropTranscription(job)
            | Command::CancelResponse(job)
            | Command::CancelTool(job)
            | Command::CancelSpeech(job) => self.jobs.cancel(job),
            Command::ScoreTurn { job, from, to } => self.score(job, from, to),
            Command::Respond { job, messages, .. } => self.respond(job, messages),
            Command::RunTool { job, call, .. } => self.run_tool(job, call),
            Command::Speak {
                job,
                generation,
                phrase,
                text,
                saying,
            } => {
                self.kept.begin((generation, phrase), job, text.clone());
                self.speak(job, text, saying);
            }
            Command::SendAudio {
                generation,
                phrase,
                from,
                to,
            } => self.sending.audio((generation, phrase), from, to),
            Command::ForgetPhrase { generation, phrase } => self.kept.forget((generation, phrase)),
            Command::ForgetSpeech(generation) => self.forget_speech(generation),
            Command::Pause { generation, at } => self.sending.pause(generation, at),
            Command::Resume { generation, at } => {
                self.measure.resumed();
                self.sending.resume(generation, at);
            }
            Command::Flush { generation, at } => self.sending.flush(generation, at),
            Command::Emit(event) => self.emit(event),
            Command::Close(why) => {
                self.sending.closed(why);
                self.is_over = true;
            }
        }
    }

    fn emit(&mut self, event: Event) {
        self.measure.event(&event);
        if let Event::TurnEnded { to, .. } = event {
            self.turn_ended = sample_at(to);
        }
        self.sending.event(event);
    }

    fn forget_speech(&mut self, generation: Generation) {
        for job in self.kept.forget_all(generation) {
            self.jobs.cancel(job);
        }
    }

    /// From a little before the first voiced sample, but not within the turn before, to a little
    /// behind the last one.
    fn audio(&self, from: Time, to: Time) -> Vec<i16> {
        let padded = sample_at(from.saturating_sub(self.manner.prefix_padding));
        let from = sample_at(from);
        let begin = if from >= self.turn_ended {
            padded.max(self.turn_ended)
        } else {
            padded
        };
        self.ear.heard.between(begin, sample_at(to + TAIL))
    }

    fn transcribe(&mut self, job: Job, from: Time, to: Time, speculative: bool) {
        let transcription = Transcription {
            recogniser: self.shared.parts.recogniser.clone(),
            slots: Arc::clone(&self.shared.slots),
            samples: self.audio(from, to),
            language: self.conversation.settings().language.clone(),
        };
        let stage = Some(Stage::Transcript);
        self.jobs
            .begin(job, stage, |reporter, is_awaited| async move {
                // Nothing was heard at all.
                let ended = if transcription.samples.is_empty() {
                    Ok(String::new())
                } else {
                    transcription.run(is_awaited).await.map(|it| it.text)
                };
                reporter.end(ended.map(Fact::Transcript)).await;
            });
        if !speculative {
            self.jobs.await_now(job);
        }
    }

    fn score(&mut self, job: Job, from: Time, to: Time) {
        let mut samples = self.audio(from, to);
        let surplus = samples.len().saturating_sub(voice_listen::HEARD_SAMPLES);
        samples.drain(..surplus);
        let shared = Arc::clone(&self.shared);
        self.jobs.begin(job, None, |reporter, _| async move {
            let score = shared.score(samples).await;
            reporter
                .report(score.map_or(Fact::NoScore, Fact::Score))
                .await;
        });
    }

    fn respond(&mut self, job: Job, messages: Vec<Message>) {
        let parts = &self.shared.parts;
        let tools = self.manner.tools.clone();
        let prompt = Prompt {
            messages,
            tools: tools.unwrap_or_else(|| parts.tools.declarations()),
            tool_choice: self.manner.tool_choice.clone(),
            most_tokens: self.manner.most_tokens,
            language: self.conversation.settings().language.clone(),
        };
        let mut response = parts.responder.respond(prompt);
        let stage = Some(Stage::Response);
        self.jobs.begin(job, stage, |reporter, _| async move {
            while let Some(part) = response.next().await {
                let fact = match part {
                    Ok(Part::Token(text)) => Fact::Token(text),
                    Ok(Part::ToolCall(call)) => Fact::ToolCall(call),
                    Ok(Part::Done(_)) => break,
                    Err(failure) => return reporter.report(Fact::Failed(failure)).await,
                };
                reporter.report(fact).await;
            }
            // What the server still has to say is nothing that anybody waits for.
            drop(response);
            reporter.report(Fact::Done).await;
        });
    }

    fn run_tool(&mut self, job: Job, call: ToolCall) {
        let shared = Arc::clone(&self.shared);
        let stage = Some(Stage::Tool);
        self.jobs.begin(job, stage, |reporter, _| async move {
            let ended = shared.parts.tools.run(&call).await;
            reporter.end(ended.map(Fact::Result)).await;
        });
    }

    fn speak(&mut self, job: Job, text: String, saying: Saying) {
        let shared = Arc::clone(&self.shared);
        let (voice, speed) = (self.manner.voice.clone(), self.manner.speed);
        let spoken = (saying == Saying::Failure(Stage::Speech))
            .then(|| shared.spoken(&text, voice.as_deref()))
            .flatten();
        let stage = Some(Stage::Speech);
        self.jobs.begin(job, stage, |reporter, _| async move {
            if let Some(samples) = spoken {
                reporter.report(Fact::Audio(samples.to_vec())).await;
                return reporter.report(Fact::Done).await;
            }
            let spoken = async {
                let speaker = &shared.parts.speaker;
                let mut speech = speaker.speak(&text, voice.as_deref(), speed).await?;
                while let Some(samples) = speech.samples().await? {
                    reporter.report(Fact::Audio(samples)).await;
                }
                Ok(Fact::Done)
            };
            reporter.end(spoken.await).await;
        });
    }
}
