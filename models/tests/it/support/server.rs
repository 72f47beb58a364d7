//! An HTTP server on the loopback interface that does what a test tells it to.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub path: String,
    /// Value of the `Range` header.
    pub range: Option<String>,
}

impl Request {
    /// The first byte of the range.
    pub(crate) fn start(&self) -> Option<usize> {
        let (start, _) = self.bounds()?;
        start.parse().ok()
    }

    /// Its last byte, if it is stated.
    pub(crate) fn end(&self) -> Option<usize> {
        let (_, end) = self.bounds()?;
        end.parse().ok()
    }

    fn bounds(&self) -> Option<(&str, &str)> {
        self.range.as_ref()?.strip_prefix("bytes=")?.split_once('-')
    }
}

/// Answers requests on a thread each until dropped.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// `answer` writes the whole answer; the connection is closed when it returns.
    pub(crate) fn new(answer: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (log, stopping, answer) = (requests.clone(), stop.clone(), Arc::new(answer));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopping.load(Ordering::SeqCst) {
                    return;
                }
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                thread::spawn(move || serve(stream.unwrap(), &log, &*answer));
            }
        });
        Self {
            address,
            requests,
            stop,
            thread: Some(thread),
        }
    }

    /// A server of one file: whole, or the part that is asked for.
    pub(crate) fn of_file(content: Vec<u8>) -> Self {
        Self::new(move |request, stream| serve_range(request, stream, &content))
    }

    /// Its address, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Request>>,
    answer: &dyn Fn(&Request, &mut TcpStream),
) {
    let mut lines = BufReader::new(stream.try_clone().unwrap())
        .lines()
        .map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut range = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("range")
        {
            range = Some(value.trim().to_owned());
        }
    }
    let request = Request { path, range };
    log.lock().unwrap().push(request.clone());
    answer(&request, &mut stream);
}

/// Answers with `content`, or with the part of it that is asked for.
pub(crate) fn serve_range(request: &Request, stream: &mut TcpStream, content: &[u8]) {
    let total = content.len();
    match request.start() {
        None => respond(stream, "200 OK", "", content),
        Some(start) if start < total => {
            let end = request.end().unwrap_or(total - 1);
            let range = format!("Content-Range: bytes {start}-{end}/{total}\r\n");
            respond(stream, "206 Partial Content", &range, &content[start..=end]);
        }
        Some(_) => respond(stream, "416 Range Not Satisfiable", "", b""),
    }
}

/// Writes a complete answer. A client that has gone is no error.
pub(crate) fn respond(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let length = format!("Content-Length: {}\r\n{headers}", body.len());
    respond_raw(stream, status, &length, body);
}

/// Writes an answer with just these headers.
pub(crate) fn respond_raw(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n");
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body));
    let _ = stream.flush();
}
