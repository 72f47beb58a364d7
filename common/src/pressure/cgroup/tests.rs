//! On a fake file system: `/proc/self` and two hierarchies in a temporary directory.

use tempfile::TempDir;

use super::*;

const HOST_BYTES: u64 = 100_000;

const V2: &str = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n";
const V1: &str = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
const V2_BESIDE_V1: &str = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

struct Machine {
    root: TempDir,
    cgroups: Cgroups,
}

impl Machine {
    /// A machine where the process is in the groups of `cgroup`.
    fn new(mountinfo: &str, cgroup: &str) -> Self {
        let root = TempDir::new().unwrap();
        write(root.path(), "proc/self/mountinfo", mountinfo);
        write(root.path(), "proc/self/cgroup", cgroup);
        let cgroups = Cgroups::discover(root.path());
        Self { root, cgroups }
    }

    fn with(self, directory: &str, files: &[(&str, &str)]) -> Self {
        for (name, text) in files {
            write(
                self.root.path(),
                &format!("sys/fs/cgroup/{directory}/{name}"),
                text,
            );
        }
        self
    }

    /// A group of v2 with 100 bytes of page cache beside what is used.
    fn with_v2(self, directory: &str, used: u64, max: &str, high: &str) -> Self {
        self.with(
            directory,
            &[
                ("memory.current", &format!("{}\n", used + 100)),
                ("memory.max", &format!("{max}\n")),
                ("memory.high", &format!("{high}\n")),
                ("memory.stat", "anon 1\ninactive_file 60\nactive_file 40\n"),
            ],
        )
    }

    /// The same of v1.
    fn with_v1(self, directory: &str, used: u64, limit: u64) -> Self {
        self.with(
            directory,
            &[
                ("memory.usage_in_bytes", &format!("{}\n", used + 100)),
                ("memory.limit_in_bytes", &format!("{limit}\n")),
                (
                    "memory.stat",
                    "total_inactive_file 60\ntotal_active_file 40\n",
                ),
            ],
        )
    }

