use proptest::prelude::*;

use super::words;

#[track_caller]
fn english(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(words(text, "en").join(" "), *expected, "{text:?}");
    }
}

#[track_caller]
fn other(language: &str, table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(words(text, language).join(" "), *expected, "{text:?}");
    }
}

#[test]
fn case_punctuation_and_symbols_do_not_count() {
    english(&[
        ("", ""),
        (" \n\t ", ""),
        ("…!?", ""),
        ("Hello, world!", "hello world"),
        ("ASK not—what", "ask not what"),
        ("ill-disposed", "ill disposed"),
        ("“Quoted”, she said.", "quoted she said"),
        ("a*b_c#d", "a b c d"),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("so\u{ad}ft hy\u{200b}phen", "soft hyphen"),
        ("🎉 party 🎉", "party"),
        ("naïve café", "naive cafe"),
        ("Ørsted, Łódź, Æsop", "orsted lodz aesop"),
    ]);
}

#[test]
fn remarks_in_brackets_are_no_speech() {
    english(&[
        ("[Music] Hello (laughs) there", "hello there"),
        ("<noise>yes{breath}no", "yes no"),
        ("well (he (she) they) now", "well now"),
        ("left (open", "left open"),
        ("right) closed", "right closed"),
        ("a [b (c] d) e", "a d e"),
        ("(((", ""),
    ]);
    other("de", &[("[Musik] Guten Tag", "guten tag")]);
    other("ja", &[("（笑）はい【音楽】", "は い")]);
}

#[test]
fn fillers_are_left_out() {
    english(&[
        ("Um, uh, well, hmm.", "well"),
        ("Mm mhm mmm", ""),
        ("umbrella hum", "umbrella hum"),
        ("twenty uh three", "23"),
    ]);
}

#[test]
fn contractions_are_written_out() {
    english(&[
        (
            "won't can't shan't cannot",
            "will not can not shall not can not",
        ),
        (
            "It's I'm we're they'll you've",
            "it is i am we are they will you have",
        ),
        ("don’t isnʼt", "do not is not"),
        ("he'd go", "he would go"),
        ("he'd been, she'd gone", "he had been she had gone"),
        ("it's been, he's got", "it has been he has got"),
        ("shouldn't've", "should not have"),
        ("let's, y'all, ma'am", "let us you all madam"),
        (
            "I'ma, gonna, wanna, gotta",
            "i am going to going to want to got to",
        ),
        ("woulda coulda shoulda", "would have could have should have"),
        (
            "the dog's bone, the dogs' bones",
            "the dog is bone the dogs bones",
        ),
        ("it 's they 're", "it is they are"),
        ("he said 'yes'", "he said yes"),
        ("O'Brien at five o'clock", "obrien at 5 oclock"),
        ("rock'n'roll", "rocknroll"),
        ("ain't", "aint"),
    ]);
}

#[test]
fn titles_are_written_out() {
    english(&[
        ("Mr. Quilter", "mister quilter"),
        ("Mrs Jones and Dr. Smith", "missus jones and doctor smith"),
        ("St. Paul", "saint paul"),
        (
            "Prof. Col. Lt. Gen. Sen.",
            "professor colonel lieutenant general senator",
        ),
        ("Jr. Sr.", "junior senior"),
        ("drive", "drive"),
    ]);
}

#[test]
fn words_in_two_parts_are_joined() {
    english(&[
        ("5 a.m. and 6 p.m.", "5 am and 6 pm"),
        ("ten per cent", "10 percent"),
        ("I am a m", "i am a m"),
        ("U.S. and U.K.", "u s and u k"),
        ("e.g. this", "e g this"),
    ]);
}

#[test]
fn cardinal_numbers_are_digits() {
    english(&[
        ("zero", "0"),
        ("one", "1"),
        ("twelve", "12"),
        ("twenty three", "23"),
        ("twenty-three", "23"),
        ("one hundred", "100"),
        ("one hundred and five", "105"),
        ("one hundred five", "105"),
        ("nine hundred ninety nine", "999"),
        ("a hundred and five", "105"),
        ("such a thousand", "such 1000"),
        ("two thousand three hundred and five", "2305"),
        ("two thousand, three hundred and five", "2305"),
        ("twelve hundred", "1200"),
        ("twenty five hundred", "2500"),
        ("five hundred thousand", "500000"),
        ("one million two hundred thousand and six", "1200006"),
        ("one hundred and five thousand", "105000"),
        ("two thousand million", "2000000000"),
        ("nine trillion", "9000000000000"),
        ("hundreds of thousands", "hundreds of thousands"),
    ]);
}

