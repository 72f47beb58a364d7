//! Finished files and directories out of wheels.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use voice_stack_models::Error;
use voice_stack_models::pull::Pulled;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::fixture::{Fixture, sha256};
use crate::support::wheel::{DELIVER, fixture, wheel};

const LIBRARY: &[u8] = b"a library";
const PROVIDER: &[u8] = b"its provider";

/// An entry of two files in a folder.
fn library() -> String {
    format!(
        "[[model]]
name = \"demo\"
kind = \"runtime\"
licence = \"MIT\"
file = [
  {{ path = \"demo/lib.so\", size_bytes = {}, sha256 = \"{}\" }},
  {{ path = \"demo/provider.so\", size_bytes = {}, sha256 = \"{}\" }},
]

[[model.source]]
type = \"wheel\"

[model.source.package]
name = \"demo-weights\"
version = \"1.0\"
wheel_bytes = 100000
wheel = {{ python = \"3.12\", abi = \"cp312\", platform = \"manylinux_2_28_x86_64\" }}

[model.source.members]
\"demo/lib.so\" = \"pkg/lib.so.1.2\"
\"demo/provider.so\" = \"pkg/provider.so\"
",
        LIBRARY.len(),
        sha256(LIBRARY),
        PROVIDER.len(),
        sha256(PROVIDER),
    )
}

fn library_wheel() -> Vec<u8> {
    wheel(&[
        ("pkg/lib.so.1.2", LIBRARY),
        ("pkg/provider.so", PROVIDER),
        ("../escaped", b"x"),
    ])
}

#[test]
fn all_files_of_an_entry_are_taken_out_of_the_wheel() {
    let fixture = fixture(&library(), &library_wheel(), DELIVER);

    assert_eq!(fixture.pull().unwrap(), Pulled::Fetched);

    assert_eq!(fixture.files(), ["demo"]);
    assert_eq!(fixture.files_in("demo"), ["lib.so", "provider.so"]);
    assert_eq!(fixture.installed().unwrap(), LIBRARY);
    fixture.store.verify(fixture.entry()).unwrap();
    assert_eq!(fixture.pull().unwrap(), Pulled::AlreadyInstalled);
}

#[test]
fn pip_is_told_which_wheel_whatever_python_runs_it() {
    let fixture = fixture(&library(), &library_wheel(), DELIVER);
    fixture.pull().unwrap();

    let arguments = fs::read_to_string(fixture.beside().join("arguments")).unwrap();

    assert!(
        arguments.contains(
            "--implementation cp --python-version 3.12 --abi cp312 --platform manylinux_2_28_x86_64"
        ),
        "{arguments}"
    );
}

#[test]
fn only_what_is_missing_or_damaged_is_replaced() {
    let fixture = fixture(&library(), &library_wheel(), DELIVER);
    fixture.pull().unwrap();
    let (kept, damaged) = (
        fixture.store.dir().join("demo/lib.so"),
        fixture.store.dir().join("demo/provider.so"),
    );
    let before = fs::metadata(&kept).unwrap().modified().unwrap();
    fs::write(&damaged, b"its PROVIDER").unwrap();
    assert!(matches!(
        fixture.store.verify(fixture.entry()),
        Err(Error::Damaged { path, .. }) if path == damaged
    ));

    fixture.pull().unwrap();

    assert_eq!(fs::read(damaged).unwrap(), PROVIDER);
    assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), before);
}

#[test]
fn one_wrong_file_keeps_all_from_being_installed() {
    for (provider, why) in [
        (&b"its PROVIDER"[..], "digest"),
        (b"its", "expected"),
        (b"its provider and more", "more than the"),
    ] {
        let wheel = wheel(&[("pkg/lib.so.1.2", LIBRARY), ("pkg/provider.so", provider)]);
        let fixture = fixture(&library(), &wheel, DELIVER);

        let error = fixture.pull_error();

        assert!(error.contains(why), "{error}");
        assert_eq!(fixture.files(), [""; 0]);
    }
}

#[test]
fn a_wheel_far_larger_than_stated_is_not_opened() {
    let grow = "head -c 200000 /dev/zero >> \"$dest/demo_weights-1.0-py3-none-any.whl\"";
    let script = format!("{DELIVER}\n{grow}");
    let fixture = fixture(&library(), &library_wheel(), &script);

    let error = fixture.pull_error();

    assert!(error.contains("expected 100000"), "{error}");
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn removing_takes_away_every_file() {
    let fixture = fixture(&library(), &library_wheel(), DELIVER);
    fixture.pull().unwrap();

    assert!(fixture.store.remove(fixture.entry()).unwrap());

    assert_eq!(fixture.files_in("demo"), [""; 0]);
    assert!(!fixture.store.remove(fixture.entry()).unwrap());
}

const TREE: [(&str, &[u8]); 3] = [
    ("lang/gmw/de", b"name German"),
    ("phondata", b"sounds"),
    // Sorted by bytes, this comes after `phondata`, and before `voices/Mr serious`.
    ("voices/!v/Mr serious", b"a voice"),
];

/// An entry of a directory with [`TREE`] in it, taken from `pkg/data`.
fn tree() -> String {
    tree_with(&TREE)
}

fn tree_with(files: &[(&str, &[u8])]) -> String {
    let lines = files.iter().fold(String::new(), |lines, (path, content)| {
        lines + &sha256(content) + "  " + path + "\n"
    });
    let total: usize = files.iter().map(|(_, content)| content.len()).sum();
    format!(
        "[[model]]
name = \"demo\"
kind = \"phonemes\"
licence = \"GPL-3.0-or-later\"
tree = {{ path = \"data\", file_count = {}, size_bytes = {total}, sha256 = \"{}\" }}

[[model.source]]
type = \"wheel-folder\"
folder = \"pkg/data\"
package = {{ name = \"demo-weights\", version = \"1.0\", wheel_bytes = 100000 }}
",
        files.len(),
        sha256(lines.as_bytes()),
    )
}

/// A wheel of [`TREE`], and `more`, all inside `pkg`.
fn tree_wheel(more: &[(&str, &[u8])]) -> Vec<u8> {
    let all: Vec<(String, &[u8])> = TREE
        .iter()
        .map(|(path, content)| (format!("pkg/data/{path}"), *content))
        .chain(
            more.iter()
                .map(|(path, content)| (format!("pkg/{path}"), *content)),
        )
        .collect();
    let all: Vec<(&str, &[u8])> = all
        .iter()
        .map(|(path, content)| (path.as_str(), *content))
        .collect();
    wheel(&all)
}

fn installed_tree() -> Fixture {
    let fixture = fixture(&tree(), &tree_wheel(&[]), DELIVER);
    fixture.pull().unwrap();
    fixture
}

#[test]
fn a_directory_is_installed_with_all_that_is_in_it() {
    // A neighbour whose name begins alike is no part of it.
    let wheel = tree_wheel(&[("data2/other", b"x"), ("code.py", b"x")]);
    let fixture = fixture(&tree(), &wheel, DELIVER);

    assert_eq!(fixture.pull().unwrap(), Pulled::Fetched);

    assert_eq!(fixture.files(), ["data"]);
    for (path, content) in TREE {
        let found = fs::read(fixture.store.dir().join("data").join(path)).unwrap();
        assert_eq!(found, content, "{path}");
    }
    assert_eq!(fixture.files_in("data"), ["lang", "phondata", "voices"]);
    fixture.store.verify(fixture.entry()).unwrap();
    assert_eq!(fixture.pull().unwrap(), Pulled::AlreadyInstalled);
    assert_eq!(
        fixture.store.require(fixture.entry()).unwrap(),
        fixture.store.dir().join("data")
    );
}

#[test]
fn the_digest_of_a_directory_is_what_the_catalogues_comment_says() {
    let fixture = installed_tree();

    let output = Command::new("sh")
        .arg("-c")
        .arg("find * -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum")
        .current_dir(fixture.store.dir().join("data"))
        .output()
        .unwrap();

    let digest = String::from_utf8(output.stdout).unwrap();
    let digest = digest.split(' ').next().unwrap();
    assert!(tree().contains(digest), "{digest} is not in {}", tree());
}

#[test]
fn a_directory_that_was_changed_is_found_and_replaced() {
    type Change = fn(&std::path::Path);
    let changes: [(Change, &str); 5] = [
        (
            |dir| fs::write(dir.join("phondata"), b"SOUNDS").unwrap(),
            "digest",
        ),
        (
            |dir| fs::write(dir.join("more"), b"").unwrap(),
            "4 files, expected 3",
        ),
        (
            |dir| fs::remove_file(dir.join("phondata")).unwrap(),
            "2 files",
        ),
        (
            |dir| fs::write(dir.join("phondata"), b"more sounds").unwrap(),
            "bytes, expected",
        ),
        (
            |dir| {
                fs::remove_file(dir.join("phondata")).unwrap();
                symlink("lang/gmw/de", dir.join("phondata")).unwrap();
            },
            "neither a file nor a directory",
        ),
    ];
    for (change, found) in changes {
        let fixture = installed_tree();
        change(&fixture.store.dir().join("data"));

        let error = fixture
            .store
            .verify(fixture.entry())
            .unwrap_err()
            .to_string();
        assert!(error.contains(found), "{error}");
        assert_eq!(fixture.pull().unwrap(), Pulled::Fetched);

        fixture.store.verify(fixture.entry()).unwrap();
        assert_eq!(fixture.files(), ["data"], "something was left");
        assert!(fixture.progress.text().contains("data is damaged"));
    }
}

#[test]
fn removing_a_directory_takes_away_all_of_it() {
    let fixture = installed_tree();

    assert!(fixture.store.remove(fixture.entry()).unwrap());

    assert_eq!(fixture.files(), [""; 0]);
    assert!(!fixture.store.remove(fixture.entry()).unwrap());
}

#[test]
fn an_archive_that_would_write_elsewhere_or_too_much_is_refused() {
    let bomb = vec![0; 50_000_000];
    let deep = format!("data/{}x", "d/".repeat(20));
    for (more, why) in [
        (("data/../../escaped", &b"x"[..]), "not a path inside"),
        (("data//etc/escaped", b"x"), "not a path inside"),
        (("data/./x", b"x"), "not a path inside"),
        (("data/a\\b", b"x"), "not a path inside"),
        (("data/a\nb", b"x"), "not a path inside"),
        ((&deep, b"x"), "not a path inside"),
        (("data/x", b"x"), "more than 3 files"),
    ] {
        let fixture = fixture(&tree(), &tree_wheel(&[more]), DELIVER);

        let error = fixture.pull_error();

        assert!(error.contains(why), "{error}");
        assert_eq!(fixture.files(), [""; 0], "{error}");
        let beside = fs::read_dir(fixture.beside()).unwrap().count();
        assert_eq!(beside, 4, "something escaped");
    }
    // One file too large in the place of a right one.
    let fixture = fixture(&tree(), &wheel(&[("pkg/data/phondata", &bomb)]), DELIVER);
    let error = fixture.pull_error();
    assert!(error.contains("more than the"), "{error}");
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn a_link_in_an_archive_is_refused() {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.add_symlink("pkg/data/phondata", "/etc", SimpleFileOptions::default())
        .unwrap();
    let wheel = zip.finish().unwrap().into_inner();
    let fixture = fixture(&tree(), &wheel, DELIVER);

    let error = fixture.pull_error();

    assert!(error.contains("not a plain file"), "{error}");
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn an_archive_with_other_content_is_refused() {
    let right: Vec<(&str, &[u8])> = vec![
        ("pkg/data/lang/gmw/de", b"name German"),
        ("pkg/data/phondata", b"SOUNDS"),
        ("pkg/data/voices/!v/Mr serious", b"a voice"),
    ];
    for (wheel, why) in [
        (wheel(&right), "digest"),
        (wheel(&right[..2]), "2 files, expected 3"),
        (wheel(&[("other", b"x")]), "0 files, expected 3"),
        (b"no zip file".to_vec(), "not a wheel"),
    ] {
        let fixture = fixture(&tree(), &wheel, DELIVER);

        let error = fixture.pull_error();

        assert!(error.contains(why), "{error}");
        assert_eq!(fixture.files(), [""; 0]);
    }
}
