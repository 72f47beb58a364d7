//! A corpus of the operator's own: a folder of audio files and `refs.tsv`, which says what is
//! said in them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use voice_stack_audio::{self as audio, DecodeLimits};

use super::{Class, Recording};
use crate::quote::shown;

/// The list of a corpus, beside its files: name, language, and what is said, between tabs.
const LIST: &str = "refs.tsv";

/// Longer recordings would make a run long and tell little more about a service.
const MOST_SECONDS: f64 = 3600.0;

/// Why a folder is no corpus.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// A file can't be read.
    #[error("{}: {cause}", shown(&path.to_string_lossy()))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system or the decoder says.
        cause: std::io::Error,
    },
    /// A line of the list has other columns.
    #[error(
        "{}, line {line}: {what}. A line holds the name of a file, the code of its language and \
         what is said in it, separated by tabs; '#' begins a remark",
        shown(&path.to_string_lossy())
    )]
    Line {
        /// The list.
        path: PathBuf,
        /// Its number, from 1 on.
        line: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A file holds no audio that the tool knows.
    #[error("{}: {}", shown(&path.to_string_lossy()), shown(cause))]
    NoAudio {
        /// The file.
        path: PathBuf,
        /// What the system or the decoder says.
        cause: String,
    },
    /// There is no line in the list.
    #[error("{}: it names no file", shown(&path.to_string_lossy()))]
    Empty {
        /// The list.
        path: PathBuf,
    },
}

/// Reads a corpus. A file whose text is empty is taken for silence if nothing sounds in it,
/// and for noise if something does.
///
/// # Errors
/// The first thing about it that can't be used.
pub fn read(folder: &Path) -> Result<Vec<Arc<Recording>>, CorpusError> {
    let list = folder.join(LIST);
    let unreadable = |path: &Path| {
        let path = path.to_path_buf();
        move |cause| CorpusError::Unreadable { path, cause }
    };
    let text = std::fs::read_to_string(&list).map_err(unreadable(&list))?;
    let mut recordings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let entry = entry(line).map_err(|what| CorpusError::Line {
            path: list.clone(),
            line: index + 1,
            what,
        })?;
        let path = folder.join(entry.name);
        let file = std::fs::read(&path).map_err(unreadable(&path))?;
        recordings.push(Arc::new(recording(&entry, file, &path)?));
    }
    if recordings.is_empty() {
        return Err(CorpusError::Empty { path: list });
    }
    Ok(recordings)
}

struct Entry<'a> {
    name: &'a str,
    language: &'a str,
    reference: &'a str,
}

fn entry(line: &str) -> Result<Entry<'_>, &'static str> {
    let mut fields = line.splitn(3, '\t').map(str::trim);
    let mut next = |missing| fields.next().ok_or(missing);
    let name = next("it names no file")?;
    let language = next("there is no language in it")?;
    let reference = next("it doesn't say what is said")?;
    if name.is_empty() {
        return Err("it names no file");
    }
    let is_code = |it: &str| (2..=3).contains(&it.len()) && it.chars().all(char::is_alphabetic);
    // `en-GB` is as good as `en` to a recogniser.
    let language = language.split(['-', '_']).next().unwrap_or(language);
    if !is_code(language) {
        return Err("its language is no code such as 'en'");
    }
    Ok(Entry {
        name,
        language,
        reference,
    })
}

fn recording(entry: &Entry<'_>, file: Vec<u8>, path: &Path) -> Result<Recording, CorpusError> {
    let limits = DecodeLimits {
        max_audio_seconds: MOST_SECONDS,
    };
    let decoded = audio::decode(file.clone(), Some(entry.name), limits, &|| false);
    let decoded = decoded.map_err(|cause| CorpusError::NoAudio {
        path: path.to_path_buf(),
        cause: cause.to_string(),
    })?;
    let audio_seconds = decoded.duration_seconds();
    let class = if !entry.reference.is_empty() {
        Class::of_speech(audio_seconds)
    } else if decoded.samples.iter().all(|it| it.abs() < 0.001) {
        Class::Silence
    } else {
        Class::Noise
    };
    Ok(Recording {
        name: entry.name.to_string(),
        class,
        file: Bytes::from(file),
        audio_seconds,
        reference: entry.reference.to_string(),
        language: entry.language.to_lowercase(),
    })
}
