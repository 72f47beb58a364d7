//! Server-sent events as chat servers send them, which is not always as the standard has them.

use std::collections::VecDeque;

use serde_json::Value;

use super::wrong::Wrong;

/// A line, and an event, may be so long.
const MOST_BYTES: usize = 1 << 20;

/// Something that a server said.
#[derive(Debug, PartialEq)]
pub(super) enum Event {
    /// JSON.
    Chunk(Value),
    /// That it failed, and how.
    Failed(String),
    /// That nothing more follows.
    Done,
}

/// Lines and events that have not ended yet.
#[derive(Debug, Default)]
pub(super) struct Events {
    line: Vec<u8>,
    /// The last line ended with a carriage return: a line feed belongs to it.
    after_return: bool,
    /// Whether a line has ended.
    has_begun: bool,
    /// The data of an event that goes on over several lines.
    data: Vec<u8>,
    /// The event is of the kind `error`.
    is_error: bool,
}

impl Events {
    /// Takes what came, wherever it is cut.
    pub(super) fn push(&mut self, bytes: &[u8], events: &mut VecDeque<Event>) -> Result<(), Wrong> {
        for &byte in bytes {
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => self.end_line(events)?,
                _ if self.line.len() == MOST_BYTES => return Err(Wrong::TooLong(MOST_BYTES)),
                _ => self.line.push(byte),
            }
        }
        Ok(())
    }

    /// Nothing more comes. The last event may lack its end.
    pub(super) fn end(&mut self, events: &mut VecDeque<Event>) -> Result<(), Wrong> {
        self.end_line(events)?;
        self.end_event(events)
    }

    fn end_line(&mut self, events: &mut VecDeque<Event>) -> Result<(), Wrong> {
        let line = std::mem::take(&mut self.line);
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        let line = match line.strip_prefix("\u{feff}".as_bytes()) {
            Some(rest) if is_first => rest,
            _ => &line,
        };
        if line.is_empty() {
            return self.end_event(events);
        }
        let colon = line.iter().position(|it| *it == b':');
        let (name, value) = line.split_at(colon.unwrap_or(line.len()));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => self.take_data(value, events)?,
            b"event" => self.is_error = value == b"error",
            // llama.cpp before the end of 2025.
            b"error" => events.push_back(Event::Failed(message_of(&json_or_text(value)))),
            // Comments keep the connection alive; other fields mean nothing here.
            _ => {}
        }
        Ok(())
    }

    /// A line that is an event by itself is one at once: some servers leave out the empty line
    /// behind it, or send it with the next event.
    fn take_data(&mut self, value: &[u8], events: &mut VecDeque<Event>) -> Result<(), Wrong> {
        if self.data.len() + value.len() > MOST_BYTES {
            return Err(Wrong::TooLong(MOST_BYTES));
        }
        if !self.data.is_empty() {
            self.data.push(b'\n');
            self.data.extend_from_slice(value);
        } else if let Some(event) = self.event(value) {
            events.push_back(event);
        } else {
            self.data.extend_from_slice(value);
        }
        Ok(())
    }

    fn end_event(&mut self, events: &mut VecDeque<Event>) -> Result<(), Wrong> {
        let data = std::mem::take(&mut self.data);
        let event = self.event(&data);
        let is_error = std::mem::take(&mut self.is_error);
        let text = String::from_utf8_lossy(&data);
        if let Some(event) = event {
            events.push_back(event);
        } else if is_error && !data.is_empty() {
            events.push_back(Event::Failed(text.into_owned()));
        } else if text.trim_start().starts_with('{') {
            return Err(Wrong::Malformed("an event is no whole JSON".into()));
        }
        // What else is no JSON is there to keep the connection alive.
        Ok(())
    }

    fn event(&self, data: &[u8]) -> Option<Event> {
        let text = String::from_utf8_lossy(data);
        if text.trim() == "[DONE]" {
            return Some(Event::Done);
        }
        let value: Value = serde_json::from_str(&text).ok()?;
        if self.is_error {
            Some(Event::Failed(message_of(&value)))
        } else {
            value.is_object().then_some(Event::Chunk(value))
        }
    }
}

fn json_or_text(bytes: &[u8]) -> Value {
    let text = String::from_utf8_lossy(bytes);
    serde_json::from_str(&text).unwrap_or_else(|_| text.into())
}

