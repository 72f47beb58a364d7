//! Any server with OpenAI's chat completions, streamed: llama.cpp, Ollama, vLLM, OpenAI, and the
//! many that are almost like these.
//!
//! ```text
//! history → request → pieces → events → chunks → parts
//!           messages   Answer   events   reader   thinking, calls
//! ```

mod calls;
mod events;
mod messages;
mod reader;
mod thinking;
mod wrong;

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use tokio::time::{Instant, timeout, timeout_at};
use voice_upstream::header::{self, HeaderValue};
use voice_upstream::{Answer, Pool, Request, Stage as Limit, Upstream, UpstreamError};

use super::{Part, Prompt, Responder, ResponderConfig, Response};
use crate::conversation::Stage;
use crate::failure::Failure;
use crate::opening::{self, OpenError, Purpose};
use reader::Reader;
use wrong::Wrong;

/// How long an answer that seems over is waited for to say so: most say it with the next bytes.
const TAIL: Duration = Duration::from_millis(250);

/// A chat server.
#[derive(Debug, Clone)]
pub struct Chat {
    upstream: Upstream,
    model: String,
    limit: Duration,
}

impl Chat {
    /// The server of these settings; `None` if they name none.
    ///
    /// # Errors
    /// Its key can't be read.
    pub fn open(pool: &Pool, config: &ResponderConfig) -> Result<Option<Self>, OpenError> {
        let Some(base_urls) = &config.llm_base_url else {
            return Ok(None);
        };
        let purpose = Purpose {
            name: "chat",
            base_urls,
            key_file: ("LLM_API_KEY_FILE", config.llm_api_key_file.as_ref()),
            key_of_this_box: None,
            limit: config.voice_llm_timeout,
            streams: true,
        };
        Ok(Some(Self {
            upstream: opening::open(pool, &purpose)?,
            model: config.llm_model.clone(),
            limit: config.voice_llm_timeout,
        }))
    }

    /// For metrics and `/health/detailed`.
    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }
}

impl Responder for Chat {
    fn is_language_model(&self) -> bool {
        true
    }

    fn respond(&self, prompt: Prompt) -> Response {
        let body = messages::request(&self.model, &prompt);
        let request = Request::post("chat/completions").json(&body).header(
            header::ACCEPT,
            HeaderValue::from_static("text/event-stream"),
        );
        let answering = Answering {
            chat: self.clone(),
            reader: Reader::new(prompt),
            begun: None,
            progress: Progress::ToAsk(Box::new(request)),
        };
        let parts = stream::unfold(answering, |mut it| async move {
            let part = it.next().await?;
            Some((part, it))
        });
        parts.boxed()
    }
}

/// An answer that is being read. Dropped with the stream, and its connection with it.
struct Answering {
    chat: Chat,
    reader: Reader,
    /// When it was asked for.
    begun: Option<Instant>,
    progress: Progress,
}

enum Progress {
    ToAsk(Box<Request>),
    Reading {
        answer: Box<Answer>,
        /// The answer seems over: when it is not waited for any longer.
        until: Option<Instant>,
    },
    /// Nothing more is read.
    Over,
}

impl Answering {
    /// The next part; `None` behind the last.
    async fn next(&mut self) -> Option<Result<Part, Failure>> {
        loop {
            if let Some(part) = self.reader.next() {
                return Some(Ok(part));
            }
            let progress = std::mem::replace(&mut self.progress, Progress::Over);
            match self.go_on(progress).await? {
                Ok(next) => self.progress = next,
                Err(error) => return Some(Err(Failure::new(Stage::Response, error))),
            }
        }
    }

    /// Asks, or reads one more piece.
    async fn go_on(&mut self, progress: Progress) -> Option<Result<Progress, UpstreamError>> {
        match progress {
            Progress::Over => None,
            Progress::ToAsk(request) => Some(self.ask(*request).await),
            Progress::Reading { answer, until } => Some(self.read(answer, until).await),
        }
    }

    async fn ask(&mut self, request: Request) -> Result<Progress, UpstreamError> {
        let begun = *self.begun.get_or_insert_with(Instant::now);
        let asked = timeout_at(begun + self.chat.limit, self.chat.upstream.send(request));
        let answer = asked.await.map_err(|_| self.late())??;
        // Such an answer ends where its connection does, which is also how one breaks off.
        let is_delimited = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING]
            .iter()
            .any(|it| answer.headers().contains_key(it));
        self.reader.is_delimited(is_delimited);
        Ok(Progress::Reading {
            answer: Box::new(answer),
            until: None,
        })
    }

    async fn read(
        &mut self,
        mut answer: Box<Answer>,
        until: Option<Instant>,
    ) -> Result<Progress, UpstreamError> {
        let piece = match (until, self.begun) {
            (Some(until), _) => match timeout_at(until, answer.chunk()).await {
                Ok(piece) => piece,
                Err(_) => Ok(None),
            },
            (None, Some(begun)) if !self.reader.has_said() => {
                let piece = timeout_at(begun + self.chat.limit, answer.chunk()).await;
                piece.map_err(|_| self.late())?
            }
            _ => answer.chunk().await,
        };
        let piece = match piece {
            Ok(piece) => piece,
            // What broke off had said all that it had to say.
            Err(_) if until.is_some() => None,
            Err(error) => return Err(error),
        };
        let Some(piece) = piece else {
            self.reader.end().map_err(|it| self.error(it))?;
            return Ok(Progress::Over);
        };
        self.reader.push(&piece).map_err(|it| self.error(it))?;
        if self.reader.is_over() {
            read_out(answer);
            return Ok(Progress::Over);
        }
        let until = until.or_else(|| self.reader.seems_over().then(|| Instant::now() + TAIL));
        Ok(Progress::Reading { answer, until })
    }

    fn late(&self) -> UpstreamError {
        UpstreamError::TimedOut {
            upstream: self.chat.upstream.name(),
            stage: Limit::FirstByte,
            limit: self.chat.limit,
        }
    }

    fn error(&self, wrong: Wrong) -> UpstreamError {
        let upstream = self.chat.upstream.name();
        match wrong {
            Wrong::Reported(message) => UpstreamError::Interrupted {
                upstream,
                cause: format!("it says: {}", self.chat.upstream.quote(&message)),
            },
            Wrong::Unfinished => UpstreamError::Interrupted {
                upstream,
                cause: "it ended without saying that it was complete".into(),
            },
            Wrong::Malformed(cause) => UpstreamError::Malformed {
                upstream,
                cause: self.chat.upstream.quote(&cause),
            },
            Wrong::TooLong(limit_bytes) => UpstreamError::TooLong {
                upstream,
                limit_bytes,
            },
        }
    }
}

/// Reads the end behind the last event, which nobody waits for, so that the connection can be
/// used again.
fn read_out(mut answer: Box<Answer>) {
    tokio::spawn(async move {
        let rest = async { while let Ok(Some(_)) = answer.chunk().await {} };
        let _ = timeout(TAIL, rest).await;
    });
}
