//! Requests byte by byte, also those that no client library would send.

/// The head of a POST whose connection is closed after the answer. Each header ends its line.
pub fn head(path: &str, headers: &str) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n")
        .into_bytes()
}

/// A request of this type that announces a body of so many bytes and sends this one.
pub fn announcing(path: &str, content_type: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let headers = format!("Content-Type: {content_type}\r\nContent-Length: {length}\r\n");
    [&head(path, &headers), body].concat()
}

/// A request of this type in chunks, without the last one, which is [`LAST_CHUNK`].
pub fn chunked(path: &str, content_type: &str, pieces: &[&[u8]]) -> Vec<u8> {
    let headers = format!("Content-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n");
    let mut request = head(path, &headers);
    for piece in pieces {
        request.extend(format!("{:x}\r\n", piece.len()).bytes());
        request.extend(*piece);
        request.extend(b"\r\n");
    }
    request
}

/// What ends a chunked body.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
