//! A multipart body as it comes in: the file to memory or disk, the fields to text.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::{Body, Bytes};
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::StatusCode;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;

use crate::ApiError;
use crate::limits::BodyLimit;

/// Larger uploads go to an unlinked temporary file.
const MEMORY_BYTES: usize = 8 * 1024 * 1024;
/// All text fields of a body together. A prompt is the longest that makes sense.
const TEXT_BYTES: usize = 64 * 1024;
/// What may arrive without giving a part or a piece of one. The parser looks for the end of
/// a part's header from its beginning each time more arrives: an endless header would cost
/// time that grows with the square of its length.
const UNPARSED_BYTES: u64 = 1024 * 1024;
/// What the parser gets at once, unless the body ends before.
const PIECE_BYTES: usize = 32 * 1024;

/// The content of a file that a client sent: in memory or on disk, never both.
#[derive(Debug)]
pub enum UploadedContent {
    /// All of it.
    Memory(Bytes),
    /// A temporary file that has no name any more.
    Disk(std::fs::File),
}

/// A file that a client sent.
#[derive(Debug)]
pub struct UploadedFile {
    /// What is in it.
    pub content: UploadedContent,
    /// The name that the client gave it; only words error messages.
    pub name: Option<String>,
}

/// A multipart body that has arrived in full.
#[derive(Debug, Default)]
pub struct Form {
    file: Option<UploadedFile>,
    values: HashMap<String, Vec<String>>,
}

impl Form {
    /// Reads a multipart body: the file in the field `file_field`, and the text of the
    /// `known` fields, in any order. Other fields are passed over.
    ///
    /// # Errors
    /// Too large, not multipart, or a field that is no text.
    pub async fn receive(
        request: Request,
        file_field: &'static str,
        known: &[&str],
        limit: BodyLimit,
    ) -> Result<Self, ApiError> {
        let (sender, receiver) = mpsc::channel(1);
        let (parts, body) = request.into_parts();
        // The parser searches all that it has not understood yet each time it is woken. It is
        // woken by pieces of some size only, so each of the two has to have a waker of its own.
        let gather = gather(body, sender).map(|()| None).boxed();
        let parse = Self::parse(parts, receiver, file_field, known, limit);
        let mut both: FuturesUnordered<_> = [gather, parse.map(Some).boxed()].into_iter().collect();
        loop {
            let done = both.next().await;
            if let Some(form) = done.expect("parsing ends with a result") {
                return form;
            }
        }
    }

    async fn parse(
        head: axum::http::request::Parts,
        pieces: Pieces,
        file_field: &'static str,
        known: &[&str],
        limit: BodyLimit,
    ) -> Result<Self, ApiError> {
        let unparsed = Arc::new(AtomicU64::new(0));
        let body = bounded_between_parts(pieces, Arc::clone(&unparsed));
        let multipart = Multipart::from_request(Request::from_parts(head, body), &()).await;
        let mut parts = Parts {
            unparsed,
            limit,
            text_bytes_left: TEXT_BYTES,
        };
        let mut multipart = multipart.map_err(|_| ApiError::InvalidBody {
            message: "The body must be multipart/form-data with the audio file.".into(),
        })?;
        let mut form = Self::default();
        while let Some(field) = parts.progress(multipart.next_field().await)? {
            let name = field.name().unwrap_or_default().to_string();
            if name == file_field {
                form.file = Some(parts.receive_file(field).await?);
            } else if known.contains(&name.as_str()) {
                let value = parts.receive_text(field, &name).await?;
                form.values.entry(name).or_default().push(value);
            } else {
                parts.pass_over(field).await?;
            }
        }
        Ok(form)
    }

    /// The file.
    ///
    /// # Errors
    /// It was not in the body.
    pub fn take_file(&mut self, file_field: &'static str) -> Result<UploadedFile, ApiError> {
        self.file.take().ok_or_else(|| {
            ApiError::invalid(
                file_field,
                format!(
                    "The field '{file_field}' is required: the audio file, as multipart/form-data."
                ),
            )
        })
    }

    /// The value of a field; the last one if it came several times, `None` if it is blank.
    pub fn value(&self, name: &str) -> Option<&str> {
        let value = self.values.get(name)?.last()?;
        (!value.trim().is_empty()).then_some(value.as_str())
    }

    /// All values of a list, sent as `name[]`, `name`, or separated by commas.
    pub fn list(&self, name: &str) -> Vec<&str> {
        [format!("{name}[]"), name.to_string()]
            .iter()
            .filter_map(|key| self.values.get(key))
            .flatten()
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .collect()
    }
}

type Pieces = mpsc::Receiver<Result<Bytes, axum::Error>>;

/// Hands a body over in pieces of some size: chunked encoding can make a piece of every byte.
async fn gather(body: Body, pieces: mpsc::Sender<Result<Bytes, axum::Error>>) {
    let mut chunks = body.into_data_stream();
    let mut is_at_end = false;
    while !is_at_end {
        let mut piece = Vec::new();
        while piece.len() < PIECE_BYTES && !is_at_end {
            match chunks.next().await {
                Some(Ok(chunk)) => piece.extend_from_slice(&chunk),
                Some(Err(error)) => {
                    let _ = pieces.send(Err(error)).await;
                    return;
                }
                None => is_at_end = true,
            }
        }
        if !piece.is_empty() && pieces.send(Ok(piece.into())).await.is_err() {
            return;
        }
    }
}

