//! What a service answers.

use serde_json::Value;

/// An answer, or as much of it as came.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body, without what HTTP wraps around its pieces.
    pub body: Vec<u8>,
    /// The body as text, with replacement characters where it is none.
    pub text: String,
    /// Whether it ended as announced: by its length, or with its last chunk. A service that
    /// has begun an answer can't take the status back; this is how it says that it failed.
    pub is_whole: bool,
    headers: Vec<(String, String)>,
}

impl Answer {
    /// Of its parts; names of headers in lower case.
    pub fn new(status: u16, headers: Vec<(String, String)>, body: Vec<u8>, is_whole: bool) -> Self {
        let text = String::from_utf8_lossy(&body).into_owned();
        Self {
            status,
            body,
            text,
            is_whole,
            headers,
        }
    }

    /// The first answer among the bytes of a connection; `None` if nothing came.
    ///
    /// # Panics
    /// They are no HTTP.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        const HEAD_END: &[u8] = b"\r\n\r\n";
        if bytes.is_empty() {
            return None;
        }
        let mut windows = bytes.windows(HEAD_END.len());
        let head_length = windows.position(|it| it == HEAD_END);
        let head_length = head_length.expect("an HTTP answer");
        let head = String::from_utf8_lossy(&bytes[..head_length]);
        let rest = &bytes[head_length + HEAD_END.len()..];
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let status = status.and_then(|it| it.parse().ok());
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_string()))
            .collect();
        let header = |name| headers.iter().find(|(key, _)| key == name);
        let (body, is_whole) = if header("transfer-encoding").is_some() {
            unchunk(rest)
        } else {
            let length = header("content-length").and_then(|(_, value)| value.parse().ok());
            let length: usize = length.unwrap_or(rest.len());
            (
                rest[..length.min(rest.len())].to_vec(),
                rest.len() >= length,
            )
        };
        let status = status.expect("an HTTP status");
        Some(Self::new(status, headers, body, is_whole))
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|cause| panic!("{cause}: {} {}", self.status, self.text))
    }

    /// The data of a body of server-sent events.
    ///
    /// # Panics
    /// It is no JSON.
    pub fn events(&self) -> Vec<Value> {
        self.text
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(|json| serde_json::from_str(json).expect(json))
            .collect()
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The `code` of an error body.
    pub fn code(&self) -> String {
        self.error_field("code")
    }

    /// The `param` of an error body, empty where it blames none.
    pub fn param(&self) -> String {
        self.error_field("param")
    }

    fn error_field(&self, name: &str) -> String {
        let field = &self.json()["error"][name];
        field.as_str().unwrap_or_default().to_string()
    }

    /// What is wrong with it as the documented error, if anything.
    pub fn fault_as_error(&self) -> Option<String> {
        let json: Value = match serde_json::from_slice(&self.body) {
            Ok(json) => json,
            Err(cause) => return Some(format!("{cause}: {}", self.text)),
        };
        let error = &json["error"];
        let told = ["message", "type", "code"].map(|key| error[key].as_str());
        let is_told = told.iter().all(|it| it.is_some_and(|it| !it.is_empty()));
        let is_right = self.is_whole
            && is_told
            && error.get("param").is_some()
            && self.header("x-request-id").is_some();
        (!is_right).then(|| json.to_string())
    }
}

/// The content of a chunked body, and whether its last chunk was there.
fn unchunk(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let line_end = rest.windows(2).position(|it| it == b"\r\n");
        let size = line_end.and_then(|at| {
            let line = std::str::from_utf8(&rest[..at]).ok()?;
            let digits = line.split(';').next().unwrap_or_default();
            Some((at + 2, usize::from_str_radix(digits.trim(), 16).ok()?))
        });
        let Some((start, size)) = size else {
            return (body, false);
        };
        if size == 0 {
            return (body, true);
        }
        rest = &rest[start..];
        if rest.len() < size + 2 {
            body.extend_from_slice(&rest[..size.min(rest.len())]);
            return (body, false);
        }
        body.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(bytes: &[u8]) -> (u16, String, bool) {
        let answer = Answer::parse(bytes).unwrap();
        (answer.status, answer.text, answer.is_whole)
    }

    #[test]
    fn an_answer_ends_with_its_length_or_its_last_chunk() {
        let counted = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodyHTTP/1.1 408";
        assert_eq!(parsed(counted), (200, "body".into(), true));
        let chunked =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbod\r\n1\r\ny\r\n0\r\n\r\n";
        assert_eq!(parsed(chunked), (200, "body".into(), true));
    }

    #[test]
    fn an_answer_that_was_cut_is_not_whole_wherever_it_was_cut() {
        let counted = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbod";
        assert_eq!(parsed(counted), (200, "bod".into(), false));
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let chunks = b"3\r\nbod\r\n1\r\ny\r\n0";
        for cut in 0..=chunks.len() {
            let (_, text, is_whole) = parsed(&[&head[..], &chunks[..cut]].concat());
            assert!("body".starts_with(&text) && !is_whole, "{cut}: {text}");
        }
        assert!(Answer::parse(b"").is_none());
    }
}