/// What an error says, in whatever form.
pub(super) fn message_of(error: &Value) -> String {
    let places = ["/error/message", "/error", "/message", "/detail", ""];
    let said = places
        .iter()
        .find_map(|place| error.pointer(place).and_then(Value::as_str));
    said.map_or_else(|| error.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<Vec<Event>, Wrong> {
        let mut events = Events::default();
        let mut out = VecDeque::new();
        for piece in pieces {
            events.push(piece, &mut out)?;
        }
        events.end(&mut out)?;
        Ok(out.into())
    }

    #[test]
    fn events_are_read_whatever_their_lines_end_with() {
        let expected = vec![
            Event::Chunk(json!({"a": 1})),
            Event::Chunk(json!({"b": "ü"})),
            Event::Done,
        ];
        for text in [
            "data: {\"a\":1}\n\ndata: {\"b\":\"ü\"}\n\ndata: [DONE]\n\n",
            "data: {\"a\":1}\r\n\r\ndata: {\"b\":\"ü\"}\r\n\r\ndata: [DONE]\r\n\r\n",
            "data: {\"a\":1}\r\rdata: {\"b\":\"ü\"}\r\rdata: [DONE]",
            "data:{\"a\":1}\n\ndata:{\"b\":\"ü\"}\n\ndata:[DONE]",
            "data: {\"a\":1}\ndata: {\"b\":\"ü\"}\ndata: [DONE]\n",
            "\u{feff}data: {\"a\":1}\n\ndata: {\"b\":\ndata: \"ü\"}\n\ndata: [DONE] \n",
            ": hello\nid: 7\nretry: 5\nevent: message\ndata: {\"a\":1}\n\n:\n\ndata: \n\n\
             data: ping\n\ndata\n\n: OPENROUTER PROCESSING\n\ndata: {\"b\":\"ü\"}\n\ndata: [DONE]",
        ] {
            assert_eq!(read(&[text.as_bytes()]).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn an_event_is_there_with_its_line() {
        let mut events = Events::default();
        let mut out = VecDeque::new();
        events.push(b"data: {\"a\":1}\n", &mut out).unwrap();
        assert_eq!(out.len(), 1);
    }

    #[test]
    fn failures_are_told_in_many_ways() {
        for text in [
            "error: {\"code\":500,\"message\":\"no slot\"}\n\n",
            "error: no slot\n\n",
            "event: error\ndata: {\"error\":{\"message\":\"no slot\"}}\n\n",
            "event: error\ndata: {\"error\":\"no slot\"}\n\n",
            "event: error\ndata: \"no slot\"\n\n",
            "event: error\ndata: no slot\n\n",
        ] {
            let failed = Event::Failed("no slot".into());
            assert_eq!(read(&[text.as_bytes()]).unwrap(), [failed], "{text}");
        }
    }

    #[test]
    fn what_is_broken_or_endless_is_refused() {
        let broken = read(&[b"data: {\"a\":\n\ndata: [DONE]\n\n"]).unwrap_err();
        assert!(matches!(broken, Wrong::Malformed(_)));
        let line = vec![b'x'; MOST_BYTES + 1];
        assert_eq!(read(&[&line]).unwrap_err(), Wrong::TooLong(MOST_BYTES));
        let mut event = b"data: {\n".to_vec();
        event.extend(b"data: 0,\n".repeat(MOST_BYTES));
        assert_eq!(read(&[&event]).unwrap_err(), Wrong::TooLong(MOST_BYTES));
    }

    proptest! {
        #[test]
        fn where_pieces_are_cut_makes_no_difference(
            at in proptest::collection::vec(0usize..90, 0..8),
        ) {
            let text = "data: {\"a\":\"größer 🙂\"}\r\n\r\n: x\r\n\r\nevent: error\r\n\
                        data: {\"message\":\"né\"}\r\n\r\ndata: [DONE]";
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = at.into_iter().map(|it| it.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|it| &bytes[it[0]..it[1]]).collect();
            prop_assert_eq!(read(&pieces).unwrap(), read(&[bytes]).unwrap());
        }

        #[test]
        fn whatever_comes_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&[&bytes]);
        }
    }
}
