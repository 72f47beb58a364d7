//! What the synthesis service asks the store for.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use voice_stack_models::pull::{Options, Puller, Quiet};
use voice_stack_models::{Catalogue, Error, Store};

/// A store with empty files at these paths.
fn store_with(paths: &[&str]) -> (TempDir, Store) {
    let dir = TempDir::new().unwrap();
    for path in paths {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }
    let store = Store::new(dir.path());
    (dir, store)
}

#[test]
fn voices_are_the_complete_pairs_sorted_by_name() {
    let (_dir, store) = store_with(&[
        "voices/b.onnx",
        "voices/b.onnx.json",
        "voices/a-voice.onnx",
        "voices/a-voice.onnx.json",
        "voices/tugão.onnx",
        "voices/tugão.onnx.json",
        // Not voices: half a pair, a record, a hidden file, an unfinished download.
        "voices/model-only.onnx",
        "voices/config-only.onnx.json",
        "voices/b.record.toml",
        "voices/.hidden.onnx",
        "voices/.hidden.onnx.json",
        "voices/c.onnx.part",
        "voices/c.onnx.json",
        "voices/.onnx",
        "elsewhere.onnx",
        "elsewhere.onnx.json",
    ]);

    let voices = store.voices();

    let names: Vec<_> = voices.iter().map(|voice| voice.name.as_str()).collect();
    assert_eq!(names, ["a-voice", "b", "tugão"]);
    let folder = store.dir().join("voices");
    assert_eq!(voices[1].engine, "piper");
    assert_eq!(voices[1].model, folder.join("b.onnx"));
    assert_eq!(voices[1].config, folder.join("b.onnx.json"));
    assert_eq!(store.require_voice("b").unwrap(), voices[1]);
}

#[test]
fn a_store_that_is_not_there_has_no_voices() {
    assert!(Store::new("/nonexistent").voices().is_empty());
}

#[test]
fn a_missing_voice_is_told_with_the_command_that_fetches_it() {
    let (_dir, store) = store_with(&["voices/half.onnx"]);
    for name in ["half", "en_US-joe-medium", "nobody"] {
        for error in [
            store.require_voice(name).unwrap_err(),
            store.verify_voice(name).unwrap_err(),
        ] {
            let command = format!("voice-stack-models pull {name}`");
            assert!(error.to_string().contains(&command), "{error}");
        }
    }
}

#[test]
fn a_name_can_not_lead_out_of_the_folder() {
    let (_dir, store) = store_with(&["secret.onnx", "secret.onnx.json"]);
    for name in ["../secret", "", ".", "a/b", "a\0b", "/etc/passwd"] {
        assert!(
            matches!(store.require_voice(name), Err(Error::UnknownVoice { .. })),
            "{name}"
        );
        assert!(store.verify_voice(name).is_err(), "{name}");
    }
}

#[test]
fn nothing_is_known_about_a_voice_copied_by_hand() {
    let (_dir, store) = store_with(&["voices/my-own.onnx", "voices/my-own.onnx.json"]);

    store.verify_voice("my-own").unwrap();

    let entry = store.find(Catalogue::embedded(), "my-own").unwrap();
    assert!(store.is_installed(&entry));
    assert_eq!(
        store.require(&entry).unwrap(),
        store.dir().join("voices/my-own.onnx")
    );
}

#[test]
fn a_voice_of_the_catalogue_is_compared_with_it() {
    let (_dir, store) = store_with(&[
        "voices/en_US-joe-medium.onnx",
        "voices/en_US-joe-medium.onnx.json",
    ]);

    let error = store.verify_voice("en_US-joe-medium").unwrap_err();

    assert!(
        error.to_string().contains("0 bytes, expected 63201294"),
        "{error}"
    );
}

#[test]
fn what_voices_need_is_told_with_the_command_that_fetches_it() {
    let (_dir, store) = store_with(&[]);
    for (result, name) in [
        (store.require_named("onnxruntime"), "onnxruntime"),
        (store.require_named("espeak-ng-data"), "espeak-ng-data"),
    ] {
        let error = result.unwrap_err().to_string();
        assert!(
            error.contains(&format!("`voice-stack-models pull {name}`")),
            "{error}"
        );
    }
}

/// Puts files of the right sizes and no content where `name` is installed.
#[cfg(target_arch = "x86_64")]
fn fake_install(store: &Store, name: &str) {
    for file in Catalogue::embedded().get(name).unwrap().files() {
        let path = store.dir().join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::File::create(path)
            .unwrap()
            .set_len(file.size_bytes)
            .unwrap();
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn the_library_for_gpus_stands_for_the_one_for_cpus() {
    let (_dir, store) = store_with(&[]);
    let catalogue = Catalogue::embedded();
    let voice = catalogue.get("en_US-joe-medium").unwrap();
    let puller = Puller::new(&store, Options::default(), &Quiet, Arc::default());
    let required = || -> Vec<&str> {
        let entries = puller.requirements(catalogue, voice).unwrap();
        entries.iter().map(|entry| entry.name.as_str()).collect()
    };
    assert_eq!(required(), ["onnxruntime", "espeak-ng-data"]);

    fake_install(&store, "onnxruntime-gpu");

    assert_eq!(required(), ["espeak-ng-data"]);
    assert_eq!(
        store.require_named("onnxruntime").unwrap(),
        store.dir().join("onnxruntime-gpu/libonnxruntime.so")
    );
}

#[test]
#[cfg(target_arch = "x86_64")]
fn the_library_and_the_data_are_where_their_paths_say() {
    let (_dir, store) = store_with(&["espeak-ng-data/phondata"]);
    let error = store
        .require_named("onnxruntime-gpu")
        .unwrap_err()
        .to_string();
    assert!(error.contains("pull onnxruntime-gpu`"), "{error}");
    for name in ["onnxruntime", "onnxruntime-gpu"] {
        fake_install(&store, name);
    }

    for (found, expected) in [
        (
            store.require_named("onnxruntime"),
            "onnxruntime/libonnxruntime.so",
        ),
        (
            store.require_named("onnxruntime-gpu"),
            "onnxruntime-gpu/libonnxruntime.so",
        ),
        (store.require_named("espeak-ng-data"), "espeak-ng-data"),
    ] {
        assert_eq!(found.unwrap(), store.dir().join(Path::new(expected)));
    }
}
