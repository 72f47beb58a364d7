//! How a command fails, and says so.

use std::io::{self, Write};

use crate::error::Error;

/// What a shell reports for a command that was stopped.
pub(super) const STOPPED: u8 = 130;

/// Why a command ends early.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Model(#[from] Error),
    #[error("can't write the output: {0}")]
    Output(#[from] io::Error),
}

pub(super) fn complain(error: &dyn std::fmt::Display) {
    // A standard error that is gone leaves nobody to tell.
    let _ = writeln!(io::stderr(), "error: {error}");
}
