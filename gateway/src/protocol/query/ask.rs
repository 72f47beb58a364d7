//! One query: transcribe, respond, and speak phrase by phrase while the response is still made.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, timeout};
use voice_common::ApiError;

use super::documents::{Durations, QueryAnswer, QueryEvent, seconds};
use super::problem::told;
use super::session::{Stopped, Turn};
use crate::conversation::{Message, PhraseCutter, Settings, Stage, ToolCall};
use crate::failure::Failure;
use crate::pipeline::Pipeline;
use crate::responder::{Part, Prompt, ToolChoice};
use crate::speech::{SPOKEN_RATE_HZ, wav};

/// Of an answer's audio; the rest is not spoken.
const MOST_SAMPLES: usize = 300 * SPOKEN_RATE_HZ as usize;
/// Between two phrases, whose own silence is cut.
const PAUSE_SAMPLES: usize = SPOKEN_RATE_HZ as usize / 5;
/// Phrases that wait to be spoken; a responder that is further ahead has to wait.
const PHRASES_AHEAD: usize = 8;
/// What the responder is told of a tool that failed.
const TOOL_FAILED: &str = "The tool failed.";
const FORMAT: &str = "wav";

/// Who is told what a query comes to.
#[derive(Debug)]
pub(super) enum Audience {
    /// It takes all at the end.
    Waits,
    /// It follows each step.
    Follows(mpsc::Sender<QueryEvent>),
}

impl Audience {
    /// A client that doesn't read has to be waited for; one that has gone is not.
    pub(super) async fn tell(&self, event: QueryEvent) {
        if let Self::Follows(events) = self {
            let _ = events.send(event).await;
        }
    }
}

/// A query that can be answered. Dropping it ends it, down to its connections.
pub(super) struct Asked {
    pub(super) pipeline: Pipeline,
    pub(super) settings: Settings,
    pub(super) language: String,
    pub(super) voice: Option<String>,
    pub(super) samples: Vec<i16>,
    pub(super) request_id: String,
    pub(super) arrived: Instant,
    pub(super) received: Duration,
    pub(super) turn: Turn,
    pub(super) stopped: Stopped,
    pub(super) _place: OwnedSemaphorePermit,
}

/// What was answered.
#[derive(Debug, Default)]
struct Response {
    text: String,
    /// The same for the history, with the tools that were called.
    messages: Vec<Message>,
    took: Duration,
}

/// What was spoken.
#[derive(Debug, Default)]
struct Spoken {
    samples: Vec<i16>,
    /// From the arrival of the query.
    first_after: Duration,
    took: Duration,
}

impl Asked {
    /// Answers within `TOTAL_REQUEST_TIMEOUT`, unless it is told to stop.
    pub(super) async fn answer(self, audience: &Audience) -> Result<QueryAnswer, ApiError> {
        let Self { mut stopped, .. } = self;
        let query = Query {
            pipeline: &self.pipeline,
            settings: &self.settings,
            turn: &self.turn,
            language: &self.language,
            voice: self.voice.as_deref(),
            arrived: self.arrived,
            audience,
        };
        let limit = self.settings.limits.turn;
        let late = |_| ApiError::DeadlineExceeded {
            limit_seconds: limit.as_secs_f64(),
        };
        // Large, and held by more than one future around it.
        let work = Box::pin(query.answer(&self.samples));
        let limited = async { timeout(limit, work).await.map_err(late)? };
        let mut answer = stopped.or(limited).await?;
        answer.request_id = self.request_id;
        answer.durations.receive_duration = seconds(self.received);
        Ok(answer)
    }
}

struct Query<'a> {
    pipeline: &'a Pipeline,
    settings: &'a Settings,
    turn: &'a Turn,
    language: &'a str,
    voice: Option<&'a str>,
    arrived: Instant,
    audience: &'a Audience,
}

