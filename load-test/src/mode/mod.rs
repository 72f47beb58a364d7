//! What the tool can do, one file each.

pub mod capacity;
pub mod compare;
pub mod http;
mod measurement;
pub mod plan;
pub mod setup;
pub mod soak;
#[cfg(test)]
mod testing;
pub mod validate;
