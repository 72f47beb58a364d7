//! A client that knows no better than its bytes: what a library would never send can be sent.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use crate::service::LONG;

pub(crate) const FIN: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// A frame as a client sends it: `first` is its first byte, flags and opcode.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..=125 => bytes.push(0x80 | short as u8),
        middle @ 126..=0xffff => {
            bytes.push(0x80 | 0x7e);
            bytes.extend((middle as u16).to_be_bytes());
        }
        long => {
            bytes.push(0x80 | 0x7f);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    let masked = payload.iter().zip(MASK.iter().cycle());
    bytes.extend(masked.map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A close frame's payload.
pub(crate) fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason].concat()
}

/// The answer to a request for a WebSocket, and its connection.
pub(crate) struct Answer {
    pub(crate) head: String,
    stream: BufReader<TcpStream>,
}

/// Asks for a WebSocket with more header lines, and sends `behind` in the same packet.
pub(crate) fn ask(port: u16, headers: &[&str], behind: &[u8]) -> Answer {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    ask_over(stream, headers, behind).unwrap()
}

/// As [`ask`], over a connection that exists. The error is that of the connection, and
/// `UnexpectedEof` if the service closed it without an answer.
pub(crate) fn ask_over(
    mut stream: TcpStream,
    headers: &[&str],
    behind: &[u8],
) -> std::io::Result<Answer> {
    let port = stream.peer_addr()?.port();
    stream.set_read_timeout(Some(LONG))?;
    let more = [headers, &[""]].concat().join("\r\n");
    let head = format!(
        "GET /echo HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: Upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    );
    stream.write_all(&[head.as_bytes(), behind].concat())?;
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Answer { head, stream })
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head[9..12].parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The error's code, of an answer that is no upgrade.
    pub(crate) fn code(mut self) -> String {
        let length = self.header("content-length").unwrap().parse().unwrap();
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        body["error"]["code"].as_str().unwrap().to_string()
    }

    pub(crate) fn socket(self) -> Raw {
        assert_eq!(self.status(), 101, "{}", self.head);
        assert_eq!(
            self.header("sec-websocket-accept"),
            Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        );
        Raw(self.stream)
    }
}

/// An open WebSocket.
pub(crate) struct Raw(BufReader<TcpStream>);

impl Raw {
    pub(crate) fn open(port: u16) -> Self {
        ask(port, &[], &[]).socket()
    }

    /// The service may have closed meanwhile, which is no failure of the test.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.get_mut().write_all(bytes);
    }

    /// No more will be sent, but everything read.
    pub(crate) fn end_sending(&mut self) {
        let _ = self.0.get_mut().shutdown(Shutdown::Write);
    }

    /// The next frame's first byte and payload; `None` at the end.
    pub(crate) fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        // A reset is an end as well: of a client that the service is done with.
        self.0.read_exact(&mut head).ok()?;
        assert!(head[1] & 0x80 == 0, "a service masks nothing");
        let length = match head[1] {
            126 => {
                let mut length = [0; 2];
                self.0.read_exact(&mut length).unwrap();
                u64::from(u16::from_be_bytes(length))
            }
            127 => {
                let mut length = [0; 8];
                self.0.read_exact(&mut length).unwrap();
                u64::from_be_bytes(length)
            }
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).unwrap();
        Some((head[0], payload))
    }

    /// All frames up to the end.
    pub(crate) fn rest(&mut self) -> Vec<(u8, Vec<u8>)> {
        std::iter::from_fn(|| self.frame()).collect()
    }
}
