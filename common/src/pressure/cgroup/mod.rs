//! The limits that sysinfo's host figures know nothing of: systemd's `MemoryMax`, a
//! container's memory limit. The kernel kills by whichever level is full first, so every
//! level between the process and the root of what can be seen is read.

mod parse;

use std::fs;
use std::path::{Component, Path, PathBuf};

use self::parse::{Mount, Version};
use super::psi;
use super::reading::{Reading, Resource, Scope};

/// The cgroup hierarchies of the box that can limit memory.
#[derive(Debug)]
pub(super) struct Cgroups {
    /// `/`, or a directory that stands for it in tests.
    root: PathBuf,
    mounts: Vec<Mount>,
}

/// One group that the process is in.
#[derive(Debug)]
struct Level {
    directory: PathBuf,
    name: String,
}

impl Cgroups {
    /// Finds the hierarchies, once: mounts stay, unlike the groups that the process is in.
    pub(super) fn discover(root: &Path) -> Self {
        let mountinfo = read(&root.join("proc/self/mountinfo")).unwrap_or_default();
        Self {
            root: root.into(),
            mounts: parse::mounts(&mountinfo),
        }
    }

    /// Memory of every level that has a limit below `host_bytes`, own group first, and the
    /// stalls of the own group. What can't be read or understood is left out: groups come
    /// and go at any time.
    pub(super) fn readings(&self, host_bytes: u64) -> Vec<Reading> {
        // Anew each time: systemd moves processes while they run.
        let Some(own) = read(&self.root.join("proc/self/cgroup")) else {
            return Vec::new();
        };
        let mut readings = Vec::new();
        for version in [Version::V2, Version::V1] {
            let Some(path) = parse::membership(&own, version) else {
                continue;
            };
            let levels = self.levels(version, Path::new(path));
            if version == Version::V2
                && let Some(own) = levels.first()
            {
                readings.extend(psi::read(
                    &own.directory.join("memory.pressure"),
                    own.scope(),
                ));
            }
            let memory = |level| memory(level, version, host_bytes);
            readings.extend(levels.iter().filter_map(memory));
        }
        readings
    }

    /// The group at `path` and all above it that can be seen, from the inside out.
    fn levels(&self, version: Version, path: &Path) -> Vec<Level> {
        let mounts = || self.mounts.iter().filter(|it| it.version == version);
        // Of several mounts of a hierarchy, the one that shows the most of it.
        let visible = mounts()
            .filter_map(|mount| Some((mount, below(&mount.root, path)?)))
            .max_by_key(|(_, names)| names.len());
        // A container without a cgroup namespace may show a group at its mount point that
        // isn't named in the path. It is the container's own: nothing else would be there.
        let Some((mount, names)) = visible.or_else(|| Some((mounts().next()?, Vec::new()))) else {
            return Vec::new();
        };
        let mut level = Level {
            directory: inside(&self.root, &mount.directory),
            name: last_name(&mount.root),
        };
        let mut levels = Vec::with_capacity(names.len() + 1);
        for name in names {
            let directory = level.directory.join(name);
            levels.push(level);
            level = Level {
                directory,
                name: name.into(),
            };
        }
        levels.push(level);
        levels.reverse();
        levels
    }
}

impl Level {
    fn scope(&self) -> Scope {
        Scope::Cgroup {
            name: self.name.clone(),
        }
    }
}

fn memory(level: &Level, version: Version, host_bytes: u64) -> Option<Reading> {
    let file = |name| read(&level.directory.join(name));
    let limit = |name| parse::limit_bytes(&file(name)?);
    // Limits first: most levels have none, and then the other files needn't be read.
    let (limit, usage) = match version {
        Version::V1 => (limit("memory.limit_in_bytes"), "memory.usage_in_bytes"),
        Version::V2 => {
            let limits = [limit("memory.max"), limit("memory.high")];
            (limits.into_iter().flatten().min(), "memory.current")
        }
    };
    let limit = limit.filter(|it| *it < host_bytes)?;
    let usage = parse::bytes(&file(usage)?)?;
    let page_cache = parse::page_cache_bytes(&file("memory.stat")?, version)?;
    // The two were read one after the other: the cache may have grown past the usage.
    let used = usage.saturating_sub(page_cache);
    Reading::of_bytes(Resource::Memory, level.scope(), used, limit)
}

/// The names that lead from the group `root` to the group `path`; none if it isn't below.
/// The path of a group outside of the own cgroup namespace begins with `/..`.
fn below<'a>(root: &Path, path: &'a Path) -> Option<Vec<&'a str>> {
    let name = |it| match it {
        Component::Normal(name) => name.to_str(),
        _ => None,
    };
    path.strip_prefix(root)
        .ok()?
        .components()
        .map(name)
        .collect()
}

/// Empty for `/`, and for what a namespace shows as `/..`.
fn last_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The absolute `path` as if `root` were `/`.
fn inside(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// Some mount point may have a name that is no UTF-8; that must not hide the others.
fn read(path: &Path) -> Option<String> {
    let bytes = fs::read(path).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
