//! A `multipart/form-data` body, built once and sent many times: the generator spends no time
//! on it while it measures.

use bytes::Bytes;
use reqwest::header::HeaderValue;

use super::call::Content;

/// Between the parts of a form. Long and odd enough not to occur in a recording.
const BOUNDARY: &str = "voice-stack-load-5f0c1d7a93e24b86a1d9";

/// A form that is being filled in.
#[derive(Debug, Default)]
pub(super) struct Form {
    body: Vec<u8>,
}

impl Form {
    pub(super) fn field(&mut self, name: &str, value: &str) {
        self.part(&format!("name=\"{name}\""), value.as_bytes());
    }

    /// A file. Characters of its name that would end the header are replaced.
    pub(super) fn file(&mut self, name: &str, file_name: &str, bytes: &[u8]) {
        let file_name = file_name.replace(['"', '\\', '\r', '\n'], "_");
        let head = format!(
            "name=\"{name}\"; filename=\"{file_name}\"\r\n\
             Content-Type: application/octet-stream"
        );
        self.part(&head, bytes);
    }

    fn part(&mut self, head: &str, value: &[u8]) {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n");
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(value);
        self.body.extend_from_slice(b"\r\n");
    }

    pub(super) fn content(mut self) -> Content {
        self.body
            .extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        Content {
            kind: HeaderValue::try_from(kind).expect("the boundary is ASCII"),
            body: Bytes::from(self.body),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_what_the_services_read() {
        let mut form = Form::default();
        form.field("model", "tiny");
        form.file("file", "a\"\r\nX: y.wav", b"RIFF");
        let content = form.content();
        assert_eq!(
            content.kind,
            "multipart/form-data; boundary=voice-stack-load-5f0c1d7a93e24b86a1d9"
        );
        let body = String::from_utf8(content.body.to_vec()).unwrap();
        assert_eq!(
            body,
            "--voice-stack-load-5f0c1d7a93e24b86a1d9\r\n\
             Content-Disposition: form-data; name=\"model\"\r\n\r\n\
             tiny\r\n\
             --voice-stack-load-5f0c1d7a93e24b86a1d9\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"a___X: y.wav\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n\
             RIFF\r\n\
             --voice-stack-load-5f0c1d7a93e24b86a1d9--\r\n"
        );
    }
}
