//! A multipart body as it comes in: the file to memory or disk, the fields to text.

use std::collections::HashMap;

use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use axum::http::StatusCode;
use tokio::io::AsyncWriteExt as _;
use voice_common::ApiError;
use voice_common::limits::BodyLimit;

use crate::audio::AudioSource;

/// Larger uploads go to an unlinked temporary file.
const MEMORY_BYTES: usize = 8 * 1024 * 1024;
/// Longest value of a field that is no file. A prompt is the longest that makes sense.
const FIELD_BYTES: usize = 64 * 1024;

/// A file that a client sent.
#[derive(Debug)]
pub struct UploadedFile {
    /// Its content, in memory or on disk, never both.
    pub content: AudioSource,
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
    /// Reads a multipart body whose file is in the field `file_field`. Fields may come in
    /// any order.
    ///
    /// # Errors
    /// Too large, not multipart, or a field that is no text.
    pub async fn receive(
        mut multipart: Multipart,
        file_field: &'static str,
        limit: BodyLimit,
    ) -> Result<Self, ApiError> {
        let mut form = Self::default();
        while let Some(field) = multipart
            .next_field()
            .await
            .map_err(|it| body_error(&it, limit))?
        {
            let Some(name) = field.name().map(String::from) else {
                continue;
            };
            if name == file_field {
                form.file = Some(receive_file(field, limit).await?);
            } else {
                let value = receive_text(field, &name, limit).await?;
                form.values.entry(name).or_default().push(value);
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

async fn receive_text(
    mut field: Field<'_>,
    name: &str,
    limit: BodyLimit,
) -> Result<String, ApiError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|it| body_error(&it, limit))? {
        if bytes.len() + chunk.len() > FIELD_BYTES {
            return Err(ApiError::invalid(
                name,
                format!("The field '{name}' is longer than {FIELD_BYTES} bytes."),
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes)
        .map_err(|_| ApiError::invalid(name, format!("The field '{name}' is not UTF-8 text.")))
}

async fn receive_file(mut field: Field<'_>, limit: BodyLimit) -> Result<UploadedFile, ApiError> {
    let name = field.file_name().map(String::from);
    let mut received: u64 = 0;
    let mut memory = Vec::new();
    let mut disk: Option<tokio::fs::File> = None;
    while let Some(chunk) = field.chunk().await.map_err(|it| body_error(&it, limit))? {
        received += chunk.len() as u64;
        if received > limit.upload_bytes() {
            return Err(limit.exceeded());
        }
        if let Some(file) = &mut disk {
            file.write_all(&chunk).await.map_err(ApiError::internal)?;
        } else if memory.len() + chunk.len() > MEMORY_BYTES {
            let mut file =
                tokio::fs::File::from_std(tempfile::tempfile().map_err(ApiError::internal)?);
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
            AudioSource::File(file.into_std().await)
        }
        None => AudioSource::from(memory),
    };
    Ok(UploadedFile { content, name })
}

fn body_error(error: &MultipartError, limit: BodyLimit) -> ApiError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => limit.exceeded(),
        _ => ApiError::InvalidBody {
            message: "The body is not valid multipart/form-data, or it ended too early.".into(),
        },
    }
}