    /// Name, used and limit of every level of memory.
    fn memory(&self) -> Vec<(String, u64, u64)> {
        let figures = |it: Reading| match (it.resource, it.scope) {
            (Resource::Memory, Scope::Cgroup { name }) => {
                Some((name, it.used_bytes?, it.limit_bytes?))
            }
            _ => None,
        };
        let readings = self.cgroups.readings(HOST_BYTES);
        readings.into_iter().filter_map(figures).collect()
    }
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn level(name: &str, used: u64, limit: u64) -> (String, u64, u64) {
    (name.into(), used, limit)
}

fn own_group_and_slice() -> [(String, u64, u64); 2] {
    [
        level("voice.service", 300, 1000),
        level("system.slice", 450, 500),
    ]
}

#[test]
fn v2_reads_the_own_group_and_every_one_above_it() {
    let machine = Machine::new(V2, "0::/system.slice/voice.service\n")
        .with_v2("system.slice/voice.service", 300, "1000", "max")
        .with_v2("system.slice", 450, "500", "max")
        .with_v2("other.slice", 9, "10", "max");
    assert_eq!(machine.memory(), own_group_and_slice());
}

#[test]
fn v1_reads_the_own_group_and_every_one_above_it() {
    let machine = Machine::new(V1, "4:memory:/system.slice/voice.service\n")
        .with_v1("memory/system.slice/voice.service", 300, 1000)
        .with_v1("memory/system.slice", 450, 500)
        .with_v1("memory", 800, 9_223_372_036_854_771_712);
    assert_eq!(machine.memory(), own_group_and_slice());
}

#[test]
fn v2_takes_the_lower_of_max_and_high() {
    for (max, high, limit) in [
        ("1000", "800", 800),
        ("700", "800", 700),
        ("max", "800", 800),
    ] {
        let machine = Machine::new(V2, "0::/x.slice\n").with_v2("x.slice", 300, max, high);
        assert_eq!(machine.memory(), [level("x.slice", 300, limit)]);
    }
}

#[test]
fn a_limit_that_is_none_or_not_below_the_host_is_left_out() {
    for max in ["max", "100000", "100001"] {
        let machine = Machine::new(V2, "0::/x.slice\n").with_v2("x.slice", 300, max, "max");
        assert_eq!(machine.memory(), [], "{max}");
    }
}

#[test]
fn both_hierarchies_are_read_where_both_are_mounted() {
    let both = format!("{V1}{V2_BESIDE_V1}");
    let machine = Machine::new(&both, "4:memory:/a/voice\n0::/b\n")
        .with_v1("memory/a/voice", 300, 1000)
        .with(
            "unified/b",
            &[("memory.pressure", "full avg10=3.50 avg60=0.00\n")],
        );
    assert_eq!(machine.memory(), [level("voice", 300, 1000)]);
    let readings = machine.cgroups.readings(HOST_BYTES);
    let psi = readings
        .iter()
        .find(|it| it.resource == Resource::Psi)
        .unwrap();
    assert_eq!(psi.scope, Scope::Cgroup { name: "b".into() });
    assert!((psi.percent - 3.5).abs() < f64::EPSILON);
}

#[test]
fn a_group_that_is_all_page_cache_uses_nothing() {
    let machine = Machine::new(V2, "0::/x\n")
        .with_v2("x", 0, "1000", "max")
        .with("x", &[("memory.current", "90\n")]);
    assert_eq!(machine.memory(), [level("x", 0, 1000)], "no underflow");
}

#[test]
fn in_a_cgroup_namespace_the_mount_point_is_the_own_group_and_has_no_name() {
    let machine = Machine::new(V2, "0::/\n").with_v2("", 300, "1000", "max");
    assert_eq!(machine.memory(), [level("", 300, 1000)]);
}

#[test]
fn a_mount_that_shows_a_part_of_the_hierarchy_hides_that_part_of_the_path() {
    let mountinfo = V1.replace(" / /sys", " /docker/1f9e /sys");
    let machine = Machine::new(&mountinfo, "4:memory:/docker/1f9e/inner\n")
        .with_v1("memory", 300, 1000)
        .with_v1("memory/inner", 200, 500);
    assert_eq!(
        machine.memory(),
        [level("inner", 200, 500), level("1f9e", 300, 1000)]
    );
}

#[test]
fn a_group_that_the_mount_does_not_show_falls_back_to_the_mount_point() {
    for (root, own) in [
        ("/docker/1f9e", "/docker/1f9"),
        ("/docker/1f9e", "/docker/1f9eab"),
        ("/docker/1f9e", "/"),
        ("/docker/1f9e", "/../elsewhere"),
    ] {
        let mountinfo = V1.replace(" / /sys", &format!(" {root} /sys"));
        let machine =
            Machine::new(&mountinfo, &format!("4:memory:{own}\n")).with_v1("memory", 300, 1000);
        assert_eq!(machine.memory(), [level("1f9e", 300, 1000)], "{own}");
    }
}

#[test]
fn a_path_never_leads_out_of_the_hierarchy() {
    let machine = Machine::new(V1, "4:memory:/../../elsewhere\n")
        .with_v1("../elsewhere", 300, 1000)
        .with_v1("elsewhere", 300, 1000)
        .with_v1("memory", 500, 1000);
    assert_eq!(machine.memory(), [level("", 500, 1000)]);
}

#[test]
fn the_mount_that_shows_more_levels_is_taken() {
    let part = "50 31 0:32 /a /part rw - cgroup cgroup rw,memory\n";
    for mountinfo in [format!("{part}{V1}"), format!("{V1}{part}")] {
        let machine = Machine::new(&mountinfo, "4:memory:/a/b\n")
            .with_v1("memory/a/b", 300, 1000)
            .with_v1("memory/a", 300, 2000);
        assert_eq!(
            machine.memory(),
            [level("b", 300, 1000), level("a", 300, 2000)]
        );
    }
}

#[test]
fn a_process_that_is_moved_is_found_again() {
    let machine = Machine::new(V2, "0::/before\n")
        .with_v2("before", 300, "1000", "max")
        .with_v2("after", 400, "1000", "max");
    assert_eq!(machine.memory(), [level("before", 300, 1000)]);
    write(machine.root.path(), "proc/self/cgroup", "0::/after\n");
    assert_eq!(machine.memory(), [level("after", 400, 1000)]);
}

#[test]
fn levels_that_vanished_or_hold_rubbish_are_skipped() {
    for (file, text) in [
        ("memory.current", ""),
        ("memory.max", "lots"),
        ("memory.stat", "inactive_file 1\n"),
        ("memory.stat", "inactive_file\nactive_file -1\n"),
    ] {
        let machine = Machine::new(V2, "0::/a/removed (deleted)\n")
            .with_v2("a", 300, "1000", "max")
            .with_v2("", 800, "9000", "max")
            .with("a", &[(file, text)]);
        assert_eq!(machine.memory(), [level("", 800, 9000)], "{file}: {text}");
    }
}

#[test]
fn a_box_without_cgroups_has_no_readings() {
    let empty = TempDir::new().unwrap();
    let cgroups = Cgroups::discover(empty.path());
    assert_eq!(cgroups.readings(HOST_BYTES), []);
    assert_eq!(Machine::new("", "0::/\n").memory(), []);
}
