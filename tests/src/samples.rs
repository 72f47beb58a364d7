//! Real speech.

use std::path::{Path, PathBuf};

use voice_stack_audio::DecodeLimits;

use crate::synthetic;

/// A spoken sentence and its words.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The recording.
    pub path: PathBuf,
    /// ISO-639-1 code.
    pub language: String,
    /// What is said.
    pub words: String,
}

impl Sample {
    /// The file's content.
    ///
    /// # Panics
    /// It can't be read.
    pub fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.path).expect("the sample can be read")
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this crate is in the workspace")
}

/// The file that [`jfk`] reads.
pub fn jfk_path() -> PathBuf {
    root().join("samples/jfk.flac")
}

/// Kennedy's inaugural address, 11 s of FLAC.
///
/// # Panics
/// It isn't there.
pub fn jfk() -> Vec<u8> {
    std::fs::read(jfk_path()).expect("the sample is part of the project")
}

/// [`jfk`] as 16 kHz mono samples.
///
/// # Panics
/// It isn't there.
pub fn jfk_samples() -> Vec<f32> {
    let limits = DecodeLimits {
        max_audio_seconds: 60.0,
    };
    voice_stack_audio::decode(jfk(), None, limits, &|| false)
        .expect("the sample is sound")
        .samples
}

/// The first two seconds of [`jfk`] as WAV: "And so, my fellow".
///
/// # Panics
/// It isn't there.
pub fn jfk_clip_wav() -> Vec<u8> {
    synthetic::wav(&jfk_samples()[..32_000])
}

/// About as much of [`jfk`] as FLAC whose end is missing.
///
/// # Panics
/// It isn't there.
pub fn jfk_clip_flac() -> Vec<u8> {
    let mut file = jfk();
    file.truncate(40_000);
    file
}

/// A second of a tone in every container and codec that the service decodes, by file name.
///
/// # Panics
/// They aren't there.
pub fn every_format() -> Vec<(String, Vec<u8>)> {
    let folder = root().join("audio/src/fixtures");
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .expect("the fixtures are part of the project")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_string();
            let content = std::fs::read(&path).expect("the fixture can be read");
            name.starts_with("tone-").then_some((name, content))
        })
        .collect();
    files.sort();
    files
}

/// The sentence that tests look for in transcripts of [`jfk`], as [`plain`] writes it.
pub const JFK_PHRASE: &str = "ask not what your country can do for you";

/// A transcript in lower case, without commas and full stops.
pub fn plain(text: &str) -> String {
    text.to_lowercase().replace([',', '.'], "")
}

/// The recordings beside the project, if they are there.
pub fn shared() -> Option<Vec<Sample>> {
    let folder = root().parent()?.join("shared/audio");
    let table = std::fs::read_to_string(folder.join("refs.tsv")).ok()?;
    let samples = table.lines().filter_map(|line| {
        let mut columns = line.split('\t');
        Some(Sample {
            path: folder.join(columns.next()?),
            language: columns.next()?.into(),
            words: columns.next()?.into(),
        })
    });
    Some(samples.collect())
}

/// Broken files beside the project, if they are there.
pub fn malformed() -> Vec<PathBuf> {
    let folder = root()
        .parent()
        .map(|parent| parent.join("shared/audio/malformed"));
    folder
        .and_then(|folder| std::fs::read_dir(folder).ok())
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default()
}
