//! The binary.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::channel;

use tempfile::TempDir;
use voice_stack_models::{Catalogue, Store};

use crate::support::fixture::wait_until;
use crate::support::server::{Server, respond, respond_raw};
use crate::support::tool::{text, tool};

fn run(models_dir: &Path, arguments: &[&str]) -> Output {
    tool(models_dir).args(arguments).output().unwrap()
}

/// The one line on standard error of a command that failed.
fn failure(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let error = text(&output.stderr);
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.starts_with("error: "), "{error}");
    error
}

/// Puts a file of the right size and the wrong content where `name` is installed.
fn fake_install(dir: &Path, name: &str) {
    let entry = Catalogue::embedded().get(name).unwrap();
    let file = File::create(Store::new(dir).path_of(entry)).unwrap();
    file.set_len(entry.size_bytes).unwrap();
}

#[test]
fn list_shows_every_model_and_which_are_installed() {
    let dir = TempDir::new().unwrap();
    fake_install(dir.path(), "silero-vad");

    let output = run(dir.path(), &["list"]);

    let table = text(&output.stdout);
    assert_eq!(
        table.lines().count(),
        1 + Catalogue::embedded().entries().len()
    );
    let words = |name: &str| -> Vec<String> {
        let line = table
            .lines()
            .find(|line| line.split(' ').next() == Some(name))
            .unwrap();
        line.split_whitespace().map(str::to_owned).collect()
    };
    assert_eq!(
        words("silero-vad"),
        [
            "silero-vad",
            "vad",
            "885.1",
            "kB",
            "none",
            "multilingual",
            "MIT",
            "yes"
        ]
    );
    assert_eq!(
        words("tiny.en"),
        [
            "tiny.en",
            "whisper",
            "77.7",
            "MB",
            "f16",
            "english-only",
            "MIT",
            "no"
        ]
    );
}

#[test]
fn list_as_json_can_be_read_by_programs() {
    let dir = TempDir::new().unwrap();

    let output = run(dir.path(), &["list", "--json"]);

    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let row = rows
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"] == "base-q8_0")
        .unwrap();
    assert_eq!(row["size_bytes"], 81_768_585);
    assert_eq!(row["form"], "q8_0");
    // Its name in version 0.2.0.
    assert_eq!(row["quantisation"], "q8_0");
    assert_eq!(row["languages"], "multilingual");
    assert_eq!(row["base_model"], "base");
    assert_eq!(row["installed"], false);
}

