use proptest::prelude::*;

use super::*;

/// A line for each pair: what was said | what was heard | substitutions, deletions, insertions of
/// the words said. Figures of jiwer 4.0 over texts normalised by whisper-normalizer 0.1.15, which
/// is Whisper's own normaliser of English: here they are the same.
const AS_WHISPER: &str = "\
ask not what your country can do for you | ask what your country can do for you | 0 1 0 of 9
The birch canoe slid on the smooth planks. | the birch canoe slid on smooth planks | 0 1 0 of 8
Mr. Quilter is the apostle of the middle classes. | Mister Quilter is the apostle of the middle classes | 0 0 0 of 9
It's easy to tell the depth of a well. | its easy to tell the depth of a well | 1 1 0 of 10
We won't go, and they can't come. | we will not go and they can not come | 0 0 0 of 9
I'm sure he'd have liked it. | I am sure he would have liked it | 0 0 0 of 8
They've been here; he'd been there. | they have been here he had been there | 0 0 0 of 8
Let's start with the most important point. | let us start with the most important points | 1 0 0 of 8
She's gonna be late, isn't she? | she is going to be late is not she | 0 0 0 of 9
Um, I think, uh, so. | I think so | 0 0 0 of 3
[Music] Hello there (applause) everybody | hello there everybody | 0 0 0 of 3
Twenty three people came. | 23 people came | 0 0 0 of 3
one hundred and five | 105 | 0 0 0 of 1
He was born in nineteen eighty four. | He was born in 1984. | 0 0 0 of 5
The twenty-first century | the 21st century | 0 0 0 of 3
the first, the third and the twelfth | The 1st, the 3rd, and the 12th. | 0 0 0 of 7
two and a half years | 2.5 years | 0 0 0 of 2
three point one four | 3.14 | 0 0 0 of 1
2.5 million people | two and a half million people | 0 0 0 of 2
The colour of the theatre was grey. | The color of the theater was gray. | 0 0 0 of 7
We organised travelling neighbours. | we organized traveling neighbors | 0 0 0 of 4
Dr. Smith met Prof. Jones at St. Paul's. | doctor smith met professor jones at saint pauls | 1 1 0 of 9
A naïve café owner | a naive cafe owner | 0 0 0 of 4
the dog's tail | the dogs tail | 1 1 0 of 4
nine hundred ninety nine | 999 | 0 0 0 of 1
five hundred thousand soldiers | 500,000 soldiers | 0 0 0 of 2
My number is five five five one two one two. | my number is 5551212 | 0 0 0 of 4
The nineteen eighties were loud. | The 1980s were loud. | 0 0 0 of 4
two thousand and one, a space odyssey | 2001 a space odyssey | 0 0 0 of 4
He ran 5km in 20 minutes. | he ran 5 km in twenty minutes | 0 0 0 of 7
Page 12, line 7. | page twelve line eight | 1 0 0 of 4
The meeting has been moved to next Wednesday. | the meeting had been moved to Wednesday | 1 1 0 of 8
Rice is often served in round bowls. | rise is often served in round balls | 2 0 0 of 7
a b c d e | b c x d e f | 0 1 2 of 5
Could you please turn off the lights in the kitchen? | could you turn of the light in the kitchen | 2 1 0 of 10
I have never seen such a large dog before. | I've never seen a large dog | 0 2 0 of 9
Nobody knew the answer to the question. | | 0 7 0 of 7
The soup needs a little more salt and pepper. | the soup needs salt and the soup needs pepper | 5 0 0 of 9
Ill-disposed towards him | ill disposed towards him | 0 0 0 of 4
";

/// Where the normaliser does otherwise on purpose. The figures are ours; Whisper's are in the
/// comment.
const OTHER_THAN_WHISPER: &str = r#"
# 0 of 6: there, an amount of money is one word.
It costs 1,000 euros and no more. | It costs one thousand euros and no more | 0 0 0 of 7
$20 | twenty dollars | 0 0 0 of 2
$2.50 | two dollars and fifty cents | 0 0 0 of 2
It fell 5%. | it fell five percent | 0 0 0 of 4
a ten percent rise | a 10 percent rise | 0 0 0 of 4
# 0 of 4: "0 my god 501".
Oh my god, five oh one! | oh my god 501 | 0 0 0 of 4
# 3 of 1: "123" and "one 2 3".
one, two, three | 1 2 3 | 0 0 0 of 3
# 2 of 1: "1230" and "12 30".
twelve thirty | 12:30 | 0 0 0 of 2
# 1 of 1: "007" and "7".
double oh seven | 007 | 0 0 0 of 1
# 1 of 3: "a 100 people".
a hundred people | 100 people | 0 0 0 of 2
# 2 of 3: "cannot" stays.
We cannot go. | we can't go | 0 0 0 of 4
# 2 of 4: "a m".
at 5 a.m. | at 5 am | 0 0 0 of 3
# 2 of 5: "0 brien at 50 clock".
O'Brien at five o'clock | Obrien at 5 o'clock | 0 0 0 of 4
# 2 of 3: "1980 is".
the 1980's | the 1980s | 0 0 0 of 2
# 1 of 1: ".5".
point five | 0.5 | 0 0 0 of 1
"#;

