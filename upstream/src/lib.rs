//! Asks other services over HTTP: speech recognition, speech synthesis, any chat server that
//! speaks OpenAI's API.
//!
//! ```text
//! Request → round over the hosts, in order → slot → breaker → attempt → Answer
//!              ↑            (next host at once)                │
//!              └── pause, if the retry budget has room ← every host failed
//! ```
//!
//! An [`Upstream`] is one such service under one or more base URLs. The first whose breaker is
//! closed is asked; the others are fallbacks. Nothing is repeated once an [`Answer`] has been
//! handed to the caller. Dropping the future of a request, or its [`Answer`], closes the
//! connection, which is how chat servers are told to stop computing.
//!
//! What an upstream did so far is in its [`Snapshot`], for metrics and `/health/detailed`.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use voice_upstream::{ApiKey, BaseUrl, Pool, Request, Upstream, UpstreamSettings};
//!
//! let pool = Pool::new(voice_upstream::PoolSettings::default())?;
//! let mut settings = UpstreamSettings::new("chat", BaseUrl::list("http://127.0.0.1:8080/v1")?);
//! settings.key = Some(ApiKey::from_file("/run/credentials/llm-key".as_ref())?);
//! let chat = Upstream::new(&pool, settings)?;
//!
//! let body = serde_json::json!({"model": "default", "messages": [], "stream": true});
//! let mut answer = chat.send(Request::post("chat/completions").json(&body)).await?;
//! while let Some(piece) = answer.chunk().await? {
//!     println!("{} bytes", piece.len());
//! }
//! # Ok(())
//! # }
//! ```

mod address;
mod answer;
mod attempt;
mod breaker;
mod error;
mod host;
mod key;
mod limits;
mod names;
mod pool;
mod refusal;
mod request;
mod retry;
mod settings;
mod snapshot;
mod upstream;

pub use address::{AddressError, BaseUrl};
pub use answer::Answer;
pub use breaker::{BreakerSettings, BreakerState};
pub use error::{Stage, UpstreamError};
pub use key::{ApiKey, KeyError};
pub use limits::TimeLimits;
pub use pool::{Pool, PoolError, PoolSettings};
pub use request::Request;
pub use reqwest::{Method, StatusCode, header};
pub use retry::RetrySettings;
pub use settings::{SettingsError, UpstreamSettings};
pub use snapshot::{HostSnapshot, Outcome, Snapshot};
pub use upstream::Upstream;
