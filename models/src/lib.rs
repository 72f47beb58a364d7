//! Model files of voice-stack: which ones there are, where they are, and how to get them. Voices
//! and what computes them, a library and data, count as models here.
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
//! Voices are asked for by name, because there are others than those of the catalogue:
//! published ones that were pulled by their index, and what an operator put there.
//!
//! ```
//! use voice_stack_models::Store;
//!
//! let store = Store::new("/var/lib/voice-stack/models");
//! for voice in store.voices() {
//!     println!("{}: {}", voice.name, voice.model.display());
//! }
//! if let Err(error) = store.require_named("onnxruntime") {
//!     println!("{error}"); // … run `voice-stack-models pull onnxruntime`
//! }
//! ```
//!
//! In the models directory:
//!
//! ```text
//! ggml-NAME.bin                 Whisper and Silero
//! voices/NAME.onnx              a voice, and with .json its configuration
//! voices/NAME.record.toml       what the index stated, if it was pulled by that
//! listen/                       what hears voices and ends of turns
//! onnxruntime/                  the library; onnxruntime-gpu/ with its providers
//! espeak-ng-data/               a directory that is installed as a whole
//! ```
//!
//! Fetching is in [`pull`]; the command line of the binary is in [`cli`].

mod arch;
pub mod catalogue;
pub mod cli;
mod convert;
mod digest;
mod error;
mod form;
mod lock;
mod names;
mod piper;
pub mod pull;
mod store;
mod verified;

pub use arch::Arch;
pub use catalogue::{Catalogue, Entry, Languages, Purpose};
pub use convert::{ConvertError, mel_filters};
pub use error::Error;
pub use form::ModelForm;
pub use store::{InstalledVoice, Store};
pub use verified::Verified;
