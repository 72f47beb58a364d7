//! An answer to a client that never got as far as the router.

use std::time::Duration;

use axum::http::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::ApiError;

/// A client that doesn't take a refusal in this time goes without.
const SEND_TIME: Duration = Duration::from_secs(1);

/// Writes the error as a whole answer and closes the connection.
pub(super) async fn send(mut stream: TcpStream, error: &ApiError) {
    let answer = text(error);
    let sent = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // Closing over unread bytes would reset the connection and take the answer with it.
        let mut rest = [0; 4096];
        while stream.read(&mut rest).await? > 0 {}
        Ok::<_, std::io::Error>(())
    };
    let _ = tokio::time::timeout(SEND_TIME, sent).await;
}

fn text(error: &ApiError) -> String {
    let status: StatusCode = error.status();
    let body = serde_json::to_string(&error.body()).expect("an error is text and nothing else");
    let retry_after = error
        .retry_after_seconds()
        .map(|seconds| format!("retry-after: {seconds}\r\n"))
        .unwrap_or_default();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n{retry_after}x-request-id: {}\r\n\r\n{body}",
        body.len(),
        uuid::Uuid::new_v4().simple(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_a_whole_answer_in_the_shape_of_every_error() {
        let text = text(&ApiError::TooManyConnections);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())));
        assert!(head.contains("\r\nretry-after: 1\r\n") && head.contains("\r\nx-request-id: "));
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["error"]["code"], "too_many_connections");
    }
}
