use proptest::prelude::*;

use super::*;

/// An utterance as one line: what ends with it, and its text.
fn shown(input: &str, language: &str) -> Vec<String> {
    utterances(input, language)
        .iter()
        .map(|utterance| {
            let end = match utterance.pause {
                Pause::None => ' ',
                Pause::Clause => ',',
                Pause::Sentence => '.',
                Pause::Paragraph => '¶',
            };
            format!("{end} {}", utterance.text)
        })
        .collect()
}

/// Letters and digits, which no step may lose.
fn letters(text: &str) -> String {
    text.chars()
        .filter(|character| character.is_alphanumeric())
        .collect()
}

#[test]
fn prose_is_a_sentence_an_utterance() {
    for (language, input, expected) in [
        (
            "en-US",
            "Dr. Smith paid $3.50 (about €3) at 5 p.m. on Nov. 21st… He left. “Really?” she asked!!",
            &[
                ". Dr. Smith paid $3.50 (about €3) at 5 p.m. on Nov. 21st.",
                ". He left.",
                "¶ “Really?” she asked!",
            ][..],
        ),
        ("en", "Yes. No.\n\nMaybe", &[". Yes.", "¶ No.", "¶ Maybe"]),
        (
            "de",
            "„Hallo“, sagte er am 3. Mai – z. B. so. Was?",
            &[". „Hallo“, sagte er am 3. Mai — z. B. so.", "¶ Was?"],
        ),
        (
            "fr",
            "Il dit : « Bonjour ! » Ça coûte 1\u{202f}000 €… n’est-ce pas ?",
            &[
                ". Il dit: « Bonjour! »",
                "¶ Ça coûte 1 000 €, n’est-ce pas?",
            ],
        ),
        (
            "es",
            "¿Cómo estás? ¡Muy bien!",
            &[". ¿Cómo estás?", "¶ ¡Muy bien!"],
        ),
        (
            "ru",
            "— Привет, — сказал он.\n— «Да», — ответила она.",
            &["¶ Привет, сказал он.", "¶ «Да», ответила она."],
        ),
        (
            "zh-CN",
            "你好，世界。今天天气很好！\n你呢？ＯＫ……我也是。",
            &[
                ". 你好, 世界.",
                ". 今天天气很好!",
                ". 你呢?",
                "¶ OK, 我也是.",
            ],
        ),
        (
            "ja",
            "こんにちは。「元気ですか？」はい、\n元気です！",
            &[". こんにちは.", ". 「元気ですか?」", "¶ はい, 元気です!"],
        ),
        (
            "ar",
            "مرحبا، كيف حالك؟ أنا بخير.",
            &[". مرحبا، كيف حالك؟", "¶ أنا بخير."],
        ),
        (
            "hi",
            "यह एक परीक्षण है। क्या हाल है?",
            &[". यह एक परीक्षण है.", "¶ क्या हाल है?"],
        ),
    ] {
        assert_eq!(shown(input, language), expected, "{input:?}");
    }
}

#[test]
fn a_wrapped_line_goes_on_and_a_short_one_has_ended() {
    let wrapped = "The quick brown fox jumps over the lazy dog and\nLondon is behind it, so the fox is well-\n\
                   known.\nRoses are red\nViolets are blue\nDear Bob,\nIt is I";
    assert_eq!(
        shown(wrapped, "en"),
        [
            ". The quick brown fox jumps over the lazy dog and London is behind it, so the fox is well-known.",
            ". Roses are red.",
            ". Violets are blue.",
            ", Dear Bob,",
            "¶ It is I",
        ]
    );
}

#[test]
fn a_table_may_lack_its_edges_and_a_heading_may_be_underlined() {
    let text =
        "Results\n=======\nName | Age\n--- | ---\nBob | 5\nAl | 6\n\nOne\\\ntwo\nlist:\nthree";
    assert_eq!(
        shown(text, "en"),
        [
            "¶ Results.",
            ". Name, Age.",
            ". Bob, 5.",
            "¶ Al, 6.",
            ". One.",
            ". two list:",
            "¶ three",
        ]
    );
}

#[test]
fn html_is_heard_by_its_structure() {
    assert_eq!(
        shown(
            "<h1>Title</h1><p>One <b>two</b><br/>three &#8212; four.</p><ul><li>a</li><li>b</li></ul>",
            "en"
        ),
        ["¶ Title.", ". One two.", "¶ three — four.", "¶ a.", "¶ b."]
    );
}

