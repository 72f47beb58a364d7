//! Requests on sockets of their own, which can stop or vanish at any point.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use crate::answer::Answer;

/// Nobody waits for longer than this for a service that is well.
const PATIENCE: Duration = Duration::from_mins(1);

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
pub fn rest_of(stream: &TcpStream) -> String {
    String::from_utf8_lossy(&bytes_of(stream)).into_owned()
}

/// The answer that comes until the service closes the connection, or its beginning; `None` if
/// it just closes.
///
/// # Panics
/// What comes is no HTTP.
pub fn answer_on(stream: &TcpStream) -> Option<Answer> {
    Answer::parse(&bytes_of(stream))
}

fn bytes_of(mut stream: &TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

/// The status of an answer as [`rest_of`] gives it.
pub fn status_of(answer: &str) -> Option<u16> {
    answer.split(' ').nth(1)?.parse().ok()
}
