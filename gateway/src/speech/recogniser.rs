//! Asks for transcripts.

use serde::Deserialize;
use voice_common::admission::Priority;
use voice_common::priority::PRIORITY_HEADER;
use voice_upstream::header::HeaderValue;
use voice_upstream::{ApiKey, Pool, Request, Upstream, UpstreamError};

use super::form::Form;
use super::wav::wav;
use super::{HEARD_RATE_HZ, SpeechConfig};
use crate::conversation::Stage;
use crate::failure::Failure;
use crate::opening::{self, OpenError, Purpose};

/// Of an answer. A minute of speech has a thousand words.
const MOST_BYTES: usize = 1 << 20;

/// Whisper's own rule for what it made up: it takes the sound for silence, and is not sure of the
/// words.
const SILENCE_PROBABILITY: f64 = 0.6;
const DOUBTFUL_LOG_PROBABILITY: f64 = -1.0;

/// A speech recognition.
#[derive(Debug, Clone)]
pub struct Recogniser {
    upstream: Upstream,
    model: Option<String>,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    /// The words; empty if there were none.
    pub text: String,
    /// The language as the service calls it, such as `english` or `en`, if it says so.
    pub language: Option<String>,
}

/// `verbose_json`. Not every service fills in all of it.
#[derive(Deserialize)]
struct Verbose {
    text: String,
    language: Option<String>,
    segments: Option<Vec<Segment>>,
}

#[derive(Deserialize)]
struct Segment {
    #[serde(default)]
    text: String,
    no_speech_prob: Option<f64>,
    avg_logprob: Option<f64>,
}

impl Recogniser {
    /// The one of these settings. `key_of_this_box` is for one on this machine for which no file
    /// with a key is set.
    ///
    /// # Errors
    /// Its key can't be read.
    pub fn open(
        pool: &Pool,
        config: &SpeechConfig,
        key_of_this_box: Option<&ApiKey>,
    ) -> Result<Self, OpenError> {
        let purpose = Purpose {
            name: "asr",
            base_urls: &config.asr_base_url,
            key_file: ("ASR_API_KEY_FILE", config.asr_api_key_file.as_ref()),
            key_of_this_box,
            limit: config.voice_stt_timeout,
            streams: false,
        };
        Ok(Self {
            upstream: opening::open(pool, &purpose)?,
            model: config.asr_model.clone(),
        })
    }

    /// For metrics and `/health/detailed`.
    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// Transcribes for somebody who waits: mono samples at [`HEARD_RATE_HZ`]. `language` is a BCP 47 tag such as `hi-IN`;
    /// empty: the service detects it. Dropping the future closes the connection, so that the
    /// service stops computing.
    ///
    /// # Errors
    /// No service has transcribed it in time.
    pub async fn recognise(&self, samples: &[i16], language: &str) -> Result<Transcript, Failure> {
        let request = self.request(samples, language, Priority::Interactive);
        let asked = self.ask(request).await;
        asked.map_err(|error| Failure::new(Stage::Transcript, error))
    }

    /// As [`Self::recognise`], while nobody waits for it: asked once, and only for a slot of the
    /// service that nobody else wants. `None`: there is none, or it failed.
    pub async fn guess(&self, samples: &[i16], language: &str) -> Option<Transcript> {
        let request = self
            .request(samples, language, Priority::Idle)
            .at_most_once();
        self.ask(request).await.ok()
    }

    fn request(&self, samples: &[i16], language: &str, priority: Priority) -> Request {
        let language = primary(language);
        let (content_type, body) = Form::default()
            .field("model", self.model.as_deref())
            .field("language", language.as_deref())
            .field("response_format", Some("verbose_json"))
            .with_wav(&wav(samples, HEARD_RATE_HZ));
        Request::post("audio/transcriptions")
            .header(PRIORITY_HEADER, HeaderValue::from_static(priority.name()))
            .body(content_type, body)
    }

    async fn ask(&self, request: Request) -> Result<Transcript, UpstreamError> {
        let answer = self.upstream.send(request).await?;
        let read: Verbose = answer.json(MOST_BYTES).await?;
        Ok(read.into())
    }
}

/// The language without the country, which services of this API don't know.
fn primary(tag: &str) -> Option<String> {
    let language = tag.split(['-', '_']).next()?.to_lowercase();
    (!matches!(&*language, "" | "auto" | "und")).then_some(language)
}

impl From<Verbose> for Transcript {
    fn from(read: Verbose) -> Self {
        let segments = read.segments.unwrap_or_default();
        let text = if segments.iter().any(Segment::is_made_up) {
            let said = segments.iter().filter(|it| !it.is_made_up());
            said.map(|it| it.text.as_str()).collect()
        } else {
            read.text
        };
        Self {
            text: text.trim().to_owned(),
            language: read.language.filter(|it| !it.is_empty()),
        }
    }
}

impl Segment {
    fn is_made_up(&self) -> bool {
        let (Some(silence), Some(sure)) = (self.no_speech_prob, self.avg_logprob) else {
            return false;
        };
        silence > SILENCE_PROBABILITY && sure < DOUBTFUL_LOG_PROBABILITY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_country_is_not_asked_for() {
        for (tag, language) in [
            ("hi-IN", Some("hi")),
            ("EN_us", Some("en")),
            ("de", Some("de")),
            ("", None),
            ("auto", None),
        ] {
            assert_eq!(primary(tag).as_deref(), language);
        }
    }

    #[test]
    fn transcripts_are_read_from_many_services() {
        for (body, text, language) in [
            (r#"{"text":" Hello. "}"#, "Hello.", None),
            (
                r#"{"task":"transcribe","language":"english","duration":1.5,"text":"Hello.",
                    "segments":[{"id":0,"text":" Hello.","no_speech_prob":0.9,"avg_logprob":-0.2}]}"#,
                "Hello.",
                Some("english"),
            ),
            (
                r#"{"text":"Hello. Thanks for watching.","language":"","segments":[
                    {"text":" Hello.","no_speech_prob":0.1,"avg_logprob":-0.3},
                    {"text":" Thanks for watching.","no_speech_prob":0.7,"avg_logprob":-1.2}]}"#,
                "Hello.",
                None,
            ),
            (r#"{"text":"","segments":null}"#, "", None),
        ] {
            let read: Verbose = serde_json::from_str(body).unwrap();
            let transcript = Transcript::from(read);
            assert_eq!(transcript.text, text);
            assert_eq!(transcript.language.as_deref(), language);
        }
    }
}
