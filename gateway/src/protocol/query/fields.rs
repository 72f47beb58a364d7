//! What a client sends beside its recording, checked.

use axum::Json;
use axum::extract::{FromRequest as _, Request};
use axum::http::header::CONTENT_TYPE;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use voice_common::ApiError;
use voice_common::limits::BodyLimit;
use voice_common::uploads::form::{Form, UploadedFile};

pub(super) const FILE_FIELD: &str = "file";
const FIELDS: [&str; 3] = ["language", "session_id", "voice"];
/// The longest tag that means something, and more.
const LONGEST_TAG: usize = 35;
const LONGEST_VOICE: usize = 200;
/// What is sent to name a session.
const NAMED_BYTES: u64 = 16 << 10;

/// In the address.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SessionParameter {
    /// A session.
    #[param(nullable = false)]
    pub(super) session_id: Option<String>,
}

/// In the address. Fields of the body go before them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct QueryParameters {
    /// The session that the query belongs to.
    #[param(nullable = false)]
    session_id: Option<String>,
    /// Language that is spoken, such as hi-IN.
    #[param(nullable = false)]
    language: Option<String>,
}

/// Names a session.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Named {
    /// Its id.
    session_id: String,
}

/// A query that has arrived in full.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) file: UploadedFile,
    pub(super) language: Option<String>,
    pub(super) session_id: Option<String>,
    pub(super) voice: Option<String>,
}

impl Fields {
    pub(super) async fn receive(
        parameters: QueryParameters,
        request: Request,
        limit: BodyLimit,
    ) -> Result<Self, ApiError> {
        let mut form = Form::receive(request, FILE_FIELD, &FIELDS, limit).await?;
        let value = |name| form.value(name).map(|it| it.trim().to_owned());
        let language = value("language").or(parameters.language);
        let voice = value("voice");
        let session_id = value("session_id").or(parameters.session_id);
        if let Some(tag) = &language {
            check_language(tag)?;
        }
        if voice.as_ref().is_some_and(|it| it.len() > LONGEST_VOICE) {
            return Err(ApiError::invalid(
                "voice",
                format!("The voice's name is longer than {LONGEST_VOICE} bytes."),
            ));
        }
        Ok(Self {
            file: form.take_file(FILE_FIELD)?,
            language,
            session_id,
            voice,
        })
    }
}

fn check_language(tag: &str) -> Result<(), ApiError> {
    let mut parts = tag.split(['-', '_']);
    let is_alphabetic = |it: &str| it.bytes().all(|it| it.is_ascii_alphabetic());
    let first = parts.next().unwrap_or_default();
    let is_language = tag == "auto" || ((2..=3).contains(&first.len()) && is_alphabetic(first));
    let is_part =
        |it: &str| (2..=8).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_alphanumeric());
    if is_language && tag.len() <= LONGEST_TAG && parts.all(is_part) {
        return Ok(());
    }
    let shown: String = tag.chars().take(LONGEST_TAG).collect();
    Err(ApiError::invalid(
        "language",
        format!("'{shown}' is no language: a tag such as 'hi-IN' or 'en' is, and 'auto'."),
    ))
}

/// The session that is meant, in the address or in a body of JSON or of a form.
pub(super) async fn session_id(
    parameters: SessionParameter,
    request: Request,
) -> Result<String, ApiError> {
    let content_type = request.headers().get(CONTENT_TYPE);
    let content_type = content_type.and_then(|it| it.to_str().ok());
    let kind = content_type.unwrap_or_default().to_ascii_lowercase();
    let in_body = if kind.starts_with("multipart/form-data") {
        let limit = BodyLimit::new(NAMED_BYTES);
        let form = Form::receive(request, FILE_FIELD, &FIELDS, limit).await?;
        form.value("session_id").map(|it| it.trim().to_owned())
    } else if kind.starts_with("application/json") {
        let named = Json::<Named>::from_request(request, &()).await;
        let Json(named) = named.map_err(|it| ApiError::InvalidBody {
            message: format!("The body can't be read: {}", it.body_text()),
        })?;
        Some(named.session_id)
    } else {
        None
    };
    in_body.or(parameters.session_id).ok_or_else(|| {
        ApiError::invalid(
            "session_id",
            "The field 'session_id' is required: in the address, as JSON or as a form.",
        )
    })
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn languages_are_tags() {
        for (tag, is_one) in [
            ("hi-IN", true),
            ("en", true),
            ("zh-Hans-CN", true),
            ("en_US", true),
            ("auto", true),
            ("", false),
            ("english please", false),
            ("e", false),
            ("hi-", false),
            ("hi-IN; DROP", false),
            ("हिन्दी", false),
            ("en-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd", false),
        ] {
            assert_eq!(check_language(tag).is_ok(), is_one, "{tag}");
        }
    }

    #[tokio::test]
    async fn a_session_is_named_in_the_address_or_in_the_body() {
        let form = "--b\r\nContent-Disposition: form-data; name=\"session_id\"\r\n\r\nB\r\n--b--";
        for (address, kind, body, expected) in [
            (Some("A"), "", "", Ok("A")),
            (None, "application/json", r#"{"session_id":"B"}"#, Ok("B")),
            (
                Some("A"),
                "application/json; charset=utf-8",
                r#"{"session_id":"B"}"#,
                Ok("B"),
            ),
            (None, "multipart/form-data; boundary=b", form, Ok("B")),
            (None, "", "", Err("invalid_parameter")),
            (None, "application/json", "{}", Err("invalid_body")),
            (None, "application/json", "{", Err("invalid_body")),
        ] {
            let parameters = SessionParameter {
                session_id: address.map(Into::into),
            };
            let request = Request::post("/").header(CONTENT_TYPE, kind);
            let request = request.body(Body::from(body)).unwrap();
            let named = session_id(parameters, request).await;
            let named = named.as_deref().map_err(ApiError::code);
            assert_eq!(named, expected, "{kind} {body}");
        }
    }
}
