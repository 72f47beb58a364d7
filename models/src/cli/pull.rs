//! `pull`: what is named, and what that requires.

use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};

use super::bar;
use super::failure::{Failure, STOPPED, complain};
use crate::catalogue::{Catalogue, Entry};
use crate::error::Error;
use crate::pull::{Options, Progress, Pulled, Puller};
use crate::store::Store;

/// Pulls all of `names`, and what they require; one that fails does not keep the others away.
pub(super) fn run(
    store: &Store,
    catalogue: &Catalogue,
    names: &[String],
) -> Result<ExitCode, Failure> {
    let hub_endpoint = std::env::var("HF_ENDPOINT")
        .ok()
        .filter(|mirror| !mirror.is_empty());
    let progress = bar::for_terminal();
    let options = Options {
        hub_endpoint,
        ..Options::default()
    };
    let puller = Puller::new(store, options, progress.as_ref(), stop_at_signals());
    let entries: Result<Vec<_>, Error> = names
        .iter()
        .map(|name| puller.find(catalogue, name))
        .collect();
    let mut seen: HashSet<String> = HashSet::new();
    let mut waiting: VecDeque<_> = (entries?.into_iter())
        .filter(|entry| seen.insert(entry.name.clone()))
        .map(|entry| Wanted { entry, by: None })
        .collect();
    let mut code = ExitCode::SUCCESS;
    while let Some(wanted) = waiting.pop_front() {
        let name = &wanted.entry.name;
        if let Some(by) = &wanted.by {
            progress.say(&format!("{by} requires {name}"));
        }
        match puller.pull(&wanted.entry) {
            Ok(outcome) => tell(&wanted.entry, outcome, store, progress.as_ref()),
            Err(error) => {
                progress.end();
                match &wanted.by {
                    _ if matches!(error, Error::Interrupted) => return Err(error.into()),
                    Some(by) => complain(&format!("{by} can't be used without {name}: {error}")),
                    None => complain(&error),
                }
                code = ExitCode::FAILURE;
                // What can't be had needs nothing.
                continue;
            }
        }
        match puller.requirements(catalogue, &wanted.entry) {
            Ok(required) => waiting.extend(
                (required.into_iter())
                    .filter(|entry| seen.insert(entry.name.clone()))
                    .map(|entry| Wanted {
                        entry: Cow::Borrowed(entry),
                        by: Some(name.clone()),
                    }),
            ),
            Err(error) => {
                complain(&format!("{name} can't be used: {error}"));
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

/// What is still to be pulled.
struct Wanted<'a> {
    entry: Cow<'a, Entry>,
    /// Name of the entry that requires it; `None` if the user asked for it.
    by: Option<String>,
}

fn tell(entry: &Entry, outcome: Pulled, store: &Store, progress: &dyn Progress) {
    let how = match outcome {
        Pulled::AlreadyInstalled => "already installed",
        Pulled::Fetched => "installed",
    };
    let path = store.path_of(entry);
    progress.say(&format!("{}: {how}, {}", entry.name, path.display()));
}

/// Becomes true when the user stops the pull.
fn stop_at_signals() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // A second signal ends the process at once. If handlers can't be installed the first
        // one does, which the next pull cleans up after.
        let armed = Arc::clone(&stop);
        let _ = signal_hook::flag::register_conditional_shutdown(signal, STOPPED.into(), armed);
        let _ = signal_hook::flag::register(signal, Arc::clone(&stop));
    }
    stop
}
