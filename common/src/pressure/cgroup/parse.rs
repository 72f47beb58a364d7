//! The text files of cgroups and of /proc, text in, value out.
//!
//! Formats: cgroups(7), proc_pid_mountinfo(5),
//! <https://docs.kernel.org/admin-guide/cgroup-v2.html> and
//! <https://docs.kernel.org/admin-guide/cgroup-v1/memory.html>.

use std::path::PathBuf;

/// From here on, a limit of v1 means none: it writes the largest multiple of a page that
/// fits an `i64`, whatever the size of a page is.
const UNLIMITED_BYTES: u64 = 1 << 62;

/// The two kinds of hierarchy that can limit memory. A box may have both mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// The `memory` controller's own hierarchy.
    V1,
    /// The unified hierarchy, with or without the memory controller.
    V2,
}

/// A place where a hierarchy can be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) version: Version,
    /// The group that is seen at the mount point; `/` unless a container sees only a part.
    pub(super) root: PathBuf,
    /// The mount point.
    pub(super) directory: PathBuf,
}

/// The mounts of /proc/self/mountinfo that can limit memory and that can be reached: a later
/// mount covers an earlier one at the same place.
pub(super) fn mounts(mountinfo: &str) -> Vec<Mount> {
    let mut mounts: Vec<Mount> = Vec::new();
    for mount in mountinfo.lines().filter_map(mount) {
        mounts.retain(|it| it.directory != mount.directory);
        mounts.push(mount);
    }
    mounts
}

/// `36 35 98:0 /root /mount-point options [optional fields] - type source super-options`
fn mount(line: &str) -> Option<Mount> {
    let (mount, filesystem) = line.split_once(" - ")?;
    let mut mount = mount.split(' ').skip(3);
    let (root, directory) = (mount.next()?, mount.next()?);
    let mut filesystem = filesystem.split(' ');
    let (kind, _source, options) = (filesystem.next()?, filesystem.next()?, filesystem.next()?);
    let version = match kind {
        "cgroup2" => Version::V2,
        "cgroup" if options.split(',').any(|it| it == "memory") => Version::V1,
        _ => return None,
    };
    Some(Mount {
        version,
        root: unescape(root).into(),
        directory: unescape(directory).into(),
    })
}

/// Undoes `\040` for a space and the like. Backslashes are common: systemd names groups
/// `a\x2db.slice`, which mountinfo writes as `a\134x2db.slice`.
fn unescape(field: &str) -> String {
    let mut parts = field.split('\\');
    let mut text = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let octal = part
            .get(..3)
            .filter(|it| it.bytes().all(|b| b.is_ascii_digit()));
        match octal.map(|it| u8::from_str_radix(it, 8)) {
            Some(Ok(byte)) if byte.is_ascii() => {
                text.push(byte.into());
                text.push_str(&part[3..]);
            }
            _ => {
                text.push('\\');
                text.push_str(part);
            }
        }
    }
    text
}

/// The group of the process in the hierarchy of `version`, out of /proc/self/cgroup.
pub(super) fn membership(cgroup: &str, version: Version) -> Option<&str> {
    cgroup.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (id, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        let found = match version {
            Version::V1 => controllers.split(',').any(|it| it == "memory"),
            Version::V2 => id == "0" && controllers.is_empty(),
        };
        found.then_some(path)
    })
}

