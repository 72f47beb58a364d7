//! A plain HTTP client that shows statuses instead of hiding them.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::Value;
use ureq::unversioned::multipart::{Form, Part};
use ureq::{Agent, Body};

use crate::answer::Answer;
use crate::request::Request;

/// Above everything that a test asks for.
const LARGEST_ANSWER: u64 = 256 << 20;

/// Talks to one service.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    url: String,
}

/// What a client does when it has sent all that it will send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It waits for the answer.
    Wait,
    /// It sends no more, whatever it had announced.
    HangUp,
}

/// Sends bytes that may or may not be a request and gives the answer to it, the first one
/// if there are more; `None` if the service closes the connection instead.
///
/// # Panics
/// There is no service, it doesn't answer in a minute, or what it sends is not HTTP.
pub fn exchange(port: u16, request: &[u8], then: Then) -> Option<Answer> {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).expect("the service listens");
    connection
        .set_read_timeout(Some(Duration::from_mins(1)))
        .expect("sockets have timeouts");
    // A service that has seen enough stops reading; its answer counts.
    let _ = connection.write_all(request);
    if then == Then::HangUp {
        let _ = connection.shutdown(Shutdown::Write);
    }
    let mut bytes = Vec::new();
    if let Err(error) = connection.read_to_end(&mut bytes) {
        assert!(
            error.kind() != ErrorKind::WouldBlock,
            "no answer in a minute"
        );
    }
    Answer::parse(&bytes)
}

impl Client {
    /// For the service at `url`.
    pub fn new(url: String) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_mins(5)))
            .build()
            .into();
        Self { agent, url }
    }

    /// Another client of the same service, with connections of its own.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self::new(self.url.clone())
    }

    /// Whether `/health` answers.
    pub fn is_alive(&self) -> bool {
        self.agent
            .get(format!("{}/health", self.url))
            .call()
            .is_ok_and(|answer| answer.status() == 200)
    }

    /// GET.
    ///
    /// # Panics
    /// No answer.
    pub fn get(&self, path: &str) -> Answer {
        answer(self.agent.get(format!("{}{path}", self.url)).call())
    }

    /// POST without a body.
    ///
    /// # Panics
    /// No answer.
    pub fn post(&self, path: &str) -> Answer {
        answer(self.agent.post(format!("{}{path}", self.url)).send_empty())
    }

    /// A request, whatever becomes of it.
    ///
    /// # Panics
    /// No answer.
    pub fn send(&self, request: &Request) -> Answer {
        self.try_send(request).expect("the service answers")
    }

    /// A request of which the connection may break.
    ///
    /// # Errors
    /// No answer, in words.
    pub fn try_send(&self, request: &Request) -> Result<Answer, String> {
        let post = self.agent.post(format!("{}{}", self.url, request.path));
        let post = post.header("Content-Type", request.content_type);
        let sent = post.send(&request.body[..]);
        sent.map(received).map_err(|cause| cause.to_string())
    }

    /// A request that must be served, and served well.
    ///
    /// # Panics
    /// It isn't.
    pub fn serve(&self, request: &Request) -> Answer {
        let answer = self.send(request);
        let complaint = request.complaint(&answer);
        assert!(complaint.is_none(), "{complaint:?}");
        answer
    }

    /// Who has a slot and who waits, as the service says.
    ///
    /// # Panics
    /// It doesn't.
    pub fn slots(&self) -> Value {
        self.get("/health/detailed").json()["slots"].clone()
    }

    /// POST of a multipart body with one file.
    ///
    /// # Panics
    /// No answer.
    pub fn upload(
        &self,
        path: &str,
        (field, name): (&str, &str),
        file: &[u8],
        fields: &[(&str, &str)],
    ) -> Answer {
        let mut form = Form::new();
        for (key, value) in fields {
            form = form.text(key, value);
        }
        form = form.part(field, Part::bytes(file).file_name(name));
        answer(self.agent.post(format!("{}{path}", self.url)).send(form))
    }

    /// A transcription by OpenAI's endpoint.
    pub fn transcribe(&self, file: &[u8], fields: &[(&str, &str)]) -> Answer {
        self.upload("/v1/audio/transcriptions", ("file", "audio"), file, fields)
    }

    /// The text of a transcription.
    ///
    /// # Panics
    /// The answer is an error.
    pub fn text_of(&self, file: &[u8], fields: &[(&str, &str)]) -> String {
        let answer = self.transcribe(file, fields);
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["text"]
            .as_str()
            .expect("text is a string")
            .to_string()
    }
}

fn answer(result: Result<ureq::http::Response<Body>, ureq::Error>) -> Answer {
    received(result.expect("the service answers"))
}

fn received(mut response: ureq::http::Response<Body>) -> Answer {
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(LARGEST_ANSWER);
    let (body, is_whole) = match body.read_to_vec() {
        Ok(body) => (body, true),
        Err(_) => (Vec::new(), false),
    };
    Answer::new(status, headers, body, is_whole)
}
