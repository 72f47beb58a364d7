//! Finished files that are published one by one.

use std::fs;

use super::puller::Puller;
use super::{address, download};
use crate::catalogue::{Entry, FileSpec};
use crate::error::Error;

/// Downloads all `files` before it installs the first, so that they change together.
pub(super) fn download(
    puller: &Puller<'_>,
    entry: &Entry,
    files: &[&FileSpec],
    url_of: impl Fn(&FileSpec) -> String,
) -> Result<(), Error> {
    let parts: Vec<_> = files
        .iter()
        .map(|file| puller.store.part_path(file))
        .collect();
    let missing = files.iter().zip(&parts).map(|(file, part)| {
        let have = fs::metadata(part).map_or(0, |part| part.len());
        file.size_bytes.saturating_sub(have)
    });
    puller.check_space(entry, missing.sum())?;
    for (file, part) in files.iter().zip(&parts) {
        puller.store.make_room_for(file)?;
        let url = address::resolve(&url_of(file), puller.options.hub_endpoint.as_deref())?;
        download::Download {
            entry,
            file,
            url,
            part,
            puller,
        }
        .run()?;
    }
    puller.install(entry, files.iter().copied().zip(&parts))
}
