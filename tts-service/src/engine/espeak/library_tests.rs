use super::*;
use crate::engine::test_files;

fn espeak() -> Arc<Espeak> {
    Espeak::start(&test_files::espeak_data()).unwrap()
}

#[test]
fn a_clause_tells_its_punctuation_and_whether_the_sentence_ends() {
    let clauses = espeak()
        .clauses("en-us", "Wait, what: yes; no! Is it? End.")
        .unwrap();
    let ends: Vec<_> = clauses
        .iter()
        .map(|it| (it.punctuation, it.ends_sentence))
        .collect();
    assert_eq!(
        ends,
        [
            (Some(','), false),
            (Some(':'), false),
            (Some(';'), false),
            (Some('!'), true),
            (Some('?'), true),
            (Some('.'), true),
        ]
    );
}

#[test]
fn another_directory_than_the_running_one_is_refused_and_a_missing_one_too() {
    let _running = espeak();
    let error = Espeak::start(Path::new("/nowhere")).unwrap_err();
    assert!(error.contains("already"), "{error}");
}

#[test]
fn names_that_are_no_voices_are_refused() {
    for name in [
        "",
        "no-such-voice",
        "../../etc/passwd",
        "en\0us",
        "en/us",
        &"e".repeat(1000),
    ] {
        assert!(!espeak().has_voice(name), "{name:?}");
        espeak().clauses(name, "text").unwrap_err();
    }
    assert!(espeak().has_voice("en-us") && espeak().has_voice("cmn"));
}

#[test]
fn a_text_sounds_the_same_whatever_was_read_before_it() {
    let espeak = espeak();
    let text = "The read book, 42 of them.";
    let alone = espeak.clauses("en-us", text).unwrap();
    for (voice, before) in [
        ("de", "Das ist ein Meeting"),
        ("en-us", "unfinished \"quote (and"),
        ("en-us", "\u{1}50S \u{1}2V \u{1}1Y"),
        (
            "en-us",
            "<speak><voice name=\"de\"><say-as interpret-as=\"characters\">",
        ),
        ("en-us", "[[ hɛloʊ"),
        ("ru", "Привет"),
    ] {
        espeak.clauses(voice, before).unwrap();
        assert_eq!(
            espeak.clauses("en-us", text).unwrap(),
            alone,
            "after {before:?}"
        );
    }
}

#[test]
fn control_characters_are_spaces() {
    let espeak = espeak();
    let plain = espeak.clauses("en-us", "one two  three").unwrap();
    assert_eq!(
        espeak.clauses("en-us", "one\0two\u{1}\u{7f}three").unwrap(),
        plain
    );
}

#[test]
fn markup_is_text() {
    let clauses = espeak().clauses("en-us", "<b>hi</b>").unwrap();
    let phonemes: String = clauses.iter().map(|it| it.phonemes.as_str()).collect();
    assert!(
        phonemes.contains("hˈaɪ") && phonemes.len() > 10,
        "{phonemes}"
    );
}

#[test]
fn nothing_and_very_much_are_read() {
    let espeak = espeak();
    for text in [
        String::new(),
        "word ".repeat(100_000),
        "x".repeat(200_000),
        "9".repeat(50_000),
        "🍕".repeat(20_000),
        "\u{301}".repeat(20_000),
        "a,".repeat(20_000),
        "((((\"'".repeat(10_000),
    ] {
        espeak.clauses("en-us", &text).unwrap();
    }
}

#[test]
fn an_emoji_beside_a_third_language_does_not_end_the_process() {
    for text in ["🚼 Ж", "Ȇ🚼", "🚼好"] {
        espeak().clauses("de", text).unwrap();
    }
    let spoken = espeak().clauses("en-us", "🍕").unwrap();
    assert!(spoken[0].phonemes.starts_with("pˈiːtsə"), "{spoken:?}");
}
