//! What the index said about a published voice, kept beside the voice's files.
//!
//! A record has the form of the catalogue, with one entry, and goes through the same checks. So
//! a pulled voice is an entry like any other from then on.

use std::fs;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::Store;
use crate::catalogue::{Catalogue, Draft, Entry, Origin};
use crate::error::Error;
use crate::names;

/// A record is under a kilobyte; more is not read.
const MAX_BYTES: u64 = 64 * 1024;

const HEAD: &str = "# Written by `voice-stack-models pull`: what the index of published voices \
                    says about this voice.\n\n";

#[derive(Serialize)]
struct File {
    model: [Draft; 1],
}

impl Store {
    /// Where the record of that voice is, or would be.
    pub(crate) fn record_path(&self, name: &str) -> PathBuf {
        self.dir.join(relative_path(name))
    }

    /// The entry of a published voice that was pulled; `None` if there is no record of it.
    ///
    /// # Errors
    ///
    /// [`Error::Record`] if the record is damaged.
    pub(crate) fn record(&self, name: &str) -> Result<Option<Entry>, Error> {
        if !names::is_plain_in_any_script(name) {
            return Ok(None);
        }
        let path = self.record_path(name);
        let damaged = |why: String| Error::Record {
            name: name.to_owned(),
            path: path.clone(),
            why,
        };
        let mut text = String::new();
        match fs::File::open(&path).and_then(|file| file.take(MAX_BYTES).read_to_string(&mut text))
        {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(damaged(error.to_string())),
        }
        let catalogue = Catalogue::parse(&text).map_err(|error| match error {
            Error::Catalogue(why) => damaged(why),
            other => other,
        })?;
        match catalogue.entries() {
            [entry] if entry.name == name && entry.is_piper_voice() => Ok(Some(Entry {
                origin: Origin::Index,
                ..entry.clone()
            })),
            _ => Err(damaged(format!("it is not about {name}"))),
        }
    }

    /// Keeps what the index said about `entry`.
    pub(crate) fn write_record(&self, entry: &Entry) -> Result<(), Error> {
        let path = self.record_path(&entry.name);
        let text = toml::to_string(&File {
            model: [Draft::from(entry)],
        })
        .map_err(|error| Error::io(&path)(io::Error::other(error)))?;
        let parent = path.parent().unwrap_or(&self.dir);
        fs::create_dir_all(parent).map_err(Error::io(parent))?;
        let part = path.with_added_extension("part");
        fs::File::create(&part)
            .and_then(|mut file| {
                file.write_all(HEAD.as_bytes())?;
                file.write_all(text.as_bytes())?;
                file.sync_all()
            })
            .map_err(Error::io(&part))?;
        self.rename(&part, &relative_path(&entry.name))
    }
}

fn relative_path(name: &str) -> String {
    format!("voices/{name}.record.toml")
}