impl Query<'_> {
    async fn answer(&self, samples: &[i16]) -> Result<QueryAnswer, ApiError> {
        let pipeline = self.pipeline;
        let begun = Instant::now();
        let transcribed = pipeline.transcribe(samples, self.language).await;
        let transcript = transcribed.map_err(|it| failed(&it))?.text;
        let stt = begun.elapsed();
        self.took(Stage::Transcript, stt);
        self.audience
            .tell(QueryEvent::Transcript {
                text: transcript.clone(),
            })
            .await;

        let (phrases, to_speak) = mpsc::channel(PHRASES_AHEAD);
        let respond = async {
            if transcript.is_empty() {
                Ok(self.ask_again(phrases).await)
            } else {
                self.respond(&transcript, phrases).await
            }
        };
        let (response, spoken) = tokio::try_join!(respond, self.speak(to_speak))?;
        if !transcript.is_empty() {
            self.turn.answered(response.messages);
        }
        let audio_base64 = match self.audience {
            Audience::Waits => encoded(&spoken.samples),
            Audience::Follows(_) => String::new(),
        };
        Ok(QueryAnswer {
            session_id: self.turn.session_id().map(str::to_owned),
            request_id: String::new(),
            language: self.language.to_owned(),
            transcript,
            response_text: response.text,
            audio_base64,
            audio_format: FORMAT,
            sample_rate: SPOKEN_RATE_HZ,
            audio_duration_seconds: seconds(duration_of(spoken.samples.len())),
            durations: Durations {
                receive_duration: 0.0,
                stt_duration: seconds(stt),
                llm_duration: seconds(response.took),
                tts_duration: seconds(spoken.took),
                first_audio_duration: seconds(spoken.first_after),
                total_duration: seconds(self.arrived.elapsed()),
            },
        })
    }

    fn took(&self, stage: Stage, time: Duration) {
        let metrics = &self.pipeline.parts().metrics;
        metrics.stage_took(stage, time);
    }

    /// Nothing was understood, which no responder can answer.
    async fn ask_again(&self, phrases: mpsc::Sender<String>) -> Response {
        let text = self.settings.sentences.transcript_failed.clone();
        self.audience
            .tell(QueryEvent::LlmChunk { text: text.clone() })
            .await;
        let _ = phrases.send(text.clone()).await;
        Response {
            text,
            ..Response::default()
        }
    }

    async fn respond(
        &self,
        transcript: &str,
        phrases: mpsc::Sender<String>,
    ) -> Result<Response, ApiError> {
        let (parts, settings) = (self.pipeline.parts(), self.settings);
        let begun = Instant::now();
        let asked = self
            .turn
            .asked(transcript.to_owned(), &settings.instructions);
        let mut cutter = PhraseCutter::new(settings);
        let mut answer = Response::default();
        for round in 0..=settings.limits.tool_rounds {
            let is_last = round == settings.limits.tool_rounds;
            let mut response = parts.responder.respond(Prompt {
                messages: [&asked[..], &answer.messages].concat(),
                tools: parts.tools.declarations(),
                tool_choice: if is_last {
                    ToolChoice::None
                } else {
                    ToolChoice::Auto
                },
                most_tokens: None,
                language: self.language.to_owned(),
            });
            let (mut text, mut calls) = (String::new(), Vec::new());
            let asked_at = Instant::now();
            let mut is_first = true;
            while let Some(part) = response.next().await {
                let part = part.map_err(|it| failed(&it))?;
                if std::mem::take(&mut is_first) {
                    self.took(Stage::Response, asked_at.elapsed());
                }
                match part {
                    Part::Token(token) => {
                        text.push_str(&token);
                        answer.text.push_str(&token);
                        cutter.push(&token, begun.elapsed());
                        while let Some(phrase) = cutter.cut(begun.elapsed()) {
                            // Whoever spoke has failed or has enough.
                            let _ = phrases.send(phrase).await;
                        }
                        self.audience
                            .tell(QueryEvent::LlmChunk { text: token })
                            .await;
                    }
                    Part::ToolCall(call) => calls.push(call),
                    Part::Done(_) => break,
                }
                if answer.text.len() > settings.limits.answer_bytes {
                    break;
                }
            }
            drop(response);
            let text = text.trim();
            if !text.is_empty() {
                answer.messages.push(Message::Assistant(text.to_owned()));
            }
            if calls.is_empty() || is_last {
                break;
            }
            for call in calls {
                answer.messages.extend(self.look_up(call).await);
            }
        }
        if let Some(phrase) = cutter.finish() {
            let _ = phrases.send(phrase).await;
        }
        answer.text = answer.text.trim().to_owned();
        answer.took = begun.elapsed();
        Ok(answer)
    }

    async fn look_up(&self, call: ToolCall) -> [Message; 2] {
        let begun = Instant::now();
        let tools = &self.pipeline.parts().tools;
        let run = timeout(self.settings.limits.tool, tools.run(&call)).await;
        self.took(Stage::Tool, begun.elapsed());
        let output = match run {
            Ok(Ok(output)) => output,
            Ok(Err(failure)) => {
                tracing::warn!(%failure, advice = failure.advice(), "a tool failed");
                TOOL_FAILED.into()
            }
            Err(_) => TOOL_FAILED.into(),
        };
        let call_id = call.id.clone();
        [
            Message::ToolCall(call),
            Message::ToolResult { call_id, output },
        ]
    }

    async fn speak(&self, mut phrases: mpsc::Receiver<String>) -> Result<Spoken, ApiError> {
        let speaker = &self.pipeline.parts().speaker;
        let mut spoken = Spoken::default();
        let mut begun = None;
        while let Some(phrase) = phrases.recv().await {
            let phrase_begun = Instant::now();
            let begun = *begun.get_or_insert(phrase_begun);
            let speech = speaker.speak(&phrase, self.voice, 1.0).await;
            let mut speech = speech.map_err(|it| failed(&it))?;
            self.took(Stage::Speech, phrase_begun.elapsed());
            let from = spoken.samples.len();
            if from == 0 {
                spoken.first_after = self.arrived.elapsed();
            } else {
                spoken.samples.resize(from + PAUSE_SAMPLES, 0);
            }
            while let Some(samples) = speech.samples().await.map_err(|it| failed(&it))? {
                spoken.samples.extend(samples);
                if spoken.samples.len() >= MOST_SAMPLES {
                    spoken.samples.truncate(MOST_SAMPLES);
                    break;
                }
            }
            spoken.took = begun.elapsed();
            if matches!(self.audience, Audience::Follows(_)) {
                let event = QueryEvent::Audio {
                    data: encoded(&spoken.samples[from..]),
                    format: FORMAT,
                    sample_rate: SPOKEN_RATE_HZ,
                    text: phrase,
                };
                self.audience.tell(event).await;
            }
            if spoken.samples.len() >= MOST_SAMPLES {
                break;
            }
        }
        Ok(spoken)
    }
}

/// The operator learns more than the client.
fn failed(failure: &Failure) -> ApiError {
    tracing::warn!(%failure, advice = failure.advice(), "a query failed");
    told(failure)
}

fn encoded(samples: &[i16]) -> String {
    STANDARD.encode(wav(samples, SPOKEN_RATE_HZ))
}

fn duration_of(samples: usize) -> Duration {
    Duration::from_secs_f64(samples as f64 / f64::from(SPOKEN_RATE_HZ))
}