/// Fails the body when too much of it arrives without being understood.
fn bounded_between_parts(mut pieces: Pieces, unparsed: Arc<AtomicU64>) -> Body {
    let pieces = futures::stream::poll_fn(move |context| pieces.poll_recv(context));
    Body::from_stream(pieces.map(move |piece| {
        let piece = piece?;
        let arrived = unparsed.fetch_add(piece.len() as u64, Ordering::Relaxed);
        if arrived > UNPARSED_BYTES {
            return Err(axum::Error::new("a part's header is too long"));
        }
        Ok(piece)
    }))
}

/// The reading of one body, part by part.
struct Parts {
    unparsed: Arc<AtomicU64>,
    limit: BodyLimit,
    text_bytes_left: usize,
}

impl Parts {
    /// Notes that the parser got on, or says why it didn't.
    fn progress<T>(&self, parsed: Result<T, MultipartError>) -> Result<T, ApiError> {
        self.unparsed.store(0, Ordering::Relaxed);
        parsed.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => self.limit.exceeded(),
            _ => ApiError::InvalidBody {
                message: "The body is not valid multipart/form-data, or it ended too early.".into(),
            },
        })
    }

    async fn pass_over(&self, mut field: Field<'_>) -> Result<(), ApiError> {
        while self.progress(field.chunk().await)?.is_some() {}
        Ok(())
    }

    async fn receive_text(&mut self, mut field: Field<'_>, name: &str) -> Result<String, ApiError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.progress(field.chunk().await)? {
            self.text_bytes_left =
                self.text_bytes_left
                    .checked_sub(chunk.len())
                    .ok_or_else(|| {
                        ApiError::invalid(
                            name,
                            format!("The text fields are longer than {TEXT_BYTES} bytes together."),
                        )
                    })?;
            bytes.extend_from_slice(&chunk);
        }
        String::from_utf8(bytes)
            .map_err(|_| ApiError::invalid(name, format!("The field '{name}' is not UTF-8 text.")))
    }

    async fn receive_file(&self, mut field: Field<'_>) -> Result<UploadedFile, ApiError> {
        let name = field.file_name().map(String::from);
        let mut received: u64 = 0;
        let mut memory = Vec::new();
        let mut disk: Option<tokio::fs::File> = None;
        while let Some(chunk) = self.progress(field.chunk().await)? {
            received += chunk.len() as u64;
            if received > self.limit.upload_bytes() {
                return Err(self.limit.exceeded());
            }
            if let Some(file) = &mut disk {
                file.write_all(&chunk).await.map_err(ApiError::internal)?;
            } else if memory.len() + chunk.len() > MEMORY_BYTES {
                let unlinked = tempfile::tempfile().map_err(ApiError::internal)?;
                let mut file = tokio::fs::File::from_std(unlinked);
                let begun = std::mem::take(&mut memory);
                file.write_all(&begun).await.map_err(ApiError::internal)?;
                drop(begun);
                file.write_all(&chunk).await.map_err(ApiError::internal)?;
                disk = Some(file);
            } else {
                memory.extend_from_slice(&chunk);
            }
        }
        let content = match disk {
            Some(mut file) => {
                file.flush().await.map_err(ApiError::internal)?;
                UploadedContent::Disk(file.into_std().await)
            }
            None => UploadedContent::Memory(memory.into()),
        };
        Ok(UploadedFile { content, name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_endless_header_of_a_part_is_given_up_early() {
        let sent = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&sent);
        let begin = b"--b\r\nX-Filler: ".to_vec();
        let filler = std::iter::repeat_n(vec![b'x'; 16 * 1024], 1000);
        let chunks = std::iter::once(begin).chain(filler).inspect(move |chunk| {
            counted.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        });
        let body = futures::stream::iter(chunks.map(Ok::<_, std::io::Error>));
        let request = Request::post("/")
            .header("content-type", "multipart/form-data; boundary=b")
            .body(Body::from_stream(body))
            .unwrap();
        let limit = BodyLimit::new(100 * 1024 * 1024);
        let error = Form::receive(request, "file", &[], limit)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "invalid_body");
        assert!(sent.load(Ordering::Relaxed) <= 2 * UNPARSED_BYTES);
    }

    #[tokio::test]
    async fn a_body_in_pieces_of_a_byte_is_the_same_body() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nsound\r\n--b--";
        let pieces = body.bytes().map(|byte| Ok::<_, std::io::Error>(vec![byte]));
        let request = Request::post("/")
            .header("content-type", "multipart/form-data; boundary=b")
            .body(Body::from_stream(futures::stream::iter(pieces)))
            .unwrap();
        let limit = BodyLimit::new(1024);
        let mut form = Form::receive(request, "file", &[], limit).await.unwrap();
        let content = form.take_file("file").unwrap().content;
        assert!(matches!(content, UploadedContent::Memory(bytes) if bytes == "sound"));
    }

    #[tokio::test]
    async fn the_parser_gets_pieces_of_some_size() {
        let bytes = std::iter::repeat_n(vec![b'x'], 100_000).map(Ok::<_, std::io::Error>);
        let body = Body::from_stream(futures::stream::iter(bytes));
        let (sender, mut pieces) = mpsc::channel(8);
        gather(body, sender).await;
        let mut sizes = Vec::new();
        while let Some(piece) = pieces.recv().await {
            sizes.push(piece.unwrap().len());
        }
        assert_eq!(sizes.iter().sum::<usize>(), 100_000);
        assert!(sizes.len() <= 4, "{sizes:?}");
    }
}
