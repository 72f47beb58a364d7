//! The load tool, as a library: what it measures by can be tested and used without a service.

pub mod score;
