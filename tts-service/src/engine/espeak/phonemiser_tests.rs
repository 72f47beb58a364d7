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
