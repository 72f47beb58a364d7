//! Model files of voice-stack: which ones there are, where they are, and how to get them.
//!
//! A service asks the [`Catalogue`] for an [`Entry`] and a [`Store`] for its path:
//!
//! ```
//! use voice_stack_models::{Catalogue, Store};
//!
//! let entry = Catalogue::embedded().find("tiny.en")?;
//! let store = Store::new("/var/lib/voice-stack/models");
//! match store.require(entry) {
//!     Ok(path) => println!("load {}", path.display()),
//!     Err(error) => println!("{error}"), // … run `voice-stack-models pull tiny.en`
//! }
//! # Ok::<(), voice_stack_models::Error>(())
//! ```
//!
//! Fetching is in [`pull`]; the command line of the binary is in [`cli`].

pub mod catalogue;
pub mod cli;
mod convert;
mod digest;
mod error;
mod lock;
pub mod pull;
mod store;
mod verified;
mod voices;

pub use catalogue::{Catalogue, Entry, Kind, Languages, Quantisation};
pub use convert::{ConvertError, mel_filters};
pub use error::Error;
pub use store::Store;
pub use verified::Verified;
pub use voices::InstalledVoice;
