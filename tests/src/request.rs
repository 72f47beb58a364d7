//! A good request, in the ways in which tests send it.

use crate::answer::Answer;
use crate::wire;

/// A POST to a service, and what it is for.
#[derive(Clone)]
pub struct Request {
    /// The endpoint's path.
    pub path: &'static str,
    /// Type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// What is wrong with a whole answer of 200 to it, if anything.
    pub fault: fn(&Answer) -> Option<String>,
}

impl Request {
    /// Head and body as they go over a wire of their own.
    pub fn raw(&self) -> Vec<u8> {
        self.begun(self.body.len(), &self.body)
    }

    /// As [`Self::raw`], with further headers, each of which ends its line.
    pub fn raw_with(&self, headers: &str) -> Vec<u8> {
        let (content_type, length) = (self.content_type, self.body.len());
        let headers =
            format!("Content-Type: {content_type}\r\nContent-Length: {length}\r\n{headers}");
        [&wire::head(self.path, &headers), &self.body[..]].concat()
    }

    /// The beginning of a request like this one that announces a body of so many bytes and
    /// sends `beginning` of it.
    pub fn begun(&self, announced_bytes: usize, beginning: &[u8]) -> Vec<u8> {
        wire::announcing(self.path, self.content_type, announced_bytes, beginning)
    }

    /// What keeps an answer from being a good one to this request, if anything.
    pub fn complaint(&self, answer: &Answer) -> Option<String> {
        let begun = || {
            let text: String = answer.text.chars().take(300).collect();
            format!("{}: {text}", answer.status)
        };
        if answer.status != 200 {
            Some(begun())
        } else if !answer.is_whole {
            Some(format!("cut off after {} bytes", answer.body.len()))
        } else {
            (self.fault)(answer)
        }
    }
}
