use serde_json::json;

use super::*;
use crate::engine::test_files;

fn phonemiser() -> Phonemiser {
    Phonemiser::new(Espeak::start(&test_files::espeak_data()).unwrap())
}

fn clause(phonemes: &str, punctuation: Option<char>, ends_sentence: bool) -> Clause {
    Clause {
        phonemes: phonemes.into(),
        punctuation,
        ends_sentence,
    }
}

fn characters(text: &str) -> Vec<String> {
    text.chars().map(String::from).collect()
}

#[test]
fn clauses_are_joined_up_to_the_end_of_a_sentence() {
    let sentences = join_clauses(vec![
        clause("a", Some(','), false),
        clause("b", Some('?'), true),
        clause("c", None, false),
    ]);
    let texts: Vec<String> = sentences.iter().map(|it| it.iter().collect()).collect();
    assert_eq!(texts, ["a, b?", "c"]);
}

#[test]
fn accents_are_phonemes_of_their_own() {
    let sentences = join_clauses(vec![clause("ç", None, true)]);
    assert_eq!(sentences[0], ['c', '\u{327}']);
}

#[test]
fn flags_of_languages_are_no_phonemes() {
    for (with, without) in [
        ("(de)abc(en)d", "abcd"),
        ("a(b", "a(b"),
        ("a()b", "a()b"),
        ("a(b(c)d", "ad"),
        (")(", ")("),
        ("", ""),
    ] {
        assert_eq!(without_flags(with), without, "{with}");
    }
}

#[test]
fn the_longest_cluster_is_one_phoneme() {
    let clusters = ["aɪ", "aɪə"]
        .iter()
        .map(|it| it.chars().collect())
        .collect();
    let phonemes: Vec<char> = "faɪəaɪa".chars().collect();
    assert_eq!(
        merge_clusters(&phonemes, &clusters),
        ["f", "aɪə", "aɪ", "a"]
    );
}

#[test]
fn every_phoneme_is_followed_by_a_pad_and_an_unknown_one_is_left_out() {
    let config = json!({
        "audio": {"sample_rate": 22050},
        "phoneme_type": "text",
        "phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [3], "b": [4, 5]},
    });
    let config = VoiceConfig::parse(config.to_string().as_bytes()).unwrap();
    let ids = to_ids(&config, &characters("abxa"));
    assert_eq!(ids.0, [1, 0, 3, 0, 4, 5, 0, 3, 0, 2]);
}

#[test]
fn a_long_sentence_is_cut_where_it_pauses() {
    for (sentence, most, parts) in [
        ("ab", 4, vec!["ab"]),
        ("", 4, vec![""]),
        ("aaa, bb cc", 6, vec!["aaa, ", "bb cc"]),
        ("aaa bbb ccc", 8, vec!["aaa bbb ", "ccc"]),
        ("a bbbbbbbbb", 6, vec!["a bbbb", "bbbbb"]),
        ("aaaaaaaaa", 4, vec!["aaaa", "aaaa", "a"]),
    ] {
        let sentence = characters(sentence);
        let texts: Vec<String> = cut(&sentence, most).iter().map(|it| it.concat()).collect();
        assert_eq!(texts, parts);
    }
}

proptest::proptest! {
    // Hindi is the one of which texts are known that espeak-ng alone would not survive.
    #[test]
    fn any_text_is_read(text in "(\\PC|[a-zäß ]|[а-я]|[क-ह]|[😀-🙏]){0,200}", voice in 0_usize..8) {
        let voice = ["en-us", "de", "ru", "cmn", "ar", "fr", "hi", "hi"][voice];
        phonemiser().clauses(voice, &text).unwrap();
    }
}

#[test]
fn texts_that_espeak_ng_alone_does_not_survive_are_read() {
    for (voice, text) in [
        ("hi", "\u{10A54}-\u{F73}"),
        ("de", "🚼 Ж"),
        ("de", "🚼\u{202}"),
        ("en-us", "🚼 Ж ཱ 世 क"),
    ] {
        phonemiser().clauses(voice, text).unwrap();
    }
}
