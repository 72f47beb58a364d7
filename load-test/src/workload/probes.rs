//! Health probes, which every service answers.

use std::sync::Arc;

use super::call::{Expected, Material, Request};
use crate::corpus::Class;
use crate::exchange::{Judged, Outcome};

/// Health probes instead of speech.
#[derive(Debug, Clone, Copy)]
pub struct Probes;

impl Material for Probes {
    fn request(&self, _number: u64) -> Request {
        Request {
            sample: "health".into(),
            class: Class::Probe,
            route: "/health",
            content: None,
            expected: Arc::new(Success),
        }
    }
}

/// Any answer that says that all is well.
#[derive(Debug)]
struct Success;

impl Expected for Success {
    fn judge(&self, _body: &[u8]) -> Judged {
        Judged::without_score(Outcome::Served, None)
    }
}
