//! The phoneme ids of the engine against those of Piper itself, for sentences of all kinds.
//! `tests/python/phoneme_ids.py` writes the fixture.

use std::path::PathBuf;

use serde_json::{Value, json};
use voice_stack_models::Store;
use voice_stack_tts::engine::{Espeak, Phonemiser, VoiceConfig, phonemes, to_ids};

/// The id of ʲ in Piper's default map, with the pad after it.
const GLIDE: [i64; 2] = [119, 0];

/// Piper 1.8.0 carries a later espeak-ng than the one that is built in here. Where the two
/// differ, the library that voices were trained with (`piper_phonemize` 1.1.0 of 2023) says the
/// same as the engine, and its voices have never heard the later one's phonemes.
///
/// The later one writes a linking glide ʲ between a high front vowel and the vowel after it:
/// fbˌiːʲˈaɪ for FBI.
const WITHOUT_GLIDE: &[&str] = &[
    "10:30 a.m. to 5:45 p.m.",
    "MMXXVI",
    "x = y + z * 2",
    "NASA and the FBI, U.S.A.",
    "AT&T, R&D, #1, @home",
    "Visit https://example.com/path?x=1&y=2 now.",
    "Привет, мир!",
];

/// Texts for which the two differ otherwise, with the engine's phonemes.
const TRAINED_OTHERWISE: &[(&str, &str)] = &[
    // The sign of a family is named before its members.
    (
        "👨\u{200d}👩\u{200d}👧\u{200d}👦",
        "fˈæmɪli mˈæn wˈʊmən ɡˈɜːl bˈɔɪ",
    ),
    // German has ɾ after a consonant, not r.
    (
        "Am 3. Oktober 1990 kostete es 12,50 €; das war z.B. billig.",
        "am dɾˈaɪ.ɔktˈoːbɜ ˈaɪn tˈaʊzənt nˈɔønhˈʊndɜt nˈɔøntsɪc\u{327} kˈɔstətə ɛs tsvˈœlf \
         kɔmɑː fˈʏnf nˈʊl ˈɔøroː; das vɑːɾ tsˌɛtbˈeː bˈɪlɪc\u{327}.",
    ),
    // Italian has r before a consonant, not ɾ.
    (
        "Perché no? È già mezzogiorno, andiamo a mangiare gli gnocchi.",
        "perkˌe nˈɔ?e dʒˈa medzːodʒˈɔrno, andjˈamo a mandʒˈare ʎɪ ɲˈokːɪ.",
    ),
];

fn espeak_data() -> PathBuf {
    let data = Store::default_dir()
        .expect("a home directory")
        .join("espeak-ng-data");
    assert!(
        data.join("phontab").is_file(),
        "no {}: run `voice-stack-models pull espeak-ng-data`",
        data.display()
    );
    data
}

fn without_glides(ids: &[i64]) -> Vec<i64> {
    let mut kept = Vec::new();
    let mut rest = ids;
    while let Some((first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(&GLIDE) {
            rest = after;
        } else {
            kept.push(*first);
            rest = after;
        }
    }
    kept
}

#[test]
fn ids_are_those_of_piper() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/phoneme_ids.json")).unwrap();
    let phonemiser = Phonemiser::new(Espeak::start(&espeak_data()).unwrap());
    let cases = fixture["cases"].as_array().unwrap();
    assert!(cases.len() >= 70);
    let mut unexpected = Vec::new();
    let mut without_glide = Vec::new();
    let mut trained_otherwise = 0;
    for case in cases {
        let text = case["text"].as_str().unwrap();
        let config = json!({
            "audio": {"sample_rate": 22050},
            "espeak": {"voice": case["voice"]},
            "phoneme_id_map": fixture["phoneme_id_map"],
        });
        let config = VoiceConfig::parse(config.to_string().as_bytes()).unwrap();
        let sentences = phonemes(&phonemiser, &config, text).unwrap();
        let ours: Vec<Vec<i64>> = sentences.iter().map(|it| to_ids(&config, it)).collect();
        let pipers: Vec<Vec<i64>> = serde_json::from_value(case["ids"].clone()).unwrap();
        if ours == pipers {
            continue;
        }
        let bare: Vec<Vec<i64>> = pipers.iter().map(|it| without_glides(it)).collect();
        let ours_as_text = sentences.concat().concat();
        if ours == bare {
            without_glide.push(text);
        } else if TRAINED_OTHERWISE.contains(&(text, &ours_as_text)) {
            trained_otherwise += 1;
        } else {
            unexpected.push((text, ours_as_text));
        }
    }
    assert!(
        unexpected.is_empty(),
        "other phonemes than Piper's: {unexpected:#?}"
    );
    // What no longer differs is no longer to be excused.
    assert_eq!(without_glide, WITHOUT_GLIDE);
    assert_eq!(trained_otherwise, TRAINED_OTHERWISE.len());
}
