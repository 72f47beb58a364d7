//! What the tool can do, one file each.

pub mod capacity;
pub mod compare;
pub mod http;
#[cfg(test)]
mod made;
mod measurement;
pub mod plan;
pub mod setup;
pub mod soak;
pub mod validate;
