//! Punctuation as the phonemiser hears it.
//!
//! espeak-ng makes a pause at `. ! ? , ; :` before a blank and at a dash between blanks. It hears
//! none at `…`, `...`, `。`, `，`, `--` or `word—word`, and then joins the words around them. So
//! punctuation is written the one way that is heard, and floods of it are one.

use super::characters::is_unspaced;

/// One line of text with its punctuation settled; of prose, doing it twice changes nothing.
///
/// `[[` becomes `[`, so that nothing is left of the notation for phonemes that some of
/// espeak-ng's modes have.
pub(super) fn settle(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut line = Line {
        text: String::with_capacity(text.len()),
        space: false,
    };
    let mut at = 0;
    while let Some(&first) = characters.get(at) {
        let kind = kind(first);
        let run = match kind {
            Kind::Blank | Kind::Word => 1,
            _ => run_of(&characters[at..], first, kind),
        };
        let place = Place {
            before: at.checked_sub(1).map(|index| characters[index]),
            run: &characters[at..at + run],
            after: &characters[at + run..],
        };
        match kind {
            Kind::Blank => line.space = true,
            Kind::Word => line.push(first),
            Kind::Full => line.full_stop(&place),
            Kind::Clause => line.clause(&place),
            Kind::Dash => line.dash(&place),
            Kind::Separator => line.separator(&place),
            Kind::Other => line.other(&place),
        }
        at += run;
    }
    line.text
}

/// Where a pause is heard.
pub(super) fn is_pause(character: char) -> bool {
    matches!(
        character,
        '.' | '!' | '?' | ',' | ';' | ':' | '—' | '،' | '؛' | '؟'
    )
}

/// What may close a quotation or a bracket, and then belongs to what is before it. Quotation
/// marks that open in one language close in another.
pub(super) fn is_closer(character: char) -> bool {
    ")]}\"'”’»›“‘«‹」』》】".contains(character)
}

fn is_opener(character: char) -> bool {
    "([{“„‘‚«‹»›「『《【¿¡".contains(character)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    /// Said, or a bracket.
    Word,
    /// What may end a sentence.
    Full,
    Clause,
    Dash,
    /// Stands between things in a row, where it has blanks around it.
    Separator,
    Other,
}

fn kind(character: char) -> Kind {
    match character {
        ' ' | '\n' => Kind::Blank,
        '.' | '!' | '?' | '！' | '？' | '…' | '。' | '｡' | '؟' | '।' | '॥' | '۔' | '։' => {
            Kind::Full
        }
        ',' | ';' | ':' | '、' | '､' | '，' | '；' | '：' | '،' | '؛' => Kind::Clause,
        '-' | '–' | '—' | '―' | '⸺' | '⸻' => Kind::Dash,
        '|' | '•' | '·' | '←'..='⇿' | '⟵'..='⟿' => Kind::Separator,
        _ if character.is_alphanumeric() || matches!(character, '[' | ']') => Kind::Word,
        _ => Kind::Other,
    }
}

/// How many characters belong together: marks of one kind where kinds mix (`?!`, `–-`),
/// one character else.
fn run_of(characters: &[char], first: char, kind_of_first: Kind) -> usize {
    let mixes = matches!(kind_of_first, Kind::Full | Kind::Dash | Kind::Separator);
    characters
        .iter()
        .take_while(|&&next| next == first || mixes && kind(next) == kind_of_first)
        .count()
}

/// A run of marks, and what is around it in the text as it came.
struct Place<'a> {
    before: Option<char>,
    run: &'a [char],
    after: &'a [char],
}

