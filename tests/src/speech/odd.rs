//! Requests that are HTTP, but hardly requests for speech.

use super::{PATH, SENTENCE, TYPE};
use crate::kind::{Case, Odd};
use crate::wire;

/// All of them.
pub fn hostile() -> Vec<Odd> {
    let body = format!("{{\"input\": \"{SENTENCE}\"}}").into_bytes();
    let answered = [odd_types(&body), odd_bodies(&body), far_too_much()];
    Odd::all(answered.concat(), broken_promises(&body))
}

fn with_type(content_type: &str, body: &[u8]) -> Vec<u8> {
    wire::announcing(PATH, content_type, body.len(), body)
}

fn with_length(body: &[u8]) -> Vec<u8> {
    with_type(TYPE, body)
}

fn odd_types(body: &[u8]) -> Vec<Case> {
    let long = format!("{TYPE}; charset={}", "x".repeat(60_000));
    vec![
        ("a form", with_type("multipart/form-data; boundary=b", body)),
        ("plain text", with_type("text/plain", body)),
        (
            "an odd charset",
            with_type(&format!("{TYPE}; charset=utf-16"), body),
        ),
        ("a type of 60 KB", with_type(&long, body)),
        ("a type of nothing", with_type("", body)),
        ("a type of punctuation", with_type(";;;/,", body)),
    ]
}

fn odd_bodies(body: &[u8]) -> Vec<Case> {
    let by_the_byte: Vec<&[u8]> = body.chunks(1).collect();
    let by_the_byte = wire::chunked(PATH, TYPE, &by_the_byte);
    let utf_16: Vec<u8> = body.iter().flat_map(|byte| [*byte, 0]).collect();
    vec![
        ("an empty body", with_length(b"")),
        ("a body of one byte", with_length(b"{")),
        ("zeros", with_length(&[0; 100_000])),
        ("UTF-16", with_length(&utf_16)),
        (
            "chunks of a byte",
            [&by_the_byte[..], wire::LAST_CHUNK].concat(),
        ),
        (
            "more than was announced",
            wire::announcing(PATH, TYPE, body.len() - 5, body),
        ),
    ]
}

fn far_too_much() -> Vec<Case> {
    let input = |text: &str| with_length(format!("{{\"input\": \"{text}\"}}").as_bytes());
    let fields: Vec<String> = (0..100_000).map(|it| format!("\"f{it}\": {it}")).collect();
    let keys = format!("{{{}, \"input\": \"Hi.\"}}", fields.join(","));
    let same = format!(
        "{{{}\"input\": \"Hi.\"}}",
        "\"input\": \"a\",".repeat(100_000)
    );
    let nested = |open: &str| with_length(open.repeat(100_000).as_bytes());
    vec![
        ("a megabyte of text", input(&"a".repeat(1 << 20))),
        ("a megabyte of escapes", input(&"\\u0041".repeat(170_000))),
        ("a megabyte of nothing", input(&" ".repeat(1 << 20))),
        ("10 MB of text", input(&"a".repeat(10 << 20))),
        ("100,000 brackets", nested("[")),
        ("100,000 objects", nested("{\"input\":")),
        ("100,000 fields", with_length(keys.as_bytes())),
        ("100,000 times the same field", with_length(same.as_bytes())),
        (
            "a number of a megabyte",
            with_length(
                format!(
                    "{{\"input\": \"Hi.\", \"speed\": 1{}}}",
                    "0".repeat(1 << 20)
                )
                .as_bytes(),
            ),
        ),
    ]
}

fn broken_promises(body: &[u8]) -> Vec<Case> {
    let ending = |rubbish: &[u8]| [&wire::chunked(PATH, TYPE, &[body])[..], rubbish].concat();
    let announcing = |length| wire::announcing(PATH, TYPE, length, body);
    vec![
        ("less than was announced", announcing(body.len() + 1_000)),
        ("90 MB announced", announcing(90_000_000)),
        (
            "chunks without the last",
            wire::chunked(PATH, TYPE, &[body]),
        ),
        ("a chunk of all that is", ending(b"ffffffffffffffff\r\nx")),
        ("a chunk of no size", ending(b"zz\r\nx")),
    ]
}
