//! Upload requests byte by byte, good ones and broken ones.

use crate::kind::{Case, Odd};
use crate::{synthetic, wire};

/// The endpoint that takes uploads.
pub const PATH: &str = "/v1/audio/transcriptions";
/// Type of the bodies here.
pub const TYPE: &str = "multipart/form-data; boundary=b";
const FILE: &str = "Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n";
const END: &[u8] = b"\r\n--b--\r\n";

/// A well-formed upload of one file.
pub fn upload(file: &[u8]) -> Vec<u8> {
    with_length(&body_of(file))
}

/// Its body.
pub fn body_of(file: &[u8]) -> Vec<u8> {
    body(&[file_part(file)])
}

fn with_type(content_type: &str, body: &[u8]) -> Vec<u8> {
    wire::announcing(PATH, content_type, body.len(), body)
}

fn with_length(body: &[u8]) -> Vec<u8> {
    with_type(TYPE, body)
}

fn announcing(length: usize, body: &[u8]) -> Vec<u8> {
    wire::announcing(PATH, TYPE, length, body)
}

fn chunked(pieces: &[&[u8]]) -> Vec<u8> {
    wire::chunked(PATH, TYPE, pieces)
}

fn part(header: &str, content: &[u8]) -> Vec<u8> {
    [b"--b\r\n", header.as_bytes(), content].concat()
}

fn field(name: &str, content: &[u8]) -> Vec<u8> {
    let header = format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n");
    part(&header, content)
}

fn file_part(file: &[u8]) -> Vec<u8> {
    part(FILE, file)
}

fn body(parts: &[Vec<u8>]) -> Vec<u8> {
    [&parts.join(&b"\r\n"[..])[..], END].concat()
}

/// Requests that are HTTP, but hardly uploads.
pub fn hostile() -> Vec<Odd> {
    let silence = file_part(&synthetic::silence(0.5));
    let answered = [
        odd_types(&silence),
        missing_pieces(&silence),
        odd_headers(&silence),
        odd_fields(&silence),
        far_too_many(&silence),
        tiny_chunks(&silence),
    ];
    Odd::all(answered.concat(), broken_promises(&silence))
}

/// A body of these parts and a good file.
fn beside(file: &[u8], parts: Vec<Vec<u8>>) -> Vec<u8> {
    with_length(&body(&[parts, vec![file.to_vec()]].concat()))
}

fn odd_types(file: &[u8]) -> Vec<Case> {
    let whole = body(&[file.to_vec()]);
    let form = |parameters: &str| with_type(&format!("multipart/form-data{parameters}"), &whole);
    let no_type = [&wire::head(PATH, "Content-Length: 4\r\n")[..], b"data"].concat();
    let long = "x".repeat(60_000);
    vec![
        ("no boundary", form("")),
        ("an empty boundary", form("; boundary=")),
        ("another boundary", form("; boundary=c")),
        ("a boundary of 60 KB", form(&format!("; boundary=b{long}"))),
        ("a boundary of line ends", form("; boundary=\"\\r\\n\"")),
        ("JSON", with_type("application/json", b"{\"file\": []}")),
        ("no type", no_type),
    ]
}

fn missing_pieces(file: &[u8]) -> Vec<Case> {
    let whole = body(&[file.to_vec()]);
    let behind = |junk: usize| with_length(&[&vec![b'-'; junk], &whole[..]].concat());
    vec![
        ("an empty body", with_length(b"")),
        ("no part", with_length(b"--b--\r\n")),
        ("no end", with_length(file)),
        ("an end in a part's header", with_length(&whole[..40])),
        ("an end in the file", with_length(&whole[..whole.len() / 2])),
        (
            "an end in the boundary",
            with_length(&whole[..whole.len() - 5]),
        ),
        (
            "more than was announced",
            announcing(whole.len() - 20, &whole),
        ),
        ("half a megabyte before the first part", behind(500_000)),
        ("two megabytes before the first part", behind(2_000_000)),
        (
            "boundaries that don't end",
            with_length(&file_part(&b"\r\n--\r\n--".repeat(20_000))),
        ),
    ]
}

fn odd_headers(file: &[u8]) -> Vec<Case> {
    let before = |header: &str| {
        let odd = part(&format!("{header}{FILE}"), b"");
        beside(file, vec![odd])
    };
    let named = |name: &str| {
        let odd = part(&FILE.replace("a.wav", name), &synthetic::silence(0.1));
        with_length(&body(&[odd]))
    };
    let open_quote = part("Content-Disposition: form-data; name=\"\r\n\r\n", b"");
    let nested = part(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
        &body(&[file.to_vec()]),
    );
    vec![
        ("a part with 30 headers", before(&"X: 1\r\n".repeat(30))),
        (
            "a part with 1,000 headers",
            before(&"X: 1\r\n".repeat(1_000)),
        ),
        (
            "a header of 900 KB",
            before(&format!("X: {}\r\n", "x".repeat(900_000))),
        ),
        (
            "a header of 3 MB",
            before(&format!("X: {}\r\n", "x".repeat(3_000_000))),
        ),
        ("a folded header", before("X: 1\r\n ")),
        ("a file name of 60 KB", named(&"x".repeat(60_000))),
        (
            "a file name that leads elsewhere",
            named("../../etc/passwd\0"),
        ),
        ("a quote that doesn't end", beside(file, vec![open_quote])),
        ("parts in a part", beside(file, vec![nested])),
    ]
}

fn odd_fields(file: &[u8]) -> Vec<Case> {
    let with = |name, content: &[u8]| beside(file, vec![field(name, content)]);
    vec![
        ("text that is no text", with("language", b"\xff\xfe\0")),
        ("100 KB of text", with("prompt", &vec![b'a'; 100_000])),
        ("a number that is none", with("temperature", b"NaN")),
    ]
}

fn far_too_many(file: &[u8]) -> Vec<Case> {
    let many = |part: Vec<u8>| beside(file, vec![part; 10_000]);
    vec![
        ("10,000 unknown parts", many(field("x", b"1"))),
        (
            "10,000 parts of a known field",
            many(field("language", b"")),
        ),
        ("10,000 files", many(file_part(b"RIFF"))),
        ("10,000 parts without a name", many(part("\r\n", b"1"))),
    ]
}

fn tiny_chunks(file: &[u8]) -> Vec<Case> {
    let by_the_byte = |body: &[u8]| {
        let pieces: Vec<&[u8]> = body.chunks(1).collect();
        [&chunked(&pieces)[..], wire::LAST_CHUNK].concat()
    };
    let endless = part(&format!("X: {}", "x".repeat(200_000)), b"");
    vec![
        ("chunks of a byte", by_the_byte(&body(&[file.to_vec()]))),
        ("a long header in chunks of a byte", by_the_byte(&endless)),
    ]
}

fn broken_promises(file: &[u8]) -> Vec<Case> {
    let whole = body(&[file.to_vec()]);
    let ending = |rubbish: &[u8]| [chunked(&[file]), rubbish.to_vec()].concat();
    vec![
        (
            "less than was announced",
            announcing(whole.len() + 1_000, &whole),
        ),
        ("90 MB announced", announcing(90_000_000, file)),
        ("a chunk without its end", chunked(&[&whole])),
        ("a chunk of all that is", ending(b"ffffffffffffffff\r\nx")),
        ("a chunk of no size", ending(b"zz\r\nx")),
    ]
}
