//! WebSockets (RFC 6455): counted, bounded, watched, and closed properly when the service ends.
//!
//! A service that has them makes one [`WebSockets`] and gives it to its routes as their state;
//! the extractor [`Upgrade`] refuses what can't be taken before the upgrade, as any other
//! request is refused, and [`Upgrade::accept`] answers 101 and names the handler. The handler
//! gets a [`WebSocket`]: messages to read, a bounded way to send, and the signs that it should
//! end. Pings, pongs, limits and the closing handshake are none of its business.
//!
//! ```no_run
//! # use voice_common::websocket::{Close, Upgrade, WebSocket};
//! async fn echo(upgrade: Upgrade) -> axum::response::Response {
//!     upgrade.accept(None, async |mut socket: WebSocket| {
//!         while let Some(message) = socket.incoming.recv().await {
//!             if socket.outgoing.send(message).await.is_err() {
//!                 break;
//!             }
//!         }
//!         Close::NORMAL
//!     })
//! }
//! ```

mod closing;
mod driver;
pub(crate) mod handshake;
mod message;
mod metrics;
pub(crate) mod origin;
mod queue;
mod reading;
mod socket;
mod sockets;
#[cfg(test)]
mod tests;
mod upgrade;

pub use tokio_tungstenite::tungstenite::Utf8Bytes;

pub use self::message::{Close, Message};
pub use self::metrics::WebSocketMetrics;
pub use self::queue::{Outgoing, SendError};
pub use self::socket::{Hold, Incoming, WebSocket};
pub use self::sockets::{WebSocketLimits, WebSocketOptions, WebSockets};
pub use self::upgrade::Upgrade;