#[test]
fn numbers_beside_each_other_stay_apart() {
    english(&[
        ("one, two, three", "1 2 3"),
        (
            "in two thousand, three people died",
            "in 2000 3 people died",
        ),
        ("one hundred and two hundred", "100 and 200"),
        ("one thousand and two thousand", "1000 and 2000"),
        ("two thousand five million", "2000 5000000"),
        ("one, two hundred", "1 200"),
        ("five thirty", "5 30"),
        ("twelve thirty", "12 30"),
        ("5:30", "5 30"),
        ("two and three", "2 and 3"),
        ("twenty 3", "20 3"),
        ("1 2 3", "1 2 3"),
        ("twenty. three", "20 3"),
    ]);
}

#[test]
fn digits_in_a_row_are_one_number() {
    english(&[
        ("one two three", "123"),
        ("five five five one two one two", "5551212"),
        ("one oh one", "101"),
        ("double oh seven", "007"),
        ("triple five two", "5552"),
        ("oh my", "oh my"),
        ("hawaii five o", "hawaii 5 o"),
        ("a double bed", "a double bed"),
        ("one two three hundred", "12 300"),
    ]);
}

#[test]
fn years_are_numbers() {
    english(&[
        ("nineteen eighty four", "1984"),
        ("nineteen eighty-four", "1984"),
        ("twenty twenty", "2020"),
        ("twenty twenty three", "2023"),
        ("twenty ten", "2010"),
        ("nineteen oh five", "1905"),
        ("nineteen hundred", "1900"),
        ("two thousand and one", "2001"),
        ("nineteen eighties", "1980s"),
        ("the eighties", "the 80s"),
        ("the 1980's", "the 1980s"),
        ("eighteen twelve", "1812"),
    ]);
}

#[test]
fn ordinal_numbers_are_digits() {
    english(&[
        ("first second third fourth", "1st 2nd 3rd 4th"),
        ("the twelfth", "the 12th"),
        ("twenty-first", "21st"),
        ("one hundred and eleventh", "111th"),
        ("two hundredth", "200th"),
        ("thirtieth", "30th"),
        ("1st 22nd 3rd 104th", "1st 22nd 3rd 104th"),
        ("one second", "1 second"),
        ("20 second clip", "20 second clip"),
        ("one third", "1 3rd"),
    ]);
}

#[test]
fn decimals_have_a_point() {
    english(&[
        ("point five", "0.5"),
        (".5", "0.5"),
        ("zero point five", "0.5"),
        ("three point one four", "3.14"),
        ("three point fourteen", "3.14"),
        ("3 point 14", "3.14"),
        ("two point two five million", "2250000"),
        ("2.5 million", "2500000"),
        ("0.5 million", "500000"),
        ("1.2345 thousand", "1234.5"),
        ("3 hundred thousand", "300000"),
        ("two and a half", "2.5"),
        ("two and a half million", "2500000"),
        ("an hour and a half", "an hour and a half"),
        ("version one point two point three", "version 1.2.3"),
        (
            "at this point five people left",
            "at this point 5 people left",
        ),
        ("3.", "3"),
        ("minus five", "minus 5"),
        ("-5 degrees", "minus 5 degrees"),
        ("pages 5-7", "pages 5 7"),
    ]);
}

#[test]
fn digits_have_no_separators_and_no_units() {
    english(&[
        ("1,000", "1000"),
        ("1,234,567.89", "1234567.89"),
        ("1,2,3", "1 2 3"),
        ("12,34", "12 34"),
        ("1,0000", "1 0000"),
        ("5km", "5 km"),
        ("b2b mp3", "b 2 b mp 3"),
        ("m²", "m 2"),
        ("007", "007"),
    ]);
}

#[test]
fn money_and_percentages_are_words() {
    english(&[
        ("$20", "20 dollars"),
        ("$1", "1 dollars"),
        ("one dollar", "1 dollars"),
        ("twenty dollars", "20 dollars"),
        ("a dollar", "a dollar"),
        ("$1,000.50", "1000.50 dollars"),
        ("$2.5 million", "2500000 dollars"),
        ("$3 million dollars", "3000000 dollars"),
        ("two dollars and fifty cents", "2.50 dollars"),
        ("$2.50", "2.50 dollars"),
        ("two dollars, five cents", "2.05 dollars"),
        ("three pounds and fifty pence", "3.50 pounds"),
        (
            "£5 €6 7€ ¥9 ₹10 8¢",
            "5 pounds 6 euros 7 euros 9 yen 10 rupees 8 cents",
        ),
        ("$ and %", "and"),
        ("5% 6 % 7％", "5 percent 6 percent 7 percent"),
        ("five percent", "5 percent"),
        ("12.5%", "12.5 percent"),
        ("$5th", "dollars 5th"),
    ]);
}

