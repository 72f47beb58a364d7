//! The real files: the conversion's result, pinned tensor by tensor.

use std::env;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use tempfile::TempDir;
use voice_stack_models::{Catalogue, Entry, Store};

use crate::support::ggml::{self, Tensor};
use crate::support::server::{Server, respond, serve_range};
use crate::support::tool::{text, tool_without_packages};

/// An installed model that a test can't do without.
fn installed(name: &str) -> (Store, &'static Entry) {
    let dir = env::var_os("MODELS_DIR")
        .filter(|dir| !dir.is_empty())
        .map(PathBuf::from);
    let store = Store::new(dir.unwrap_or_else(|| Store::default_dir().unwrap()));
    let entry = Catalogue::embedded().get(name).unwrap();
    assert!(
        store.is_installed(entry),
        "{name} is not in {}: run `voice-stack-models pull {name}`",
        store.dir().display()
    );
    (store, entry)
}

fn lines(tensors: &[Tensor]) -> String {
    tensors.iter().fold(String::new(), |mut lines, tensor| {
        writeln!(lines, "{}", tensor.line()).unwrap();
        lines
    })
}

fn assert_same_lines(found: &str, pinned: &str) {
    for (found, pinned) in found.lines().zip(pinned.lines()) {
        assert_eq!(found, pinned);
    }
    assert_eq!(found.lines().count(), pinned.lines().count());
}

#[test]
fn tiny_en_has_the_tensors_that_whisper_cpp_expects() {
    let (store, entry) = installed("tiny.en");
    store.verify(entry).unwrap();
    let (head, tensors) = ggml::whisper(&fs::read(store.path_of(entry)).unwrap());
    assert_eq!(
        head.numbers,
        [51_864, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1]
    );
    assert_eq!(head.tokens.len(), 50_257);
    assert_same_lines(&lines(&tensors), include_str!("tensors/tiny.en.txt"));
}

#[test]
fn silero_vad_has_the_tensors_that_whisper_cpp_expects() {
    let (store, entry) = installed("silero-vad");
    store.verify(entry).unwrap();
    let (numbers, tensors) = ggml::vad(&fs::read(store.path_of(entry)).unwrap());
    assert_eq!(numbers[..6], [6, 2, 0, 512, 64, 4]);
    assert_same_lines(&lines(&tensors), include_str!("tensors/silero-vad.txt"));
}

#[test]
fn a_voice_and_all_that_it_needs_are_what_the_catalogue_says() {
    for name in ["en_US-joe-medium", "onnxruntime", "espeak-ng-data"] {
        let (store, entry) = installed(name);
        store.verify(entry).unwrap();
    }
    let (store, _) = installed("en_US-joe-medium");
    store.verify_voice("en_US-joe-medium").unwrap();
    assert!(store.require_named("onnxruntime").unwrap().is_file());
    let data = store.require_named("espeak-ng-data").unwrap();
    assert!(data.join("phondata").is_file());
}

#[test]
fn pulling_a_model_pulls_what_it_requires() {
    let (store, model) = installed("tiny.en");
    let (_, required) = installed("silero-vad");
    let (dir, bin) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    symlink(store.path_of(model), dir.path().join(model.path())).unwrap();
    let published = fs::read(store.path_of(required)).unwrap();
    let mirror = Server::new(move |request, stream| {
        if request.path.contains("silero") {
            serve_range(request, stream, &published);
        } else {
            respond(stream, "404 Not Found", "", b"");
        }
    });

    let output = tool_without_packages(dir.path(), bin.path())
        .env("HF_ENDPOINT", mirror.url())
        .args(["pull", "tiny.en"])
        .output()
        .unwrap();

    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    let steps = [
        "tiny.en: already installed, ",
        "tiny.en requires silero-vad\n",
        "silero-vad: installed, ",
    ];
    let places = steps.map(|step| said.find(step));
    assert!(places.iter().all(Option::is_some), "{said}");
    assert!(places.is_sorted(), "{said}");
    Store::new(dir.path()).verify(required).unwrap();
}