#[track_caller]
fn check(table: &str) {
    let lines = table.lines().map(str::trim);
    for line in lines.filter(|it| !it.is_empty() && !it.starts_with('#')) {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [said, heard, counts] = columns[..] else {
            panic!("{line}");
        };
        let counts = counts.split(' ').filter_map(|it| it.parse().ok());
        let counts: Vec<usize> = counts.collect();
        let [substitutions, deletions, insertions, words] = counts[..] else {
            panic!("{line}");
        };
        let expected = Score {
            errors: substitutions + deletions + insertions,
            substitutions,
            deletions,
            insertions,
            words,
        };
        assert_eq!(Score::of(said, heard, "en"), expected, "{line}");
    }
}

#[test]
fn figures_are_those_of_whisper() {
    check(AS_WHISPER);
}

#[test]
fn figures_differ_where_they_should() {
    check(OTHER_THAN_WHISPER);
}

#[test]
fn errors_are_counted_against_the_reference() {
    check(
        "
        | | 0 0 0 of 0
        | a b | 0 0 2 of 0
        a b c | | 0 3 0 of 3
        a b c | a b c | 0 0 0 of 3
        a b c | a x c | 1 0 0 of 3
        a | a b c | 0 0 2 of 1
        # As many errors as two substitutions, but one word more is right.
        a b | b c | 0 1 1 of 2
        ",
    );
}

#[test]
fn the_language_decides_what_counts() {
    assert_eq!(Score::of("won't", "will not", "en").errors, 0);
    assert_eq!(Score::of("won't", "will not", "de").errors, 2);
    let chinese = Score::of("今天天气很好", "今天天汽很好", "zh");
    assert_eq!((chinese.errors, chinese.words), (1, 6));
}

#[test]
fn scores_add_up_over_sentences() {
    let scores = [
        Score::of("a b c", "a x c", "en"),
        Score::of("d", "d e", "en"),
    ];
    let total: Score = scores.into_iter().sum();
    assert_eq!((total.errors, total.words), (2, 4));
    assert!((total.percent() - 50.0).abs() < 1e-9);
    let mut counted = Score::default();
    counted += scores[0];
    counted += scores[1];
    assert_eq!(counted, total);
}

#[test]
fn percent_needs_no_words_said() {
    assert!(Score::default().percent().abs() < 1e-9);
    assert!((Score::of("", "a b", "en").percent() - 200.0).abs() < 1e-9);
}

#[test]
fn long_texts_with_few_errors_are_counted_exactly() {
    let said: Vec<String> = (0..200_000_u32).map(|it| it.to_string()).collect();
    let mut heard = said.clone();
    heard[20] = "x".into();
    heard.remove(100_000);
    heard.insert(150_000, "y".into());
    let score = Score::of_words(&said, &heard, 5_000_000);
    assert_eq!(
        (score.substitutions, score.deletions, score.insertions),
        (1, 1, 1)
    );
}

fn sentence(longest: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[abcd]", 0..longest)
}

/// The textbook's table, as a whole.
fn distance(said: &[String], heard: &[String]) -> usize {
    let mut table = vec![vec![0; heard.len() + 1]; said.len() + 1];
    for row in 0..=said.len() {
        for column in 0..=heard.len() {
            table[row][column] = match (row, column) {
                (0, count) | (count, 0) => count,
                _ => {
                    let differs = usize::from(said[row - 1] != heard[column - 1]);
                    let through = table[row - 1][column - 1] + differs;
                    let gap = table[row - 1][column].min(table[row][column - 1]) + 1;
                    through.min(gap)
                }
            };
        }
    }
    table[said.len()][heard.len()]
}

proptest! {
    #[test]
    fn errors_are_the_fewest_possible(said in sentence(24), heard in sentence(24)) {
        let score = Score::of_words(&said, &heard, MAX_COMPARISONS);
        prop_assert_eq!(score.errors, distance(&said, &heard));
        prop_assert_eq!(
            score.errors,
            score.substitutions + score.deletions + score.insertions
        );
        let heard_words = score.words - score.deletions + score.insertions;
        prop_assert_eq!((score.words, heard_words), (said.len(), heard.len()));
    }

    #[test]
    fn with_few_comparisons_errors_are_never_too_few(
        said in sentence(40),
        heard in sentence(40),
        max_comparisons in 1..200_usize,
    ) {
        let score = Score::of_words(&said, &heard, max_comparisons);
        let fewest = distance(&said, &heard);
        prop_assert!((fewest..=said.len() + heard.len()).contains(&score.errors));
        let heard_words = score.words - score.deletions + score.insertions;
        prop_assert_eq!((score.words, heard_words), (said.len(), heard.len()));
    }
}
