//! Other people's decoders, fed with other people's bytes: what they do wrong stays in here.
//!
//! - **A panic** says that one file is broken. It must neither take the worker along nor fill
//!   the operator's log with what looks like a crash of the service.
//! - **Log messages** are as many as the file's author likes: one for each broken page is a
//!   gigabyte of log for a hundred megabytes of upload.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use tracing::Dispatch;

/// This file's own path names the folder whose panics are bugs of ours.
const OWN_FILE: &str = file!();

thread_local! {
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
    static PANICKED_AT: Cell<Option<String>> = const { Cell::new(None) };
}

/// The work ended in a panic.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Panicked;

/// Runs `work` with its panics caught and its log messages dropped. What `work` has touched
/// must not be used after a panic.
pub(crate) fn contained<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    static HOOK: Once = Once::new();
    HOOK.call_once(quieten_foreign_panics);

    let was_inside = IS_INSIDE.replace(true);
    let done = tracing::dispatcher::with_default(&Dispatch::none(), || {
        panic::catch_unwind(AssertUnwindSafe(work))
    });
    IS_INSIDE.set(was_inside);
    done.map_err(|_payload| {
        if let Some(file) = PANICKED_AT.take() {
            tracing::info!(file, "a damaged upload was too much for its decoder");
        }
        Panicked
    })
}

/// Puts a hook before the present one. It keeps back the reports of panics in other people's
/// code inside of [`contained`], and no others: a bug of ours must be seen.
fn quieten_foreign_panics() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| match panic.location() {
        Some(place) if IS_INSIDE.get() && is_foreign(place.file()) => {
            PANICKED_AT.set(Some(file_name(place.file()).to_owned()));
        }
        _ => report(panic),
    }));
}

fn is_foreign(file: &str) -> bool {
    let folder = OWN_FILE.trim_end_matches("contain.rs");
    !file.starts_with(folder)
}

/// The path from the crate's folder on: the rest is about the machine that built this.
fn file_name(file: &str) -> &str {
    file.match_indices('/')
        .rev()
        .nth(3)
        .map_or(file, |(at, _)| &file[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_and_the_thread_goes_on() {
        assert_eq!(contained(|| 7), Ok(7));
        assert_eq!(contained(|| panic::panic_any(())), Err::<(), _>(Panicked));
        assert!(!IS_INSIDE.get());
    }

    #[test]
    fn our_own_panics_are_not_kept_back() {
        assert!(!is_foreign(file!()));
        assert!(is_foreign(
            "/cargo/registry/src/index/symphonia-core-0.6.1/src/io/mod.rs"
        ));
    }
}
