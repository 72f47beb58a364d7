//! The requests of a run, and what answers they should get: a file for each kind of request.

mod asr;
mod call;
mod form;
mod probes;
mod tts;

use std::sync::Arc;

use reqwest::header::HeaderValue;

pub use self::asr::{TranscriptAsk, Transcripts};
pub use self::call::{Call, Content, Expected, Material, NothingToSend, Request};
pub use self::probes::Probes;
pub use self::tts::{Speech, SpeechAsk};
use crate::target::Target;

/// What the requests to one service are made of.
#[derive(Debug, Clone)]
pub struct Workload {
    target: Target,
    authorization: Option<HeaderValue>,
    material: Arc<dyn Material>,
}

impl Workload {
    /// Requests of this material to the service at `target`.
    pub fn new(target: Target, material: impl Material + 'static) -> Self {
        Self::sharing(target, Arc::new(material))
    }

    fn sharing(target: Target, material: Arc<dyn Material>) -> Self {
        let authorization = target.key.as_ref().and_then(|key| {
            let mut value = HeaderValue::from_str(&format!("Bearer {key}")).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        Self {
            target,
            authorization,
            material,
        }
    }

    /// The same for a service elsewhere.
    #[must_use]
    pub fn moved_to(&self, target: Target) -> Self {
        Self::sharing(target, Arc::clone(&self.material))
    }

    /// The same in another run: no cache that answered then answers now, unless it may.
    #[must_use]
    pub fn in_run(&self, run: u64) -> Self {
        let mut moved = self.clone();
        if let Some(material) = self.material.in_run(run) {
            moved.material = material;
        }
        moved
    }

    /// The service that is asked.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The request of this number.
    pub fn call(&self, number: u64) -> Call {
        let request = self.material.request(number);
        Call {
            service: self.target.service,
            number,
            sample: request.sample,
            class: request.class,
            url: self.target.at(request.route),
            authorization: self.authorization.clone(),
            content: request.content,
            expected: request.expected,
        }
    }
}
