//! OpenAI's Realtime API, over WebSockets: `GET /v1/realtime`.
//!
//! The wire is in `client_event.rs`, `server_event.rs`, `item.rs` and `session.rs`; `beta.rs` has the
//! names that the API's beta had. `adapter/` is between them and a conversation, without a socket.

mod adapter;
mod beta;
mod client_event;
mod client_secrets;
mod connect;
mod detection;
mod fields;
mod format;
mod g711;
mod ids;
mod item;
mod items;
mod problem;
mod reply;
mod server_event;
mod session;
mod session_json;
mod socket;
mod tools;
mod turns;

pub use adapter::{Action, Adapter, Profile};
pub(crate) use connect::routes;
pub use session::{Dialect, Purpose};
