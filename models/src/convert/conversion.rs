//! What all conversions have in common: what they read, what they make, and how they fail.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use crate::form::ModelForm;

/// A way to turn files of packages into a model file.
pub(crate) struct Conversion {
    /// Its name in the catalogue.
    pub(super) name: &'static str,
    /// What it reads.
    pub(crate) inputs: &'static [Input],
    /// Forms of the model that it can make.
    pub(crate) forms: &'static [ModelForm],
    pub(super) run: fn(&Inputs, ModelForm, &mut dyn Write) -> Result<(), ConvertError>,
}

/// A file that a conversion reads.
pub(crate) struct Input {
    /// What it is to the conversion: the `role` of package members in the catalogue.
    pub(crate) role: &'static str,
    /// Whether it may be joined from several members.
    pub(crate) is_joined: bool,
}

/// The files of a conversion's [`Input`]s, each in the same directory.
pub(crate) struct Inputs {
    dir: PathBuf,
}

impl Conversion {
    /// Writes the model made of `inputs` in that form to `out`.
    pub(crate) fn run(
        &self,
        inputs: &Inputs,
        form: ModelForm,
        out: &mut dyn Write,
    ) -> Result<(), ConvertError> {
        (self.run)(inputs, form, out)
    }
}

impl Inputs {
    pub(crate) fn inside(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
        }
    }

    /// Where the input of that role, one of a [`Conversion`]'s, is or is to be put.
    pub(crate) fn path(&self, role: &str) -> PathBuf {
        self.dir.join(format!("input-{role}"))
    }

    pub(super) fn open(&self, role: &str) -> io::Result<BufReader<File>> {
        File::open(self.path(role)).map(BufReader::new)
    }

    pub(super) fn read(&self, role: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(role)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Why an input can't be converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The input breaks the rules of its own format, or is not the model it should be.
    #[error("{0}")]
    Malformed(String),
    /// Reading the input or writing the result failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Shorthand for a malformed input.
pub(super) fn malformed<T>(why: impl Into<String>) -> Result<T, ConvertError> {
    Err(ConvertError::Malformed(why.into()))
}
