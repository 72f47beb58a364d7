use proptest::prelude::*;

use super::*;

fn spoken(input: &str, language: &str) -> Vec<String> {
    utterances(input, language)
        .into_iter()
        .map(|it| it.text)
        .collect()
}

fn pauses(input: &str) -> Vec<Pause> {
    utterances(input, "en-US")
        .into_iter()
        .map(|it| it.pause)
        .collect()
}

#[test]
fn sentences_end_where_readers_think_they_do() {
    for (language, input, expected) in [
        (
            "en-US",
            "Dr. Smith paid $3.50 on Nov. 21st at 5 p.m. He left. \"Really?\" she asked.",
            &[
                "Dr. Smith paid $3.50 on Nov. 21st at 5 p.m.",
                "He left.",
                "\"Really?\" she asked.",
            ][..],
        ),
        (
            "en-US",
            "Yes... well, maybe. See e.g. Fig. 3.",
            &["Yes... well, maybe.", "See e.g. Fig. 3."],
        ),
        (
            "en-US",
            "What?! No... really? OK!",
            &["What?!", "No... really?", "OK!"],
        ),
        (
            "en-US",
            "J. R. R. Tolkien wrote it. I did.",
            &["J. R. R. Tolkien wrote it.", "I did."],
        ),
        (
            "en-US",
            "Version 1.2.3 costs 1,234.50 now. Good.",
            &["Version 1.2.3 costs 1,234.50 now.", "Good."],
        ),
        (
            "de-DE",
            "Das ist z. B. ein Test. Am 3. Mai kam Dr. Meier.",
            &["Das ist z. B. ein Test.", "Am 3. Mai kam Dr. Meier."],
        ),
        (
            "fr-FR",
            "M. Dupont est là. Il part.",
            &["M. Dupont est là.", "Il part."],
        ),
        ("es-ES", "¿Cómo estás? ¡Bien!", &["¿Cómo estás?", "¡Bien!"]),
        ("ru-RU", "Привет. Как дела?", &["Привет.", "Как дела?"]),
        (
            "zh-CN",
            "你好，世界。今天天气很好！",
            &["你好，世界。", "今天天气很好！"],
        ),
        (
            "ja-JP",
            "こんにちは。元気ですか？",
            &["こんにちは。", "元気ですか？"],
        ),
        ("ar", "مرحبا. كيف حالك؟", &["مرحبا.", "كيف حالك؟"]),
        (
            "hi-IN",
            "यह एक परीक्षण है। क्या हाल है?",
            &["यह एक परीक्षण है।", "क्या हाल है?"],
        ),
    ] {
        assert_eq!(spoken(input, language), expected, "{language}");
    }
}

#[test]
fn what_cannot_be_spoken_is_left_out() {
    for (input, expected) in [
        ("I love 🍕 and 😀!", "I love and !"),
        ("a\u{0}b\u{7}c\u{200b}d\u{feff}e", "abcde"),
        ("👨\u{200d}👩\u{200d}👧 family", "family"),
        ("1\u{fe0f}\u{20e3} first", "1 first"),
        ("soft\u{ad}hyphen", "softhyphen"),
        ("\u{202e}evil\u{202c}", "evil"),
        ("go → there ✓", "go there"),
        ("wait!!!!!! what????", "wait! what?"),
        ("It's 25 ℃.", "It's 25 °C."),
        ("Zürich cafe\u{301}", "Zürich café"),
        ("a\u{a0}b\u{2003}c\td", "a b c d"),
        ("½ of $5 & 10% ≈ 2² ± 1 © №7", "½ of $5 & 10% ≈ 2² ± 1 © №7"),
        ("می\u{200c}خواهم", "می\u{200c}خواهم"),
    ] {
        assert_eq!(spoken(input, "en-US").join(" "), expected, "{input:?}");
    }
    let zalgo = format!("e{}", "\u{301}\u{302}\u{303}\u{304}".repeat(50));
    assert!(spoken(&zalgo, "en-US")[0].chars().count() <= 5);
}

#[test]
fn nothing_to_speak_gives_nothing() {
    for input in [
        "",
        "   ",
        "\n\n\t",
        "...",
        "!?",
        "😀🍕",
        "---",
        "\u{0}\u{0}",
        "( ) [ ]",
        "```\n```",
    ] {
        assert_eq!(utterances(input, "en-US"), [], "{input:?}");
    }
}

