//! Voices that the index of published ones names.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use md5::{Digest, Md5};
use serde_json::{Value, json};
use tempfile::TempDir;
use voice_stack_models::pull::Pulled;
use voice_stack_models::{Error, Store};

use crate::support::fixture::{Fixture, URL_SOURCE, content, entry};
use crate::support::server::{Request, Server, respond, respond_raw, serve_range};
use crate::support::tool::{text, tool_without_packages};

const NAME: &str = "de_DE-thorsten-medium";
const ROOT: &str = "/rhasspy/piper-voices/resolve/main/";
const CONFIG: &[u8] = b"{\"audio\":{\"sample_rate\":22050}}";

fn model() -> Vec<u8> {
    content(20_000)
}

fn about(content: &[u8]) -> Value {
    json!({"size_bytes": content.len(), "md5_digest": hex::encode(Md5::digest(content))})
}

/// What the real index has for a voice.
fn voice(name: &str, files: &Value) -> Value {
    json!({
        "key": name,
        "name": "thorsten",
        "language": {"code": "de_DE", "family": "de", "region": "DE"},
        "quality": "medium",
        "num_speakers": 1,
        "speaker_id_map": {},
        "files": files,
        "aliases": ["de-thorsten-medium"],
    })
}

fn good_files() -> Value {
    json!({
        "de/de_DE/thorsten/medium/de_DE-thorsten-medium.onnx": about(&model()),
        "de/de_DE/thorsten/medium/de_DE-thorsten-medium.onnx.json": about(CONFIG),
        "de/de_DE/thorsten/medium/MODEL_CARD": {"size_bytes": 7, "md5_digest": "0"},
    })
}

fn index_of(files: &Value) -> Vec<u8> {
    json!({NAME: voice(NAME, files), "fr_FR-siwis-low": voice("fr_FR-siwis-low", &json!({}))})
        .to_string()
        .into_bytes()
}

/// Serves the index, and a voice's files in their place.
fn serve(request: &Request, stream: &mut TcpStream, index: &[u8]) {
    let path = request.path.strip_prefix(ROOT).unwrap_or_default();
    match path
        .strip_prefix("de/de_DE/thorsten/medium/")
        .unwrap_or(path)
    {
        "voices.json" => serve_range(request, stream, index),
        "de_DE-thorsten-medium.onnx" => serve_range(request, stream, &model()),
        "de_DE-thorsten-medium.onnx.json" => serve_range(request, stream, CONFIG),
        _ => respond(stream, "404 Not Found", "", b""),
    }
}

fn server(index: Vec<u8>) -> Server {
    Server::new(move |request, stream| serve(request, stream, &index))
}

/// A store whose hub is `server`; the catalogue knows a model named `demo` only.
fn fixture(server: &str) -> Fixture {
    let mut fixture = Fixture::new(&format!("{}{URL_SOURCE}", entry(b"x")));
    fixture.options.hub_endpoint = Some(server.to_owned());
    fixture
}

fn pull_error(fixture: &Fixture, name: &str) -> String {
    let error = fixture.pull_by_name(name).unwrap_err().to_string();
    assert!(!error.contains('\n'), "more than one line: {error}");
    error
}

const FILES: [&str; 3] = [
    "de_DE-thorsten-medium.onnx",
    "de_DE-thorsten-medium.onnx.json",
    "de_DE-thorsten-medium.record.toml",
];

#[test]
fn a_published_voice_is_found_in_the_index_and_installed() {
    let server = server(index_of(&good_files()));
    let fixture = fixture(&server.url());

    assert_eq!(fixture.pull_by_name(NAME).unwrap(), Pulled::Fetched);

    let voice = fixture.store.require_voice(NAME).unwrap();
    assert!(fs::read(voice.model).unwrap() == model());
    assert_eq!(fs::read(voice.config).unwrap(), CONFIG);
    assert_eq!(fixture.files(), ["voices"]);
    assert_eq!(fixture.files_in("voices"), FILES);
    assert!(
        fixture
            .progress
            .text()
            .contains("de/de_DE/thorsten/medium/MODEL_CARD states its licence"),
        "{}",
        fixture.progress.text()
    );
}

#[test]
fn an_intact_voice_is_not_asked_for_again() {
    let server = server(index_of(&good_files()));
    let fixture = fixture(&server.url());
    fixture.pull_by_name(NAME).unwrap();
    let asked = server.requests().len();

    assert_eq!(
        fixture.pull_by_name(NAME).unwrap(),
        Pulled::AlreadyInstalled
    );

    assert_eq!(server.requests().len(), asked);
}

