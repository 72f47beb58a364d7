//! The command line of `voice-stack-models`.

mod bar;
mod failure;
mod list;
mod pull;

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use rustix::fs::Mode;

use self::failure::{Failure, STOPPED, complain};
use crate::catalogue::{Catalogue, Entry, Origin};
use crate::error::Error;
use crate::store::Store;

/// Fetches, verifies and lists the model files of voice-stack: models of speech recognition,
/// voices, and what voices need.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Where model files are [default: $XDG_DATA_HOME/voice-stack/models, that is usually
    /// ~/.local/share/voice-stack/models; for root /var/lib/voice-stack/models, where services
    /// are installed]
    #[arg(long, global = true, env = "MODELS_DIR", value_name = "DIR")]
    models_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

/// Who uses models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ServiceName {
    /// Speech recognition.
    Asr,
    /// Speech synthesis.
    Tts,
    /// Conversations.
    Gateway,
}

impl ServiceName {
    /// As the catalogue writes it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Asr => "asr",
            Self::Tts => "tts",
            Self::Gateway => "gateway",
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what can be fetched by name, and all that is installed
    ///
    /// Published Piper voices can be fetched as well; they are shown once they are installed.
    List {
        /// One JSON array instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Fetch models, voices and libraries, and what these require
    ///
    /// A name that `list` does not show but that looks like a Piper voice's, such as
    /// `de_DE-thorsten-medium`, is looked up in the index of published voices.
    ///
    /// A mirror of Hugging Face is used if `HF_ENDPOINT` is set; Python packages come through pip
    /// with its own settings.
    Pull {
        /// What to fetch, as `list` names it, or a published Piper voice
        #[arg(required_unless_present = "services", value_name = "NAME")]
        names: Vec<String>,
        /// And all that a service needs with its default settings
        #[arg(long = "for", value_name = "SERVICE")]
        services: Vec<ServiceName>,
    },
    /// Read installed files and compare them with the digests that are known of them
    Verify {
        /// What to verify; all that is installed if nothing is named
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
    /// Print where the main file of an installed model is, or the directory
    Path {
        /// What to find, as `list` names it
        name: String,
    },
    /// Remove installed files
    Remove {
        /// What to remove, as `list` names it
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    // Models are no secret, and the services that read them often run as another user.
    rustix::process::umask(Mode::from_raw_mode(0o022));
    let arguments = Arguments::parse();
    match execute(arguments) {
        Ok(code) => code,
        // Whoever read our output had enough, as in `list | head`.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(failure) => {
            complain(&failure);
            match failure {
                Failure::Model(Error::Interrupted) => ExitCode::from(STOPPED),
                _ => ExitCode::FAILURE,
            }
        }
    }
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
        Command::Pull { names, services } => {
            let needed = services
                .into_iter()
                .flat_map(|service| catalogue.defaults_for(service.as_str()))
                .map(|entry| entry.name.clone());
            let names: Vec<String> = names.into_iter().chain(needed).collect();
            return pull::run(&store, catalogue, &names);
        }
        Command::Verify { names } => return verify(&store, catalogue, &names),
        Command::Path { name } => {
            let path = store.require(store.find(catalogue, &name)?.as_ref())?;
            writeln!(io::stdout(), "{}", path.display())?;
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

/// All names are looked up before anything is done, so that a typing error in the last one is
/// not found after a gigabyte.
fn find_all<'a>(
    store: &Store,
    catalogue: &'a Catalogue,
    names: &[String],
) -> Result<Vec<Cow<'a, Entry>>, Error> {
    names
        .iter()
        .map(|name| store.find(catalogue, name))
        .collect()
}

fn verify(store: &Store, catalogue: &Catalogue, names: &[String]) -> Result<ExitCode, Failure> {
    let entries: Vec<Cow<'_, Entry>> = if names.is_empty() {
        // Files of a wrong size count as installed here: they are what verifying is for.
        let known = catalogue
            .entries()
            .iter()
            .filter(|entry| store.path_of(entry).exists())
            .map(Cow::Borrowed);
        let beside = store.voices_beside(catalogue).into_iter().map(Cow::Owned);
        known.chain(beside).collect()
    } else {
        find_all(store, catalogue, names)?
    };
    if entries.is_empty() {
        writeln!(io::stdout(), "no models in {}", store.dir().display())?;
    }
    let mut code = ExitCode::SUCCESS;
    for entry in entries {
        let name = &entry.name;
        let (result, found) = match entry.origin {
            Origin::Catalogue | Origin::Index => (store.verify(&entry), "ok"),
            Origin::ByHand => (
                store.verify_voice(name),
                "not checked, as it was copied by hand and no digest of it is known",
            ),
        };
        match result {
            Ok(()) => writeln!(io::stdout(), "{name}: {found}")?,
            Err(error) => {
                complain(&error);
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}