#[test]
fn an_unknown_name_brings_near_ones_before_anything_is_done() {
    let dir = TempDir::new().unwrap();
    for command in ["pull", "verify", "path", "remove"] {
        let error = failure(&run(dir.path(), &[command, "tiny-en"]));
        assert!(error.contains("did you mean tiny.en"), "{error}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn path_prints_where_a_model_is_or_how_to_get_it() {
    let dir = TempDir::new().unwrap();
    let error = failure(&run(dir.path(), &["path", "silero-vad"]));
    assert!(
        error.contains("run `voice-stack-models pull silero-vad`"),
        "{error}"
    );

    fake_install(dir.path(), "silero-vad");
    let output = run(dir.path(), &["path", "silero-vad"]);
    let expected = dir.path().join("ggml-silero-vad.bin");
    assert_eq!(text(&output.stdout), format!("{}\n", expected.display()));
}

#[test]
fn verify_tells_each_bad_file() {
    let dir = TempDir::new().unwrap();
    fake_install(dir.path(), "silero-vad");
    fs::write(dir.path().join("ggml-tiny.en.bin"), b"short").unwrap();

    let output = run(dir.path(), &["verify"]);

    assert_eq!(output.status.code(), Some(1));
    let errors = text(&output.stderr);
    assert_eq!(errors.lines().count(), 2, "{errors}");
    assert!(errors.contains("5 bytes, expected 77704715"), "{errors}");
    assert!(
        errors.contains("its digest is not the one in the catalogue"),
        "{errors}"
    );
}

#[test]
fn verify_names_a_model_that_is_missing() {
    let dir = TempDir::new().unwrap();
    let error = failure(&run(dir.path(), &["verify", "base"]));
    assert!(error.contains("base is not installed"), "{error}");
}

#[test]
fn remove_takes_away_the_file_and_its_unfinished_download() {
    let dir = TempDir::new().unwrap();
    fake_install(dir.path(), "silero-vad");
    fs::write(dir.path().join("ggml-silero-vad.bin.part"), b"x").unwrap();

    let output = run(dir.path(), &["remove", "silero-vad", "base"]);

    assert_eq!(
        text(&output.stdout),
        "silero-vad: removed\nbase: was not installed\n"
    );
    assert!(!dir.path().join("ggml-silero-vad.bin").exists());
    assert!(!dir.path().join("ggml-silero-vad.bin.part").exists());
}

#[test]
fn the_directory_follows_the_option_then_the_environment_then_xdg() {
    let dir = TempDir::new().unwrap();
    let nested = dir.path().join("voice-stack").join("models");
    fs::create_dir_all(&nested).unwrap();
    fake_install(&nested, "silero-vad");
    let elsewhere = Path::new("/nonexistent");

    let by_option = tool(elsewhere)
        .args(["path", "silero-vad", "--models-dir"])
        .arg(&nested)
        .output()
        .unwrap();
    let by_environment = run(&nested, &["path", "silero-vad"]);
    let by_xdg = tool(elsewhere)
        .env_remove("MODELS_DIR")
        .env("XDG_DATA_HOME", dir.path())
        .args(["path", "silero-vad"])
        .output()
        .unwrap();

    for output in [by_option, by_environment, by_xdg] {
        assert!(output.status.success(), "{output:?}");
    }
}

/// A pull from a mirror that gives each request this answer: what it says when it fails, and the
/// path that it asked for first.
fn failed_pull(name: &str, status: &'static str, body: &'static [u8]) -> (String, String) {
    let dir = TempDir::new().unwrap();
    let server = Server::new(move |_, stream| respond(stream, status, "", body));
    let output = tool(dir.path())
        .env("HF_ENDPOINT", server.url())
        .args(["pull", name])
        .output()
        .unwrap();
    (failure(&output), server.requests()[0].path.clone())
}

#[test]
fn pull_uses_the_mirror_and_tells_its_answer() {
    let (error, path) = failed_pull("small-q5_1", "404 Not Found", b"");

    assert!(error.contains("answered 404"), "{error}");
    assert_eq!(
        path,
        "/ggerganov/whisper.cpp/resolve/main/ggml-small-q5_1.bin"
    );
}

/// A voice that an operator copied into the store.
fn copy_voice(dir: &Path, name: &str) {
    let voices = dir.join("voices");
    fs::create_dir_all(&voices).unwrap();
    fs::write(voices.join(format!("{name}.onnx")), b"12345").unwrap();
    fs::write(voices.join(format!("{name}.onnx.json")), b"{}").unwrap();
}

#[test]
fn a_voice_copied_by_hand_is_listed_found_and_removed() {
    let dir = TempDir::new().unwrap();
    copy_voice(dir.path(), "fr_FR-own-low");

    let table = text(&run(dir.path(), &["list"]).stdout);
    let path = text(&run(dir.path(), &["path", "fr_FR-own-low"]).stdout);
    let verified = text(&run(dir.path(), &["verify"]).stdout);
    let removed = text(&run(dir.path(), &["remove", "fr_FR-own-low"]).stdout);

    let last: Vec<_> = table.lines().last().unwrap().split_whitespace().collect();
    let expected = "fr_FR-own-low voice 7 B none fr_FR unknown yes";
    assert_eq!(last.join(" "), expected);
    let model = dir.path().join("voices/fr_FR-own-low.onnx");
    assert_eq!(path, format!("{}\n", model.display()));
    assert!(
        verified.starts_with("fr_FR-own-low: not checked"),
        "{verified}"
    );
    assert_eq!(removed, "fr_FR-own-low: removed\n");
    assert!(!model.exists());
}

#[test]
fn a_voice_that_is_not_there_is_told_with_the_command_that_fetches_it() {
    let dir = TempDir::new().unwrap();
    for command in ["path", "verify", "remove"] {
        let error = failure(&run(dir.path(), &[command, "fr_FR-own-low"]));
        assert!(error.contains("pull fr_FR-own-low`"), "{error}");
    }
}

#[test]
fn a_voice_is_looked_up_in_the_index_of_the_mirror() {
    let (error, path) = failed_pull("de_DE-thorsten-medium", "200 OK", b"{}");

    assert!(error.contains("no published voice is named"), "{error}");
    assert_eq!(path, "/rhasspy/piper-voices/resolve/main/voices.json");
}

#[test]
fn ctrl_c_leaves_only_what_can_be_resumed() {
    let dir = TempDir::new().unwrap();
    let (_keep_open, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let server = Server::new(move |_, stream| {
        respond_raw(
            stream,
            "200 OK",
            "Content-Length: 77691713\r\n",
            &[0; 10_000],
        );
        let _ = wait.lock().unwrap().recv();
    });
    let child = tool(dir.path())
        .env("HF_ENDPOINT", server.url())
        .args(["pull", "tiny"])
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let part = dir.path().join("ggml-tiny.bin.part");
    wait_until("the download", || {
        fs::metadata(&part).is_ok_and(|part| part.len() == 10_000)
    });

    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();

    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let error = text(&output.stderr);
    assert!(
        error.ends_with("error: interrupted; run the same command again to go on\n"),
        "{error}"
    );
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|item| item.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, [".tiny.lock", "ggml-tiny.bin.part"]);
}

#[test]
fn a_directory_that_can_not_be_made_is_told() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, b"").unwrap();

    let error = failure(&run(&file.join("models"), &["pull", "tiny"]));

    assert!(error.contains("file/models"), "{error}");
}