#[test]
fn what_the_index_stated_is_remembered_for_verifying() {
    let server = server(index_of(&good_files()));
    let fixture = fixture(&server.url());
    fixture.pull_by_name(NAME).unwrap();
    fixture.store.verify_voice(NAME).unwrap();
    let voice = fixture.store.require_voice(NAME).unwrap();
    let mut other = model();
    other[7] ^= 1;
    fs::write(&voice.model, other).unwrap();

    let error = fixture.store.verify_voice(NAME).unwrap_err();

    assert!(
        matches!(&error, Error::Damaged { path, .. } if *path == voice.model),
        "{error}"
    );
    assert!(error.to_string().contains("index of voices"), "{error}");
    assert_eq!(fixture.pull_by_name(NAME).unwrap(), Pulled::Fetched);
    fixture.store.verify_voice(NAME).unwrap();
}

#[test]
fn a_new_edition_in_the_index_counts_only_for_a_voice_that_must_be_fetched() {
    let index = Arc::new(Mutex::new(index_of(&good_files())));
    let current = Arc::clone(&index);
    let server = Server::new(move |request, stream| {
        serve(request, stream, &current.lock().unwrap().clone());
    });
    let fixture = fixture(&server.url());
    fixture.pull_by_name(NAME).unwrap();
    // From now on the index states another configuration, which the server does not have.
    let mut files = good_files();
    files["de/de_DE/thorsten/medium/de_DE-thorsten-medium.onnx.json"] = about(b"{}");
    *index.lock().unwrap() = index_of(&files);

    assert_eq!(
        fixture.pull_by_name(NAME).unwrap(),
        Pulled::AlreadyInstalled
    );
    fs::write(fixture.store.require_voice(NAME).unwrap().model, b"x").unwrap();
    let error = pull_error(&fixture, NAME);

    assert!(error.contains("expected 2"), "{error}");
}

#[test]
fn an_unfinished_download_of_a_voice_goes_on_where_it_stopped() {
    let server = server(index_of(&good_files()));
    let fixture = fixture(&server.url());
    let voices = fixture.store.dir().join("voices");
    fs::create_dir_all(&voices).unwrap();
    fs::write(voices.join(format!("{NAME}.onnx.part")), &model()[..5000]).unwrap();

    fixture.pull_by_name(NAME).unwrap();

    let starts: Vec<_> = server
        .requests()
        .iter()
        .filter_map(Request::start)
        .collect();
    assert_eq!(starts, [5000]);
    fixture.store.verify_voice(NAME).unwrap();
    assert_eq!(fixture.files_in("voices"), FILES);
}

#[test]
fn a_voice_that_was_copied_by_hand_gets_its_record_by_pulling() {
    let server = server(index_of(&good_files()));
    let fixture = fixture(&server.url());
    let voices = fixture.store.dir().join("voices");
    fs::create_dir_all(&voices).unwrap();
    fs::write(voices.join(FILES[0]), model()).unwrap();
    fs::write(voices.join(FILES[1]), CONFIG).unwrap();

    assert_eq!(
        fixture.pull_by_name(NAME).unwrap(),
        Pulled::AlreadyInstalled
    );

    assert_eq!(fixture.files_in("voices"), FILES);
    assert_eq!(server.requests().len(), 1, "only the index");
    let record = fs::read_to_string(voices.join(FILES[2])).unwrap();
    for fact in [
        "purpose = \"speak\"",
        "engine = \"piper\"",
        "form = \"none\"",
    ] {
        assert!(record.contains(fact), "{record}");
    }
}

#[test]
fn a_record_that_is_damaged_is_told_and_written_anew() {
    let server = server(index_of(&good_files()));
    for (text, why) in [
        (
            String::from("no record"),
            "run `voice-stack-models pull de_DE-thorsten-medium`",
        ),
        (
            entry(b"x") + URL_SOURCE,
            "it is not about de_DE-thorsten-medium",
        ),
    ] {
        let fixture = fixture(&server.url());
        fixture.pull_by_name(NAME).unwrap();
        let record = fixture.store.dir().join("voices").join(FILES[2]);
        fs::write(&record, text).unwrap();

        let error = fixture.store.verify_voice(NAME).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        assert!(!error.contains('\n'), "{error}");
        fixture.pull_by_name(NAME).unwrap();

        fixture.store.verify_voice(NAME).unwrap();
    }
}