impl Place<'_> {
    fn next(&self) -> Option<char> {
        self.after.first().copied()
    }

    /// The next character that is not a blank.
    fn next_word(&self) -> Option<char> {
        self.after.iter().copied().find(|&next| next != ' ')
    }

    /// What comes next goes on with the same word or number.
    fn inside(&self) -> bool {
        self.next()
            .is_some_and(|next| next != ' ' && !is_unspaced(next))
    }

    /// A number goes on, whatever the width of the mark in it.
    fn in_number(&self) -> bool {
        let numeric = |neighbour: Option<char>| neighbour.is_some_and(char::is_numeric);
        self.run.len() == 1 && numeric(self.before) && numeric(self.next())
    }

    /// The sentence goes on, as far as one can see.
    fn goes_on(&self) -> bool {
        self.next_word()
            .is_some_and(|next| !next.is_uppercase() && !is_closer(next))
    }

    fn blank_before(&self) -> bool {
        self.before.is_none_or(|before| before == ' ')
    }

    fn blank_after(&self) -> bool {
        self.next().is_none_or(|next| next == ' ')
    }
}

/// The line as it grows.
struct Line {
    text: String,
    /// A blank is due before the next character.
    space: bool,
}

impl Line {
    fn push(&mut self, character: char) {
        if std::mem::take(&mut self.space) && !self.text.is_empty() {
            self.text.push(' ');
        } else if matches!(character, '[' | ']') && self.text.ends_with(character) {
            return;
        }
        self.text.push(character);
    }

    /// Something that a pause may follow was said.
    fn can_pause(&self) -> bool {
        let mut said = self.text.chars().rev();
        said.next().is_some_and(|last| {
            let opens = is_opener(last)
                && (!is_closer(last) || said.next().is_none_or(|before| before == ' '));
            !is_pause(last) && !opens
        })
    }

    /// A mark that makes a pause, right behind what is before it.
    fn pause(&mut self, mark: char, place: &Place) {
        if self.can_pause() {
            self.space = false;
            self.text.push(mark);
        } else if !self.text.ends_with(is_pause) {
            return;
        }
        // East Asian marks have no blank behind them, not even before a quotation.
        self.space = place
            .next()
            .is_some_and(|next| !is_closer(next) || is_opener(next) && !place.run[0].is_ascii());
    }

    /// A single mark may be in a number, a name or a file name; a run is one mark.
    fn full_stop(&mut self, place: &Place) {
        let has = |marks: &[char]| place.run.iter().any(|mark| marks.contains(mark));
        let dots = place.run.iter().filter(|&&mark| mark == '.').count();
        if let [mark @ ('.' | '!' | '?')] = *place.run
            && place.inside()
        {
            if self.can_pause() || place.next().is_some_and(char::is_alphanumeric) {
                self.push(mark);
            }
            return;
        }
        let ellipsis = dots > 1 || has(&['…']);
        let mark = match () {
            () if has(&['؟']) => '؟',
            () if has(&['?', '？']) => '?',
            () if has(&['!', '！']) => '!',
            () if !ellipsis => '.',
            // Folders above.
            () if place.next() == Some('/') => {
                return place.run.iter().for_each(|&dot| self.push(dot));
            }
            () if place.goes_on() => ',',
            () => '.',
        };
        self.pause(mark, place);
    }

    fn clause(&mut self, place: &Place) {
        let (mark, wide) = match place.run[0] {
            '、' | '､' | '，' => (',', true),
            '；' => (';', true),
            '：' => (':', true),
            narrow => (narrow, false),
        };
        let inside = if wide {
            place.in_number()
        } else {
            place.inside() && !place.next().is_some_and(is_closer)
        };
        // A face would be read as "colon".
        let face = place.blank_before() && !place.next().is_some_and(char::is_alphanumeric);
        match place.run.len() {
            1 | 2 if inside && (face || !self.can_pause()) => {}
            // Two colons are in names.
            2 if inside && mark == ':' => (0..2).for_each(|_| self.push(mark)),
            1 | 2 if inside => self.push(mark),
            _ => self.pause(mark, place),
        }
    }

    fn dash(&mut self, place: &Place) {
        let between_blanks = place.blank_before() && place.blank_after();
        let is_dash = match place.run {
            // With a number it is a minus.
            ['-'] => between_blanks && !place.next_word().is_some_and(char::is_numeric),
            ['–'] => between_blanks,
            // A flag of a command keeps its two.
            ['-', '-'] => place.blank_after() || !place.blank_before(),
            _ => true,
        };
        let pauses_next = place
            .next_word()
            .is_none_or(|next| matches!(kind(next), Kind::Full | Kind::Clause));
        if !is_dash {
            place.run.iter().for_each(|&dash| self.push(dash));
            return;
        }
        self.space = true;
        if self.can_pause() && !pauses_next {
            self.push('—');
            self.space = true;
        }
    }

