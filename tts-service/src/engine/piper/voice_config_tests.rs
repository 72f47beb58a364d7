use serde_json::{Value, json};

use super::*;

fn minimal() -> Value {
    json!({
        "audio": {"sample_rate": 22050},
        "espeak": {"voice": "en-us"},
        "phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [3]},
    })
}

fn parse(json: &Value) -> Result<VoiceConfig, String> {
    VoiceConfig::parse(json.to_string().as_bytes())
}

fn with(pointer: &str, value: Value) -> Value {
    let mut json = minimal();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    json.pointer_mut(parent).unwrap()[key] = value;
    json
}

fn scales(config: &VoiceConfig) -> [String; 3] {
    [
        config.noise_scale,
        config.length_scale,
        config.noise_w_scale,
    ]
    .map(|it| it.to_string())
}

#[test]
fn what_a_voice_leaves_out_is_pipers_default() {
    let config = parse(&minimal()).unwrap();
    assert_eq!(config.source, PhonemeSource::Espeak("en-us".into()));
    assert_eq!(config.language, "en-us");
    assert_eq!(scales(&config), ["0.667", "1", "0.8"]);
    assert!(config.speakers.is_empty() && config.clusters.is_empty());
}

#[test]
fn what_a_voice_says_is_taken() {
    let mut json = with(
        "/inference",
        json!({"noise_scale": 0.3, "length_scale": 1.5, "noise_w": 0}),
    );
    json["language"] = json!({"code": "en_GB"});
    json["num_speakers"] = json!(3);
    json["speaker_id_map"] = json!({"ann": 2, "bob": 0});
    json["default_speaker_id"] = json!(2);
    json["vowel_clusters"] = json!([["a", "ɪ"]]);
    json["phoneme_type"] = json!("text");
    let config = parse(&json).unwrap();
    assert_eq!(config.language, "en-GB");
    assert_eq!(config.speakers, ["bob", "1", "ann"]);
    assert_eq!(config.default_speaker, 2);
    assert_eq!(config.source, PhonemeSource::Text);
    assert!(config.clusters.contains(['a', 'ɪ'].as_slice()));
    assert_eq!(scales(&config), ["0.3", "1.5", "0"]);
}

#[test]
fn what_can_not_be_spoken_with_is_refused_in_one_line_that_names_it() {
    for (pointer, value, named) in [
        ("/audio", json!({}), "sample_rate"),
        ("/audio/sample_rate", json!(0), "sample_rate"),
        ("/audio/sample_rate", json!(-1), "-1"),
        ("/espeak", Value::Null, "espeak.voice"),
        ("/phoneme_type", json!("pinyin"), "pinyin"),
        ("/phoneme_id_map", json!({"_": [0], "^": [1]}), "\"$\""),
        ("/phoneme_id_map/a", json!([-1]), "[-1]"),
        ("/phoneme_id_map/a", json!([1 << 20]), "num_symbols"),
        ("/phoneme_id_map/a", json!("b"), "phoneme_id_map\" or \"a"),
        ("/num_symbols", json!(2), "num_symbols"),
        ("/num_speakers", json!(4_000_000_000_u32), "num_speakers"),
        ("/default_speaker_id", json!(1), "default_speaker_id"),
        ("/inference", json!({"length_scale": 0}), "length_scale"),
        ("/inference", json!({"noise_w": -1}), "noise_w"),
        ("/inference", json!({"noise_scale": 1e30}), "noise_scale"),
    ] {
        let error = parse(&with(pointer, value)).unwrap_err();
        assert!(!error.contains('\n'), "{pointer}: {error}");
        // serde names the place by line and column instead.
        assert!(
            error.contains(named) || error.contains("column"),
            "{pointer}: {error}"
        );
    }
    let mut json = with("/num_speakers", json!(2));
    json["speaker_id_map"] = json!({"ann": 7});
    assert!(parse(&json).unwrap_err().contains("\"ann\""));
}

#[test]
fn hostile_bytes_are_an_error() {
    let deep = "[".repeat(100_000);
    for bytes in [b"".as_slice(), b"{", b"null", b"\xff\xfe", deep.as_bytes()] {
        VoiceConfig::parse(bytes).unwrap_err();
    }
}
