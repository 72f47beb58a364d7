//! Tools that are asked over HTTP.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use voice_upstream::{Answer, BaseUrl, Pool, Request, Upstream, UpstreamError};

use super::MOST_RESULT_BYTES;
use super::error::ToolsError;
use crate::conversation::Stage;
use crate::failure::Failure;
use crate::opening::{self, BaseUrls, Purpose};

/// Where a tool is asked, and for how long it is waited for.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) url: BaseUrl,
    pub(super) limit: Duration,
    pub(super) key_file: Option<PathBuf>,
}

/// A tool behind an address: it gets the arguments as JSON and answers with a text, which may be
/// JSON.
#[derive(Debug)]
pub(super) struct Endpoint {
    upstream: Upstream,
}

impl Endpoint {
    /// # Errors
    /// Its key can't be read.
    pub(super) fn open(pool: &Pool, name: &str, address: Address) -> Result<Self, ToolsError> {
        let purpose = Purpose {
            name,
            base_urls: &BaseUrls(vec![address.url]),
            key_file: ("key_file", address.key_file.as_ref()),
            key_of_this_box: None,
            limit: address.limit,
            streams: false,
        };
        let upstream = opening::open(pool, &purpose);
        Ok(Self {
            upstream: upstream.map_err(|cause| ToolsError::tool(name, &cause.to_string()))?,
        })
    }

    pub(super) async fn run(&self, arguments: &Value) -> Result<String, Failure> {
        // Asking twice might do twice what the tool does.
        let request = Request::post("").json(arguments).at_most_once();
        let result = match self.upstream.send(request).await {
            Ok(answer) => beginning(answer).await,
            Err(error) => Err(error),
        };
        match result {
            Ok(text) => Ok(text),
            Err(UpstreamError::Refused {
                status, message, ..
            }) if matches!(status.as_u16(), 400 | 409 | 422) => Ok(format!("Error: {message}")),
            Err(error) => Err(Failure::new(Stage::Tool, error)),
        }
    }
}

/// As much as is told of an answer; the rest is not read.
async fn beginning(mut answer: Answer) -> Result<String, UpstreamError> {
    const CUT: &str = " … (the rest was cut off)";
    let mut body = Vec::new();
    let mut is_cut = false;
    while let Some(piece) = answer.chunk().await? {
        body.extend_from_slice(&piece);
        if body.len() > MOST_RESULT_BYTES {
            is_cut = true;
            break;
        }
    }
    let mut text = String::from_utf8_lossy(&body).trim().to_owned();
    if is_cut || text.len() > MOST_RESULT_BYTES {
        text.truncate(text.floor_char_boundary(MOST_RESULT_BYTES - CUT.len()));
        text.push_str(CUT);
    }
    if text.is_empty() {
        text.push_str("Done; there is no result.");
    }
    Ok(text)
}
