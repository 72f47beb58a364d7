//! What the tool can do, one file each.

pub mod http;
pub mod setup;
pub mod validate;