#[test]
fn an_answer_in_markdown_is_heard_without_its_marks() {
    let answer = r"# Setting up the server 🚀

Here's **what you need** to know about `snake_case` names & *other* things:

1. Install the package (see [the docs](https://example.com/docs?x=1)).
2. Run `make all -j 4`; it takes ~5 minutes
   - use **sudo** if needed
   - [ ] check the log

> Note: 2*3*4 = 24, and f(**kwargs) works.

| Name | Size |
|------|-----:|
| tiny | 75 MB |
| base | **142** MB |

```python
def main(*args):
    return a_b[0] == 1
```

---

✅ Fast<br>
✅ Cheap &amp; good

Visit https://example.com. That's it… enjoy!!! 🎉
";
    assert_eq!(
        shown(answer, "en-US"),
        [
            "¶ Setting up the server.",
            "¶ Here's what you need to know about snake_case names & other things:",
            "¶ 1: Install the package (see the docs).",
            "¶ 2: Run make all -j 4; it takes ~5 minutes.",
            "¶ use sudo if needed.",
            "¶ check the log.",
            "¶ Note: 2*3*4 = 24, and f(**kwargs) works.",
            ". Name, Size.",
            ". tiny, 75 MB.",
            "¶ base, 142 MB.",
            ". def main(*args):",
            "¶ return a_b[0] == 1.",
            "¶ Fast.",
            "¶ Cheap & good.",
            ". Visit example.com.",
            "¶ That's it, enjoy!",
        ]
    );
}

#[test]
fn notations_are_text() {
    assert_eq!(shown("[[ h@l'oU ]] you", "en"), ["¶ [ h@l'oU ] you"]);
    assert_eq!(
        shown("<speak>Hi <break time=\"1s\"/></speak>", "en"),
        ["¶ <speak>Hi <break time=\"1s\"/></speak>"]
    );
    assert_eq!(
        shown("[\u{200b}[x]\u{200b}] \\[\\[x\\]\\] &#91;&#91;x]]", "en"),
        ["¶ [x] [x] [x]"]
    );
}

#[test]
fn there_is_nothing_to_speak_in_marks_and_pictures() {
    for input in [
        "",
        " \n\t ",
        "🎉👍",
        "...",
        "---",
        "“”",
        "\u{200b}\u{feff}",
        "```\n```",
        "<br>",
        "!?",
        "| |\n|--|",
        "\u{301}",
    ] {
        assert_eq!(utterances(input, "en"), [], "{input:?}");
    }
}

#[test]
fn the_first_utterance_is_short_and_others_are_bounded() {
    let clause = "the water of the river runs slowly past the old mill,";
    let sentence = format!(
        "Here {} end. And {} end.",
        [clause; 20].join(" "),
        [clause; 20].join(" ")
    );
    let found = utterances(&sentence, "en");
    assert!(found[0].text.len() <= 100, "{found:?}");
    assert!(
        found[1..]
            .iter()
            .all(|utterance| (100..=MAX_LENGTH).contains(&utterance.text.len()))
    );
}

/// What holds for every text.
fn check(input: &str, language: &str) {
    for utterance in utterances(input, language) {
        let text = &utterance.text;
        assert!(text.chars().count() <= MAX_LENGTH, "{text:?}");
        assert!(text.contains(characters::is_spoken), "{text:?}");
        assert_eq!(text, text.trim());
        assert!(
            !text.contains(char::is_control) && !text.contains("[["),
            "{text:?}"
        );
    }
}

#[test]
fn hostile_texts_are_spoken_in_bounded_pieces() {
    for unit in ["a", "\n", "\u{301}", "[[", "*", "a.b.c.d.", "\". ", "“a. "] {
        check(&unit.repeat((1 << 20) / unit.len()), "en");
    }
    for unit in [
        "1",
        "é",
        "語",
        "ก",
        " ",
        "\r\n",
        "a\u{301}",
        "\u{1100}",
        "क्",
        "[",
        "](",
        "[a](",
        "[a](b",
        "**a ",
        "*a_",
        "_",
        "`",
        "``a`",
        "« a. » ",
        ". ",
        "! ",
        "… ",
        "- ",
        "-",
        "—",
        "a—",
        "1. ",
        "1. a\n",
        "- a\n",
        "|",
        "|a",
        "|a|\n",
        "> ",
        ">\n",
        "#",
        "# ",
        "```\n",
        "~~~a\n",
        "<",
        "<b ",
        "<b>",
        "<br>",
        "<!--",
        "&",
        "&amp;",
        "&#x301;",
        "\\",
        "https://",
        "h",
        "(",
        "()",
        "(a. ",
        "a, ",
        "a and ",
        "🎉",
        "👩\u{200d}",
        "ﷺ",
        "\u{202e}",
        "a?b!",
        "1 ",
        "a\\\n",
        "a:\n",
    ] {
        check(&unit.repeat((1 << 16) / unit.len()), "en");
    }
    // Runs of backticks of all lengths, with none to end them.
    let runs: Vec<String> = (1..700).map(|length| "`".repeat(length)).collect();
    check(&runs.join(" a "), "en");
}

proptest! {
    #[test]
    fn any_text_is_spoken_in_bounded_pieces(
        input in "\\PC{0,400}|.{0,400}|[a-c1-3 .,!?:;*_`~#|<>&\\[\\]()\\\\\n-]{0,400}",
        language in "[a-z]{0,3}(-[A-Z]{2})?",
    ) {
        check(&input, &language);
    }

    #[test]
    fn no_letter_of_plain_text_is_lost(input in "[a-cA-C1-3éß語ह .,!?:;—…()“”'\n-]{0,800}") {
        let spoken: String = utterances(&input, "en").into_iter().map(|utterance| utterance.text).collect();
        // Numbers without neighbours are no items, so all of them are spoken, too.
        prop_assert_eq!(letters(&spoken), letters(&input));
    }

    #[test]
    fn what_was_spoken_is_cut_the_same_way_again(input in "([A-C][a-c]{2,9}( [a-c]{2,9}){1,30}[.!?] ){1,8}") {
        let once = utterances(&input, "en");
        let joined: Vec<&str> = once.iter().map(|utterance| utterance.text.as_str()).collect();
        prop_assert_eq!(utterances(&joined.join(" "), "en"), once);
    }
}
