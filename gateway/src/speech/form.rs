//! A file with fields, as `multipart/form-data`.

use bytes::Bytes;
use voice_upstream::header::HeaderValue;

/// A form that is being filled in.
#[derive(Debug, Default)]
pub(super) struct Form<'a> {
    fields: Vec<(&'static str, &'a str)>,
}

impl<'a> Form<'a> {
    /// With a field, if there is something to write into it.
    pub(super) fn field(mut self, name: &'static str, value: Option<&'a str>) -> Self {
        self.fields.extend(value.map(|it| (name, it)));
        self
    }

    /// The content type and the body, with the file as its last part.
    pub(super) fn with_wav(self, file: &[u8]) -> (HeaderValue, Bytes) {
        let boundary = self.boundary(file);
        let mut body = Vec::with_capacity(file.len() + 1024);
        for (name, value) in self.fields {
            let head =
                format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend(head.as_bytes());
            body.extend(value.as_bytes());
            body.extend(b"\r\n");
        }
        let head = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"speech.wav\"\
             \r\ncontent-type: audio/wav\r\n\r\n"
        );
        body.extend(head.as_bytes());
        body.extend(file);
        body.extend(format!("\r\n--{boundary}--\r\n").as_bytes());
        let content_type = format!("multipart/form-data; boundary={boundary}");
        let content_type = HeaderValue::try_from(content_type).expect("it is ASCII");
        (content_type, body.into())
    }

    /// What stands between the parts must not be in any of them.
    fn boundary(&self, file: &[u8]) -> String {
        let candidates = (0_u32..).map(|it| format!("voice-stack-{it:08}"));
        let is_free = |boundary: &String| {
            let boundary = boundary.as_bytes();
            let is_in = |part: &[u8]| part.windows(boundary.len()).any(|it| it == boundary);
            !is_in(file) && !self.fields.iter().any(|it| is_in(it.1.as_bytes()))
        };
        let mut free = candidates.filter(is_free);
        free.next().expect("no form is longer than all of them")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_written_as_clients_write_it() {
        let form = Form::default()
            .field("model", Some("tiny.en"))
            .field("language", None);
        let (content_type, body) = form.with_wav(b"RIFF");
        assert_eq!(
            content_type,
            "multipart/form-data; boundary=voice-stack-00000000"
        );
        assert_eq!(
            body,
            "--voice-stack-00000000\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n\
             tiny.en\r\n--voice-stack-00000000\r\ncontent-disposition: form-data; name=\"file\"; \
             filename=\"speech.wav\"\r\ncontent-type: audio/wav\r\n\r\nRIFF\r\n\
             --voice-stack-00000000--\r\n"
        );
    }

    #[test]
    fn what_is_sent_can_not_end_its_part() {
        let form = Form::default().field("prompt", Some("--voice-stack-00000001"));
        let (content_type, _) = form.with_wav(b"\r\n--voice-stack-00000000");
        let content_type = content_type.to_str().unwrap();
        assert!(
            content_type.ends_with("=voice-stack-00000002"),
            "{content_type}"
        );
    }
}
