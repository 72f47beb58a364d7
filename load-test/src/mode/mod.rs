//! What the tool can do, one file each.

pub mod http;
mod measurement;
pub mod setup;
pub mod validate;