#[test]
fn markup_becomes_pauses() {
    let answer = "# Making *tea*\n\nYou need **three** things:\n\n- water\n- a `kettle`\n\
                  - some [tea](https://example.org/tea \"shop\")\n\n1. Boil it.\n2. Pour it.\n\n\
                  > Enjoy!\n\n| Tea | Time |\n|-----|------|\n| Green | 2 min |\n\n***\n\
                  Visit https://www.example.org/shop/. It&rsquo;s open &amp; <b>free</b>.";
    let expected = [
        "Making tea",
        "You need three things:",
        "water",
        "a kettle",
        "some tea",
        "1.",
        "Boil it.",
        "2.",
        "Pour it.",
        "Enjoy!",
        "Tea, Time",
        "Green, 2 min",
        "Visit example.org/shop.",
        "It&rsquo;s open & free .",
    ];
    let spoken = spoken(answer, "en-US");
    // A number may stand alone or with what it numbers.
    let joined = spoken
        .join("|")
        .replace("1.|Boil", "1. Boil")
        .replace("2.|Pour", "2. Pour");
    let expected = expected
        .join("|")
        .replace("1.|Boil", "1. Boil")
        .replace("2.|Pour", "2. Pour");
    assert_eq!(joined, expected);
    assert_eq!(
        pauses("# Title\nText. More.\n\nEnd."),
        [
            Pause::Paragraph,
            Pause::Sentence,
            Pause::Paragraph,
            Pause::Paragraph
        ]
    );
}

#[test]
fn what_only_looks_like_markup_is_text() {
    for text in [
        "2*3 = 6 and 4 * 5 = 20",
        "call my_function_name or __init__ now",
        "f(**kwargs) and *args",
        "if a < b and c > d",
        "the C# and C++ languages",
        "[1] is a reference",
        "-5 degrees",
        "array[0][1]",
    ] {
        let spoken = spoken(text, "en-US").join(" ");
        let bare = |text: &str| text.replace("__init__", "init");
        assert_eq!(bare(&spoken), bare(text));
    }
}

#[test]
fn lines_that_were_wrapped_are_joined_and_lines_that_ended_are_not() {
    let wrapped =
        "This line goes on for quite a while and is then broken by\nan editor in its middle.";
    assert_eq!(spoken(wrapped, "en-US").len(), 1);
    assert_eq!(spoken("Roses are red\nViolets are blue", "en-US").len(), 2);
}

#[test]
fn a_long_sentence_is_cut_at_clauses_and_the_first_piece_is_short() {
    let clause = "and so it went on for a while, ";
    let sentence = format!("It was late; {}until it ended.", clause.repeat(30));
    let utterances = utterances(&sentence, "en-US");
    assert!(utterances[0].text.chars().count() <= 100);
    assert!(
        utterances
            .iter()
            .all(|it| it.text.chars().count() <= chunks::LONGEST)
    );
    let (last, before) = utterances.split_last().unwrap();
    assert!(
        before
            .iter()
            .all(|it| it.pause == Pause::Clause && it.text.ends_with([',', ';']))
    );
    assert_eq!(last.pause, Pause::Paragraph);
    let whole: Vec<&str> = utterances.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(whole.join(" "), sentence);
}

#[test]
fn a_first_sentence_of_ordinary_length_stays_whole() {
    let text = "The quick brown fox jumps over the lazy dog, and then it takes a long rest. Good.";
    assert_eq!(spoken(text, "en-US").len(), 2);
}

#[test]
fn text_without_spaces_is_cut_between_characters() {
    let utterances = utterances(&"汉".repeat(1000), "zh-CN");
    assert!(
        utterances
            .iter()
            .all(|it| it.text.chars().count() <= chunks::LONGEST)
    );
    assert_eq!(
        utterances
            .iter()
            .map(|it| it.text.chars().count())
            .sum::<usize>(),
        1000
    );
    assert_eq!(utterances[0].pause, Pause::None);
}

#[test]
fn a_megabyte_of_anything_is_done_in_linear_time() {
    // Quadratic work on these would take minutes: the test would not come to its end.
    for unit in [
        "a", "\n", "\u{301}", "[[", "*", "a.b.c.d.", "(", "[a](", "_", "<b ", "`", "1. ", "| ",
        "> ", "a, ", "\"", "汉", "&amp", "https://", "-\n- ", "Dr. ",
    ] {
        let text = unit.repeat((1 << 20) / unit.len());
        for utterance in utterances(&text, "en-US") {
            assert!(
                utterance.text.chars().count() <= chunks::LONGEST,
                "{unit:?}"
            );
        }
    }
}

/// Letters and digits, which all must be spoken.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

proptest! {
    #[test]
    fn any_text_gives_short_utterances_that_can_be_spoken(input in "\\PC{0,600}") {
        for utterance in utterances(&input, "en-US") {
            prop_assert!(is_speakable(&utterance.text));
            prop_assert!(utterance.text.chars().count() <= chunks::LONGEST);
            prop_assert_eq!(utterance.text.trim(), utterance.text.as_str());
        }
    }

    #[test]
    fn prose_loses_nothing(input in "[a-zA-Z0-9äöüéñ.,;:!?()'\" \n-]{0,800}") {
        let spoken = spoken(&input, "en-US").join(" ");
        prop_assert_eq!(letters(&spoken), letters(&input));
    }

    #[test]
    fn cleaning_twice_is_cleaning_once(input in "\\PC{0,300}") {
        let once = clean::clean(&input);
        prop_assert_eq!(clean::clean(&once), once);
    }
}