    fn separator(&mut self, place: &Place) {
        let joins = place.run == ['·'] && !place.blank_before() && !place.blank_after();
        if joins {
            self.push('·');
        } else if place.next_word().is_some() {
            self.pause(',', place);
        }
        self.space |= !joins;
    }

    /// Three alike are a drawing, or mean no more than one.
    fn other(&mut self, place: &Place) {
        let drawn = "*#_~=+|\\^<>/`".contains(place.run[0]);
        match (place.run.len(), drawn) {
            (3.., true) => self.space = true,
            (3.., false) if !is_opener(place.run[0]) => self.push(place.run[0]),
            _ => place.run.iter().for_each(|&character| self.push(character)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pause_is_written_as_it_is_heard() {
        for (text, settled) in [
            // What is heard already.
            (
                "One, two; three: four. Five! Six?",
                "One, two; three: four. Five! Six?",
            ),
            (
                "“Really?” she said. (Yes.) It's 1,000.5 at 10:30.",
                "“Really?” she said. (Yes.) It's 1,000.5 at 10:30.",
            ),
            (
                ".NET, std::vec, ../path, a.b.c, x!=y :-)",
                ".NET, std::vec, ../path, a.b.c, x!=y -)",
            ),
            ("¿Cómo estás? ¡Bien!", "¿Cómo estás? ¡Bien!"),
            ("كيف حالك؟ مرحبا، أنا", "كيف حالك؟ مرحبا، أنا"),
            // Floods.
            (
                "Wait!!!!!!!! No?!?! Yes,,,, so;;; a::::: b",
                "Wait! No? Yes, so; a: b",
            ),
            ("a ----- b ===== c ***** d _____ e ##### f", "a — b c d e f"),
            ("$$$$$ 5%%%", "$ 5%"),
            ("**kwargs && a == b // c", "**kwargs && a == b // c"),
            ("[[ hɛloʊ ]] [[[x]]]", "[ hɛloʊ ] [x]"),
            // Ellipses.
            (
                "No... really? Well… The end...... Oh…",
                "No, really? Well. The end. Oh.",
            ),
            ("(...) “…and so”, etc.... then", "() “and so”, etc, then"),
            ("wait...what. . . no", "wait, what. no"),
            // Dashes.
            (
                "word—word, word -- word, word - word",
                "word — word, word — word, word — word",
            ),
            ("— Yes — no —, or —", "Yes — no, or"),
            (
                "10–20, 5 - 3, well-known, Paris–London, --help, -5",
                "10–20, 5 - 3, well-known, Paris–London, --help, -5",
            ),
            // East Asian and Indian.
            (
                "你好，世界。今天！是、的；“好。”他说",
                "你好, 世界. 今天! 是, 的; “好.”他说",
            ),
            ("यह है। क्या॥", "यह है. क्या."),
            // Things in a row.
            ("A • B | C · D → E", "A, B, C, D, E"),
            ("col·lecció | ", "col·lecció"),
            ("Great ! Done . a , b", "Great! Done. a, b"),
        ] {
            assert_eq!(settle(text), settled, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_settled_stays(
            text in "(([a-cA-C]{1,5}|[1-9]{1,4}|é語|\\(ab\\)|“ab”|\\[1\\])([,;:]? | ?[.!?…]{1,4} |-|--| -- |—| – | • |\\||、|。)){1,20}"
        ) {
            let once = settle(&text);
            prop_assert_eq!(settle(&once), once);
        }

        #[test]
        fn no_letter_is_lost(text in "[ab1é語 .,;:!?…—–*|•()\"\\[\\]。，/-]{0,60}|\\PC{0,60}") {
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            let settled = settle(&text);
            prop_assert_eq!(letters(&settled), letters(&text));
            prop_assert!(!settled.contains("[[") && !settled.contains("]]"));
        }
    }
}