/// A file that holds one number of bytes.
pub(super) fn bytes(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// A limit in bytes; none where there is no limit. A limit of zero counts as none: no
/// process runs under it, and `memory.high` is set to it for a moment to make room.
pub(super) fn limit_bytes(text: &str) -> Option<u64> {
    bytes(text).filter(|it| (1..UNLIMITED_BYTES).contains(it))
}

/// The file pages in `memory.stat`, in bytes: what the kernel can drop and read again.
/// Shared memory and tmpfs are not among them, and rightly: they can't be dropped.
pub(super) fn page_cache_bytes(stat: &str, version: Version) -> Option<u64> {
    let (inactive, active) = match version {
        // Without `total_` v1 tells only of the group itself, not of those below it.
        Version::V1 => ("total_inactive_file", "total_active_file"),
        Version::V2 => ("inactive_file", "active_file"),
    };
    Some(stat_bytes(stat, inactive)?.saturating_add(stat_bytes(stat, active)?))
}

fn stat_bytes(stat: &str, key: &str) -> Option<u64> {
    stat.lines().find_map(|line| {
        let (name, value) = line.split_once(' ')?;
        (name == key).then(|| bytes(value))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seen(version: Version, root: &str, directory: &str) -> Mount {
        Mount {
            version,
            root: root.into(),
            directory: directory.into(),
        }
    }

    #[test]
    fn the_hierarchies_that_limit_memory_are_found_among_all_mounts() {
        let mountinfo = r"
23 1 0:21 / / rw,relatime - overlay overlay rw,lowerdir=/a,upperdir=/b
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 master:3 - cgroup2 cgroup2 rw
50 31 0:32 /docker/ab\134x2d1 /with\040space ro - cgroup cgroup rw,hugetlb,memory
";
        assert_eq!(
            mounts(mountinfo),
            [
                seen(Version::V1, "/", "/sys/fs/cgroup/memory"),
                seen(Version::V2, "/", "/sys/fs/cgroup/unified"),
                seen(Version::V1, r"/docker/ab\x2d1", "/with space"),
            ]
        );
    }

    #[test]
    fn a_mount_covers_an_earlier_one_at_the_same_place() {
        let mountinfo = "\
51 47 0:32 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
63 51 0:32 /docker/1f9e /sys/fs/cgroup rw - cgroup2 cgroup2 rw
";
        assert_eq!(
            mounts(mountinfo),
            [seen(Version::V2, "/docker/1f9e", "/sys/fs/cgroup")]
        );
    }

    #[test]
    fn escapes_that_are_none_stay_as_they_are() {
        for (field, expected) in [
            (r"/a\040b\040", "/a b "),
            (r"/a\134040", r"/a\040"),
            (r"/a\", r"/a\"),
            (r"/a\9", r"/a\9"),
            (r"/a\999b", r"/a\999b"),
            (r"/a\377", r"/a\377"),
            (r"/ü\011ü", "/ü\tü"),
        ] {
            assert_eq!(unescape(field), expected);
        }
    }

    #[test]
    fn the_own_group_is_found_in_both_hierarchies() {
        let cgroup = "9:name=systemd:/s\n4:hugetlb,memory:/a:b/c\n0::/user.slice\n";
        assert_eq!(membership(cgroup, Version::V1), Some("/a:b/c"));
        assert_eq!(membership(cgroup, Version::V2), Some("/user.slice"));
        assert_eq!(membership("0::/x\n", Version::V1), None);
        assert_eq!(membership("4:memory:/x\n", Version::V2), None);
        assert_eq!(membership("rubbish\n0:\n", Version::V2), None);
    }

    #[test]
    fn a_limit_is_a_number_that_can_be_reached() {
        assert_eq!(limit_bytes("629145600\n"), Some(629_145_600));
        for none in [
            "max\n",
            "9223372036854771712\n",
            "9223372036854710272\n",
            "18446744073709551615\n",
            "0\n",
            "-1\n",
            "",
            "12 34",
        ] {
            assert_eq!(limit_bytes(none), None, "{none}");
        }
    }

    #[test]
    fn page_cache_is_the_file_pages_of_the_group_and_those_below() {
        let v2 = "anon 7\nfile 90\nshmem 5\nactive_file 20\ninactive_file 3\n";
        assert_eq!(page_cache_bytes(v2, Version::V2), Some(23));
        let v1 = "inactive_file 1\nactive_file 1\ntotal_inactive_file 30\ntotal_active_file 4\n";
        assert_eq!(page_cache_bytes(v1, Version::V1), Some(34));
        for incomplete in ["", "active_file 20\n", "active_file\ninactive_file x\n"] {
            assert_eq!(page_cache_bytes(incomplete, Version::V2), None);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_them_panic(
            text in r"( - |cgroup2? |memory|[:,/ \n\\]|[0-9]{1,4}|(in)?active_file |\PC){0,40}",
        ) {
            for version in [Version::V1, Version::V2] {
                let _ = membership(&text, version);
                let _ = page_cache_bytes(&text, version);
            }
            let _ = (mounts(&text), unescape(&text), limit_bytes(&text));
        }
    }
}