#[test]
fn a_name_that_is_not_published_brings_near_ones() {
    let server = server(index_of(&good_files()));
    let fixture = fixture(&server.url());

    let error = pull_error(&fixture, "de_DE-torsten-medium");

    assert!(
        error.contains("did you mean de_DE-thorsten-medium?"),
        "{error}"
    );
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn the_index_is_asked_once_and_only_for_names_of_voices() {
    let server = server(index_of(&good_files()));
    let fixture = fixture(&server.url());
    let puller = fixture.puller();
    for name in ["demo", "dem", "large-v3"] {
        let _ = puller.find(&fixture.catalogue, name);
    }
    assert!(server.requests().is_empty());

    for _ in 0..2 {
        puller.find(&fixture.catalogue, NAME).unwrap();
    }

    assert_eq!(server.requests().len(), 1);
}

#[test]
fn an_index_that_can_not_be_had_is_told_with_advice() {
    let gone = Server::of_file(Vec::new()).url();
    let missing = Server::new(|_, stream| respond(stream, "404 Not Found", "", b""));
    let broken = server(b"{\"de_DE-thorsten-medium\": {\"files\": 7}}".to_vec());
    let no_json = server(b"<html>".to_vec());
    for (url, why) in [
        (gone, "check the network"),
        (missing.url(), "answered 404"),
        (broken.url(), "it can't be read"),
        (no_json.url(), "it can't be read"),
    ] {
        let fixture = fixture(&url);

        let error = pull_error(&fixture, NAME);

        assert!(error.contains(why), "{error}");
        assert!(
            error.starts_with("de_DE-thorsten-medium is looked for in the index"),
            "{error}"
        );
        assert_eq!(fixture.files(), [""; 0]);
    }
}

#[test]
fn an_endless_index_is_cut_off() {
    let server = Server::new(|_, stream| {
        respond_raw(stream, "200 OK", "", b"");
        while stream.write_all(&[b' '; 4096]).is_ok() {}
    });

    let error = pull_error(&fixture(&server.url()), NAME);

    assert!(error.contains("longer than"), "{error}");
}

#[test]
fn an_index_that_is_up_to_something_is_refused() {
    let (model, config) = (about(&model()), about(CONFIG));
    let at = |folder: &str| {
        json!({
            format!("{folder}{NAME}.onnx"): model,
            format!("{folder}{NAME}.onnx.json"): config,
        })
    };
    let with = |key: &str, value: Value| {
        let mut files = at("a/");
        files[format!("a/{NAME}.onnx")][key] = value;
        files
    };
    for (files, why) in [
        (at("a/../../"), "not a plain path"),
        (at("/etc/"), "not a plain path"),
        (at("a//"), "not a plain path"),
        (at("a?x=/"), "not a plain path"),
        (at("a/%2e%2e/"), "not a plain path"),
        (at(".a/"), "not a plain path"),
        (at(""), "not one model"),
        (at("other"), "not one model"),
        (json!({}), "not one model"),
        (
            json!({format!("a/{NAME}.onnx"): model, format!("b/{NAME}.onnx"): model}),
            "not one model",
        ),
        (
            json!({format!("a/{NAME}.onnx"): model, format!("b/{NAME}.onnx.json"): config}),
            "no configuration",
        ),
        (with("size_bytes", json!(1_u64 << 40)), "too many"),
        (with("size_bytes", json!(0)), "not a sensible size"),
        (with("md5_digest", json!("../../x")), "hexadecimal"),
        (with("md5_digest", json!("")), "hexadecimal"),
    ] {
        let server = server(index_of(&files));
        let fixture = fixture(&server.url());

        let error = pull_error(&fixture, NAME);

        assert!(error.contains(why), "{files}: {error}");
        assert_eq!(server.requests().len(), 1, "only the index: {error}");
        assert_eq!(fixture.files(), [""; 0]);
    }
}

#[test]
fn a_file_that_is_not_what_the_index_states_keeps_both_out() {
    let mut files = good_files();
    files["de/de_DE/thorsten/medium/de_DE-thorsten-medium.onnx.json"]["md5_digest"] =
        json!("0123456789abcdef0123456789abcdef");
    let server = server(index_of(&files));
    let fixture = fixture(&server.url());

    let error = pull_error(&fixture, NAME);

    assert!(error.contains("index of voices"), "{error}");
    assert!(fixture.store.voices().is_empty());
    // The model was right, and is kept for the next attempt.
    assert_eq!(
        fixture.files_in("voices"),
        ["de_DE-thorsten-medium.onnx.part"]
    );
}

#[test]
fn removing_a_published_voice_takes_away_its_record() {
    let server = server(index_of(&good_files()));
    let fixture = fixture(&server.url());
    fixture.pull_by_name(NAME).unwrap();
    let entry = fixture.store.find(&fixture.catalogue, NAME).unwrap();

    assert!(fixture.store.remove(&entry).unwrap());

    assert_eq!(fixture.files_in("voices"), [""; 0]);
    assert!(matches!(
        fixture.store.find(&fixture.catalogue, NAME),
        Err(Error::NotInstalled { .. })
    ));
}

#[test]
fn names_in_other_scripts_are_names() {
    let name = "pt_PT-tugão-medium";
    let folder = "pt/pt_PT/tugão/medium/";
    let files = json!({
        format!("{folder}{name}.onnx"): about(&model()),
        format!("{folder}{name}.onnx.json"): about(CONFIG),
    });
    let index = json!({name: voice(name, &files)}).to_string().into_bytes();
    let server = Server::new(move |request, stream| {
        let path = &request.path[ROOT.len()..];
        match path.rsplit_once('.').map(|(_, extension)| extension) {
            _ if path == "voices.json" => serve_range(request, stream, &index),
            Some("onnx") => serve_range(request, stream, &model()),
            _ => serve_range(request, stream, CONFIG),
        }
    });
    let fixture = fixture(&server.url());

    fixture.pull_by_name(name).unwrap();

    assert!(server.requests()[1].path.contains("/tug%C3%A3o/medium/"));
    fixture.store.verify_voice(name).unwrap();
}

/// As version 0.2.0 wrote it.
fn old_record(model: &[u8]) -> String {
    let md5 = |content: &[u8]| hex::encode(Md5::digest(content));
    format!(
        "# Written by `voice-stack-models pull`: what the index of published voices says about \
this voice.

[[model]]
name = \"{NAME}\"
kind = \"voice\"
licence = \"LicenseRef-model-card\"
languages = \"de_DE\"
quantisation = \"none\"
base_model = \"{NAME}\"

[[model.file]]
path = \"voices/{NAME}.onnx\"
size_bytes = {}
md5 = \"{}\"

[[model.file]]
path = \"voices/{NAME}.onnx.json\"
size_bytes = {}
md5 = \"{}\"

[[model.source]]
type = \"folder\"
url = \"https://huggingface.co{ROOT}de/de_DE/thorsten/medium/\"
",
        model.len(),
        md5(model),
        CONFIG.len(),
        md5(CONFIG),
    )
}

#[test]
fn the_record_of_a_voice_that_version_0_2_0_installed_is_read() {
    let dir = TempDir::new().unwrap();
    let voices = dir.path().join("voices");
    fs::create_dir(&voices).unwrap();
    fs::write(voices.join(FILES[0]), model()).unwrap();
    fs::write(voices.join(FILES[1]), CONFIG).unwrap();
    fs::write(voices.join(FILES[2]), old_record(&model())).unwrap();
    let store = Store::new(dir.path());

    store.verify_voice(NAME).unwrap();

    let mut damaged = model();
    damaged[0] ^= 1;
    fs::write(voices.join(FILES[0]), damaged).unwrap();
    let error = store.verify_voice(NAME).unwrap_err().to_string();
    assert!(error.contains("the one in the index of voices"), "{error}");
}

#[test]
fn what_a_voice_requires_and_can_not_be_had_is_told() {
    let (dir, bin) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = server(index_of(&good_files()));

    let output = tool_without_packages(dir.path(), bin.path())
        .env("HF_ENDPOINT", server.url())
        .args(["pull", NAME])
        .output()
        .unwrap();

    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    for name in ["onnxruntime", "espeak-ng-data"] {
        let why = format!("error: {NAME} can't be used without {name}: pip could not download ");
        assert!(
            said.contains(&format!("{NAME} requires {name}\n")),
            "{said}"
        );
        assert!(said.contains(&why), "{said}");
    }
    let errors = said.lines().filter(|line| line.starts_with("error: "));
    assert_eq!(errors.count(), 2, "{said}");
    // What could be had is there.
    Store::new(dir.path()).verify_voice(NAME).unwrap();
}