#[test]
fn spelling_is_american() {
    english(&[
        ("The colour of the theatre", "the color of the theater"),
        (
            "Organised neighbours travelling",
            "organized neighbors traveling",
        ),
        ("OK", "okay"),
    ]);
}

#[test]
fn other_languages_keep_their_own_ways() {
    other(
        "de",
        &[
            ("Füße, Straße", "füsse strasse"),
            ("STRASSE", "strasse"),
            ("Er hat's!", "er hat s"),
            ("ein-und-zwanzig 1,5", "ein und zwanzig 1 5"),
            ("Dr. um", "dr um"),
        ],
    );
    other("fr", &[("L’été, c'est fini…", "l été c est fini")]);
    other("es", &[("¿Qué tal?", "qué tal")]);
    other("hi", &[("हिन्दी में।", "हिन्दी में")]);
    other("ar", &[("مرحبًا، كيف؟", "مرحبًا كيف")]);
    other("el", &[("ΟΔΟΣ. Οδός", "οδοσ οδόσ")]);
    other("ko", &[("안녕하세요 세계", "안녕하세요 세계")]);
    other("ru", &[("Привет, мир!", "привет мир")]);
}

#[test]
fn without_spaces_each_character_is_a_word() {
    other("zh", &[("你好，世界。", "你 好 世 界")]);
    other("zh", &[("用 Windows 很好", "用 windows 很 好")]);
    other("ja", &[("コーヒーが、すき", "コ ー ヒ ー が す き")]);
    other("th", &[("สวัสดี", "ส วั ส ดี")]);
}

#[test]
fn the_language_may_be_a_code_or_a_name() {
    for language in ["en", "EN", "en-US", "en_gb", "english", "English", "eng"] {
        assert_eq!(words("won't", language), ["will", "not"], "{language}");
    }
    for language in ["", "de", "enm", "x-en"] {
        assert_eq!(words("won't", language), ["won", "t"], "{language}");
    }
}

#[test]
fn hostile_text_takes_time_by_its_length() {
    for text in [
        "(".repeat(100_000) + &"]".repeat(100_000),
        "a".to_string() + &"'s".repeat(100_000),
        "3".to_string() + &" million".repeat(100_000),
        "one point ".repeat(100_000),
        "two dollars and fifty cents ".repeat(20_000),
        "$ ".repeat(100_000),
        "twenty ".repeat(100_000),
    ] {
        assert!(words(&text, "en").len() <= text.len());
    }
}

/// Text of what the rules are about, in any order.
fn puzzling() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "one",
        "five",
        "ten",
        "twenty",
        "nineteen",
        "eighty",
        "eighties",
        "hundred",
        "thousand",
        "million",
        "first",
        "second",
        "fifth",
        "hundredth",
        "point",
        "and",
        "a",
        "half",
        "oh",
        "o",
        "double",
        "per",
        "cent",
        "cents",
        "dollar",
        "pounds",
        "pence",
        "minus",
        "zero",
        "1",
        "20",
        "1,000",
        "3.5",
        ".5",
        "007",
        "1st",
        "s",
        "st",
        "$",
        "£",
        "¢",
        "%",
        ".",
        ",",
        "-",
        "'",
        "'s",
        "n't",
        "'d",
        "been",
        "won't",
        "wan'na",
        "it",
        "um",
        "u",
        "m",
        "p",
        "mr",
        "colour",
        "the",
        "(",
        ")",
        "[",
        "]",
        "好",
        "é",
        "ß",
        "Σ",
        "½",
        "\u{301}",
    ]);
    let glue = prop::sample::select(vec![" ", " ", " ", "", ", ", ". ", "-"]);
    prop::collection::vec((piece, glue), 0..12).prop_map(|pieces| {
        pieces
            .into_iter()
            .flat_map(|(it, glue)| [it, glue])
            .collect()
    })
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![puzzling(), "\\PC{0,24}", any::<String>()]
}

fn language() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["en", "de", "zh"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn normal_text_stays_as_it_is(text in any_text(), language in language()) {
        let once = words(&text, language);
        prop_assert_eq!(words(&once.join(" "), language), once);
    }

    #[test]
    fn case_never_counts(text in any_text(), language in language()) {
        let normal = words(&text, language);
        prop_assert_eq!(&words(&text.to_uppercase(), language), &normal);
        prop_assert_eq!(&words(&text.to_lowercase(), language), &normal);
    }

    #[test]
    fn words_are_never_empty_and_hold_no_spaces(text in any_text(), language in language()) {
        for word in words(&text, language) {
            prop_assert!(!word.is_empty());
            prop_assert!(!word.contains(char::is_whitespace));
        }
    }
}
