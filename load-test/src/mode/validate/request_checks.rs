//! What no client should be able to do.

use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Body, RequestBuilder};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::subject::{Obstacle, Subject, patiently};
use crate::finding::{Evidence, broken, proven};
use crate::service::Service;

const PATIENCE: Duration = Duration::from_mins(1);
const MIB: u64 = 1 << 20;
/// The beginning of a form with a file.
const FILE_FOLLOWS: &[u8] =
    b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n";

fn speech_route(subject: &Subject) -> &'static str {
    subject.target.service.speech_route()
}

fn post(subject: &Subject, content_type: &str) -> RequestBuilder {
    let route = subject.target.at(speech_route(subject));
    let asked = subject.http.post(route).timeout(PATIENCE);
    let asked = asked.header(CONTENT_TYPE, content_type);
    match &subject.target.key {
        Some(key) => asked.bearer_auth(key),
        None => asked,
    }
}

/// A body over the limit is refused: by what it says of itself, and by what it is.
pub(super) async fn upload_limit(subject: &Subject) -> Result<Evidence, Obstacle> {
    let limit = subject.limits.max_upload_bytes;
    // Framing and fields beside the file are let through on top.
    let over = limit + MIB;
    let declared = match subject.target.base.scheme() {
        "http" => declared(subject, over).await,
        _ => None,
    };
    let pieces = over.div_ceil(MIB);
    let blanks = Bytes::from(vec![b' '; MIB as usize]);
    let begun = std::iter::once(Bytes::from_static(beginning(subject)));
    let body = begun.chain((0..pieces).map(move |_| blanks.clone()));
    let stream = stream::iter(body.map(Ok::<_, std::io::Error>));
    let sent = post(subject, content_type(subject)).body(Body::wrap_stream(stream));
    let counted = match sent.send().await {
        Ok(answer) => answer.status().as_u16(),
        Err(error) => {
            return Ok(broken(format!(
                "a body of {over} bytes without a length got no answer: {error}"
            )));
        }
    };
    let limit = format!("over {:.2} MiB", limit as f64 / MIB as f64);
    let answers = match declared {
        Some(status) => format!("declared: {status}, counted: {counted}"),
        None => format!("counted: {counted} (what it declares can't be tried over TLS)"),
    };
    let is_right = counted == 413 && declared.is_none_or(|it| it == 413);
    let seen = format!("a body {limit} was refused ({answers})");
    Ok(if is_right {
        proven(seen)
    } else {
        broken(format!(
            "a body {limit} was not refused with 413 ({answers})"
        ))
    })
}

fn content_type(subject: &Subject) -> &'static str {
    match subject.target.service {
        Service::Asr => "multipart/form-data; boundary=b",
        Service::Tts => "application/json",
    }
}

/// The beginning of a body that could become a valid one.
fn beginning(subject: &Subject) -> &'static [u8] {
    match subject.target.service {
        Service::Asr => FILE_FOLLOWS,
        Service::Tts => b"{\"input\": \"",
    }
}

/// The status for a request that announces this length, and waits for an answer before it sends
/// a byte of its body; 0 if none came.
async fn declared(subject: &Subject, bytes: u64) -> Option<u16> {
    let base = &subject.target.base;
    let (host, port) = (base.host_str()?, base.port_or_known_default()?);
    let route = subject.target.at(speech_route(subject));
    let authorization = match &subject.target.key {
        Some(key) => format!("Authorization: Bearer {key}\r\n"),
        None => String::new(),
    };
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {}\r\n{authorization}\
         Content-Length: {bytes}\r\nExpect: 100-continue\r\n\r\n",
        route.path(),
        content_type(subject)
    );
    let answer = async {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut connection = TcpStream::connect((host, port)).await?;
        connection.write_all(head.as_bytes()).await?;
        let mut line = [0; 12];
        connection.read_exact(&mut line).await?;
        std::io::Result::Ok(line)
    };
    let line = tokio::time::timeout(Duration::from_secs(5), answer).await;
    let status = match line {
        // HTTP/1.1 413
        Ok(Ok(line)) => std::str::from_utf8(&line[9..]).ok()?.parse().unwrap_or(0),
        _ => 0,
    };
    Some(status)
}

/// A malformed request gets a 4xx answer, and the service goes on.
pub(super) async fn nonsense(subject: &Subject) -> Result<Evidence, Obstacle> {
    let form = |file: &[u8]| {
        let mut body = FILE_FOLLOWS.to_vec();
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--b--\r\n");
        body
    };
    let bodies: Vec<(&str, Vec<u8>)> = match subject.target.service {
        Service::Asr => vec![
            ("an empty body", Vec::new()),
            ("a form without an end", b"--b\r\nContent-".to_vec()),
            ("an empty file", form(b"")),
            ("a file of zeros", form(&[0; 4096])),
            ("a text file", form(b"This is no sound.")),
            (
                "the head of a WAV file",
                form(b"RIFF\xff\xff\xff\xffWAVEfmt "),
            ),
        ],
        Service::Tts => vec![
            ("an empty body", Vec::new()),
            ("half of a JSON object", b"{\"input\": \"Good".to_vec()),
            ("a JSON list", b"[]".to_vec()),
            ("no text", b"{\"input\": \"\"}".to_vec()),
            ("nothing to speak", b"{\"input\": \"...\"}".to_vec()),
            (
                "a speed of 1e999",
                b"{\"input\": \"Hi.\", \"speed\": 1e999}".to_vec(),
            ),
            (
                "an unknown voice",
                b"{\"input\": \"Hi.\", \"voice\": \"no such voice\"}".to_vec(),
            ),
            (
                "bytes that are no text",
                b"{\"input\": \"\xff\xfe\"}".to_vec(),
            ),
        ],
    };
    let count = bodies.len();
    let mut answers = Vec::new();
    for (what, body) in bodies {
        let body = Bytes::from(body);
        let send = async || {
            let asked = post(subject, content_type(subject));
            asked.body(body.clone()).send().await
        };
        let answer = patiently(send).await;
        let status = match answer {
            Ok(answer) => answer.status().as_u16(),
            Err(error) => return Ok(broken(format!("{what} got no answer: {error}"))),
        };
        if !(400..500).contains(&status) {
            return Ok(broken(format!("{what} got {status}, no 4xx")));
        }
        answers.push(status);
    }
    let after = subject.ask().await;
    if let Some(complaint) = after.outcome.complaint() {
        return Ok(broken(format!(
            "a good request after them failed: {complaint}"
        )));
    }
    answers.sort_unstable();
    answers.dedup();
    let answers: Vec<_> = answers.iter().map(u16::to_string).collect();
    Ok(proven(format!(
        "{count} kinds of nonsense got {}; a good request after them was served",
        answers.join(", ")
    )))
}
