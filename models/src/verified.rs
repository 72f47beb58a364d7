//! Files whose digests were checked.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::error::Error;

/// Remembers which files were found right, with their time of change. Engines trust what is in
/// a model file, so a damaged one must not reach them; reading a file once more is cheap
/// against loading it, but not for each load of an idle model.
#[derive(Debug, Default)]
pub struct Verified(Mutex<HashMap<PathBuf, SystemTime>>);

impl Verified {
    /// Calls `verify` unless the file at `path` passed before and hasn't changed since.
    ///
    /// # Errors
    ///
    /// Those of `verify`; [`Error::Io`] if the file is gone.
    pub fn check(
        &self,
        path: &Path,
        verify: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let changed = std::fs::metadata(path).and_then(|file| file.modified());
        let changed = changed.map_err(Error::io(path))?;
        let files = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if files().get(path) == Some(&changed) {
            return Ok(());
        }
        verify()?;
        files().insert(path.to_path_buf(), changed);
        Ok(())
    }
}
