//! One pull of a model at a time, across processes.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::error::Error;
use crate::store::Store;

/// The right to change the files of one model. The system gives it back when the process ends,
/// however it ends; the empty lock file stays, because removing it would race with a waiter.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock. `waiting` is called once if another process has it; `cancelled` is
    /// asked meanwhile (a blocking lock could not be interrupted).
    pub(crate) fn acquire(
        store: &Store,
        name: &str,
        waiting: &mut dyn FnMut() -> Result<(), Error>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Self, Error> {
        const POLL: Duration = Duration::from_millis(100);
        let path = Self::path(store, name);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(Error::io(&path))?;
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => {
                    if cancelled() {
                        return Err(Error::Interrupted);
                    }
                    if !told {
                        waiting()?;
                        told = true;
                    }
                    thread::sleep(POLL);
                }
                Err(TryLockError::Error(error)) => return Err(Error::io(&path)(error)),
            }
        }
    }

    fn path(store: &Store, name: &str) -> PathBuf {
        store.dir().join(format!(".{name}.lock"))
    }
}
