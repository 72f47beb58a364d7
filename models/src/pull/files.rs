//! Finished files that are published one by one.

use std::fs;

use super::address;
use super::download::Download;
use super::puller::Puller;
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
        let shown = match entry.files() {
            [_] => &entry.name,
            _ => file.file_name(),
        };
        Download {
            entry,
            shown: shown.to_owned(),
            what: file.file_name().to_owned(),
            expected: file,
            url,
            offset_bytes: None,
            part,
            after_bytes: 0,
            puller,
        }
        .run()?;
    }
    puller.install(entry, files.iter().copied().zip(&parts))
}
