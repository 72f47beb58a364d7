//! The generator itself, against a stub whose behaviour is known to the millisecond.

mod connections;
mod omission;
mod stub;
