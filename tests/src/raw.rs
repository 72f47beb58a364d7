//! Requests on sockets of their own, which can stop or vanish at any point.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// Nobody waits for longer than this for a service that is well.
const PATIENCE: Duration = Duration::from_mins(1);

/// A whole transcription request, head and body.
pub fn transcription(file: &[u8]) -> Vec<u8> {
    let mut body =
        b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n".to_vec();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--b--\r\n");
    let head = format!(
        "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body].concat()
}

/// Connects to a service on this machine.
///
/// # Errors
/// Nobody listens, or it was closed at once.
pub fn connect(port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Sends bytes on a new connection, which is closed by dropping it.
///
/// # Panics
/// The service doesn't take them.
pub fn send(port: u16, bytes: &[u8]) -> TcpStream {
    let mut stream = connect(port).expect("the service listens");
    stream.write_all(bytes).expect("the service reads");
    stream
}

/// Everything that comes until the service closes the connection; empty if it just closes.
pub fn rest_of(mut stream: &TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The status of an answer as [`rest_of`] gives it.
pub fn status_of(answer: &str) -> Option<u16> {
    answer.split(' ').nth(1)?.parse().ok()
}
