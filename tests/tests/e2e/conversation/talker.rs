//! A client of the bot's protocol: a microphone that never stops, and all that comes back.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::stream::SplitSink;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{interval, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

/// What the microphone sends at a time: 20 ms.
const PIECE: usize = 320;
/// Of a machine that has more to do than this test.
const PATIENCE: Duration = Duration::from_mins(2);

type Sink = SplitSink<WebSocketStream<TcpStream>, Message>;

/// Something that came.
#[derive(Debug)]
pub(super) enum Came {
    /// A message.
    Said(Value),
    /// Audio of the answer.
    Audio(Vec<i16>),
    /// The end, with its code.
    Closed(u16),
}

/// Somebody who talks with the bot.
pub(super) struct Talker {
    control: mpsc::UnboundedSender<Message>,
    /// What the microphone hears next; silence else.
    microphone: Arc<Mutex<VecDeque<i16>>>,
    came: mpsc::UnboundedReceiver<Came>,
    /// All messages so far, for who reads why a test failed.
    log: Vec<String>,
}

/// Opens a WebSocket; gives the answer's head if it is refused.
async fn connect(port: u16, path: &str) -> Result<WebSocketStream<TcpStream>, String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    let answer = String::from_utf8(answer).unwrap();
    if !answer.starts_with("HTTP/1.1 101") {
        return Err(answer);
    }
    Ok(WebSocketStream::from_raw_socket(stream, Role::Client, None).await)
}

impl Talker {
    /// Begins a conversation; gives the answer's head if it is refused.
    pub(super) async fn connect(port: u16) -> Result<Self, String> {
        let (sink, mut stream) = connect(port, "/ws").await?.split();
        let (control, controls) = mpsc::unbounded_channel();
        let (came, receiver) = mpsc::unbounded_channel();
        let microphone = Arc::new(Mutex::new(VecDeque::new()));
        tokio::spawn(speak(sink, controls, Arc::clone(&microphone)));
        tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                let it = match message {
                    Message::Text(text) => Came::Said(serde_json::from_str(&text).unwrap()),
                    Message::Binary(bytes) => {
                        let pairs = bytes.chunks_exact(2);
                        let samples = pairs.map(|it| i16::from_le_bytes([it[0], it[1]]));
                        Came::Audio(samples.collect())
                    }
                    Message::Close(frame) => Came::Closed(frame.map_or(0, |it| it.code.into())),
                    _ => continue,
                };
                if came.send(it).is_err() {
                    break;
                }
            }
        });
        let mut talker = Self {
            control,
            microphone,
            came: receiver,
            log: Vec::new(),
        };
        talker.until("ready").await;
        Ok(talker)
    }

    /// Sends a control message.
    pub(super) fn send(&self, message: &Value) {
        self.control
            .send(Message::Text(message.to_string().into()))
            .unwrap();
    }

    /// Says this into the microphone, at 16 kHz.
    pub(super) fn say(&self, samples: &[i16]) {
        self.microphone.lock().unwrap().extend(samples);
    }

    /// Waits until all was said.
    pub(super) async fn said_all(&self) {
        while !self.microphone.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The next thing that comes.
    pub(super) async fn next(&mut self) -> Came {
        let came = timeout(PATIENCE, self.came.recv()).await;
        let Ok(Some(came)) = came else {
            panic!("nothing comes behind {:#?}", self.log);
        };
        self.log.push(match &came {
            Came::Said(message) => message.to_string(),
            Came::Audio(samples) => format!("{} samples", samples.len()),
            Came::Closed(code) => format!("closed with {code}"),
        });
        came
    }

    /// The next message of this type; what comes before it is passed over.
    pub(super) async fn until(&mut self, kind: &str) -> Value {
        loop {
            match self.next().await {
                Came::Said(message) if message["type"] == kind => return message,
                Came::Closed(code) => panic!("closed with {code} behind {:#?}", self.log),
                Came::Said(_) | Came::Audio(_) => {}
            }
        }
    }

    /// An answer to its end: its audio and its last message.
    pub(super) async fn answer(&mut self) -> (Vec<i16>, Value) {
        let mut audio = Vec::new();
        loop {
            match self.next().await {
                Came::Audio(samples) => audio.extend(samples),
                Came::Said(message) if message["type"] == "response_done" => {
                    return (audio, message);
                }
                Came::Said(_) => {}
                Came::Closed(code) => panic!("closed with {code} behind {:#?}", self.log),
            }
        }
    }
}

/// The microphone, and what is sent beside it.
async fn speak(
    mut sink: Sink,
    mut controls: mpsc::UnboundedReceiver<Message>,
    microphone: Arc<Mutex<VecDeque<i16>>>,
) {
    let mut ticks = interval(Duration::from_millis(20));
    loop {
        let message = tokio::select! {
            control = controls.recv() => match control {
                Some(message) => message,
                None => break,
            },
            _ = ticks.tick() => {
                let mut microphone = microphone.lock().unwrap();
                let mut samples: Vec<i16> = {
                    let count = microphone.len().min(PIECE);
                    microphone.drain(..count).collect()
                };
                samples.resize(PIECE, 0);
                Message::Binary(samples.iter().flat_map(|it| it.to_le_bytes()).collect::<Vec<_>>().into())
            }
        };
        if sink.send(message).await.is_err() {
            break;
        }
    }
    let _ = sink.close().await;
}
