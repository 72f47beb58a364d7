//! What a run comes to, in the forms that people and programs read.

pub(crate) mod document;
pub(crate) mod figures;
pub(crate) mod junit;
pub(crate) mod log;
pub(crate) mod page;
pub(crate) mod plan;
pub(crate) mod table;
pub(crate) mod terminal;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use self::document::Document;
use crate::exit::Failure;
use crate::quote::shown;

/// Files that a report can be written to, beside the terminal.
#[derive(Debug, Clone, Default, Args)]
pub struct Files {
    /// Write everything as JSON, which `compare` reads
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub json: Option<PathBuf>,

    /// Write one line for each request
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub csv: Option<PathBuf>,

    /// Write a page with plots that needs nothing else
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub html: Option<PathBuf>,

    /// Write objectives and checks as a JUnit test report
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub junit: Option<PathBuf>,

    /// Write the latencies as a log of HdrHistogram
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub hdr: Option<PathBuf>,
}

/// Writes the files that were asked for.
///
/// # Errors
/// One can't be written.
pub(crate) fn write(document: &Document, files: &Files) -> Result<(), Failure> {
    write_with(document, document, files)
}

/// As [`write()`], where the JSON holds more than the document.
///
/// # Errors
/// One can't be written.
pub(crate) fn write_with(
    document: &Document,
    json: &impl Serialize,
    files: &Files,
) -> Result<(), Failure> {
    write_json(json, files.json.as_deref())?;
    save("csv", files.csv.as_deref(), |file| {
        table::write(document, file).map_err(|it| it.to_string())
    })?;
    save("html", files.html.as_deref(), |file| {
        let page = page::render(document);
        file.write_all(page.as_bytes()).map_err(|it| it.to_string())
    })?;
    save("hdr", files.hdr.as_deref(), |file| {
        log::write(document, file)
    })?;
    save("junit", files.junit.as_deref(), |file| {
        let report = junit::of_objectives(document);
        report.serialize(file).map_err(|it| it.to_string())
    })
}

/// Writes the file of `--json` if it has a name.
///
/// # Errors
/// It can't be written.
pub(crate) fn write_json(report: &impl Serialize, path: Option<&Path>) -> Result<(), Failure> {
    save("json", path, |file| {
        serde_json::to_writer(file, report).map_err(|it| it.to_string())
    })
}

/// Writes a file if it has a name. `flag` is that of the command line which gave it.
///
/// # Errors
/// It can't be written.
pub(crate) fn save(
    flag: &str,
    path: Option<&Path>,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), String>,
) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let failed = |cause: String| {
        let path = path.to_string_lossy();
        Failure::Usage(format!("--{flag} {}: {cause}", shown(&path)))
    };
    let file = File::create(path).map_err(|it| failed(it.to_string()))?;
    let mut file = BufWriter::new(file);
    write(&mut file).map_err(failed)?;
    file.flush().map_err(|it| failed(it.to_string()))
}
