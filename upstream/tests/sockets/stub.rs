//! A server that does as it is told, byte by byte.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What is done with one request, one step after the other.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Bytes of an answer.
    Send(Vec<u8>),
    /// Nothing, until the client closes the connection.
    Stall,
    /// The connection is closed.
    HangUp,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Stub {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    seen: Mutex<Vec<Seen>>,
    connections: watch::Sender<u64>,
    /// Connections that the client closed while an answer was owed or under way.
    hung_up: watch::Sender<u64>,
    /// Bytes that the system has taken from the server.
    sent: AtomicUsize,
}

impl Stub {
    /// Answers request number `n`, counted from 0, with the steps `script(n)`.
    pub(crate) async fn start(script: impl Fn(usize) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            seen: Mutex::default(),
            connections: watch::Sender::new(0),
            hung_up: watch::Sender::new(0),
            sent: AtomicUsize::new(0),
        });
        let script = Arc::new(script);
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                shared.connections.send_modify(|it| *it += 1);
                let (state, script) = (Arc::clone(&shared), Arc::clone(&script));
                tokio::spawn(async move { state.serve(stream, &*script).await });
            }
        });
        Self {
            address,
            state,
            accepting,
        }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// Bytes of answers so far.
    pub(crate) fn sent(&self) -> usize {
        self.state.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn connections(&self) -> u64 {
        *self.state.connections.borrow()
    }

    /// Waits until the client has closed a connection before its answer was complete.
    pub(crate) async fn until_hung_up(&self) {
        let mut hung_up = self.state.hung_up.subscribe();
        let patience = Duration::from_secs(30);
        let waited = tokio::time::timeout(patience, hung_up.wait_for(|it| *it > 0)).await;
        waited.expect("the client closes the connection").unwrap();
    }

    /// Waits until a request has come.
    pub(crate) async fn until_asked(&self) {
        while self.seen().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl State {
    async fn serve(&self, mut stream: TcpStream, script: &(impl Fn(usize) -> Vec<Step> + Sync)) {
        while let Some(seen) = read_request(&mut stream).await {
            let number = {
                let mut all = self.seen.lock().unwrap();
                all.push(seen);
                all.len() - 1
            };
            for step in script(number) {
                match step {
                    Step::Send(bytes) => {
                        if stream.write_all(&bytes).await.is_err() {
                            self.hung_up.send_modify(|it| *it += 1);
                            return;
                        }
                        self.sent.fetch_add(bytes.len(), Ordering::Relaxed);
                    }
                    Step::Stall => {
                        let ended = stream.read(&mut [0; 1]).await;
                        if matches!(ended, Ok(0) | Err(_)) {
                            self.hung_up.send_modify(|it| *it += 1);
                        }
                        return;
                    }
                    Step::HangUp => return,
                }
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let length = head
        .lines()
        .find_map(|it| it.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |it| it.trim().parse().unwrap());
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Seen {
        head: String::from_utf8_lossy(&bytes[..end]).into_owned(),
        body: bytes[end..].to_vec(),
    })
}

/// A whole answer.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Vec<Step> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n");
    vec![Step::Send((head + body).into())]
}

/// A good one.
pub(crate) fn ok() -> Vec<Step> {
    answer(200, "", "well")
}

/// The head of an answer in chunks.
pub(crate) fn head() -> Step {
    Step::Send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".into())
}

/// One chunk. An empty one is the end of the answer.
pub(crate) fn chunk(bytes: impl AsRef<[u8]>) -> Step {
    let bytes = bytes.as_ref();
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    Step::Send(chunk)
}

/// A host on which nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/v1", listener.local_addr().unwrap())
}
