//! English text as words, numbers and the few symbols that are spoken.

use super::characters;

/// What stands between a token and the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Spaces, hyphens, nothing.
    Plain,
    /// A full stop between letters: "a.m."
    Dot,
    /// A comma.
    Comma,
    /// The end of something: any other punctuation.
    Break,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters, perhaps with apostrophes, or an ordinal such as "1st".
    Word,
    /// ASCII digits, perhaps with points between them.
    Number,
    /// The symbol of a currency before a number; the text is the currency's name.
    Currency,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) kind: Kind,
    pub(super) gap: Gap,
}

impl Token {
    pub(super) fn word(text: impl Into<String>, gap: Gap) -> Self {
        Self {
            text: text.into(),
            kind: Kind::Word,
            gap,
        }
    }

    pub(super) fn number(text: impl Into<String>, gap: Gap) -> Self {
        Self {
            text: text.into(),
            kind: Kind::Number,
            gap,
        }
    }

    pub(super) fn is_word(&self, text: &str) -> bool {
        self.kind == Kind::Word && self.text == text
    }
}

/// Reads folded text.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut scanner = Scanner {
        characters: text.chars().map(one_apostrophe).collect(),
        at: 0,
        gap: Gap::Plain,
        tokens: Vec::new(),
    };
    while scanner.at < scanner.characters.len() {
        scanner.step();
    }
    scanner.tokens
}

fn one_apostrophe(character: char) -> char {
    match character {
        '’' | '‘' | 'ʼ' | '`' => '\'',
        '−' => '-',
        _ => character,
    }
}

struct Scanner {
    characters: Vec<char>,
    at: usize,
    gap: Gap,
    tokens: Vec<Token>,
}

impl Scanner {
    fn step(&mut self) {
        let character = self.characters[self.at];
        if character.is_ascii_digit() || (character == '.' && self.is_leading_point()) {
            self.number();
        } else if self.is_letter(0) || (character == '\'' && self.is_letter(1)) {
            self.word();
        } else {
            self.symbol(character);
            self.at += 1;
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    fn before(&self) -> Option<char> {
        let before = self.at.checked_sub(1)?;
        self.characters.get(before).copied()
    }

    fn is_digit(&self, ahead: usize) -> bool {
        self.peek(ahead).is_some_and(|it| it.is_ascii_digit())
    }

    fn is_letter(&self, ahead: usize) -> bool {
        self.peek(ahead)
            .is_some_and(|it| !it.is_ascii_digit() && characters::is_in_word(it))
    }

    /// ".5", but not the end of a sentence that a number follows without a space.
    fn is_leading_point(&self) -> bool {
        let is_apart = self.before().is_none_or(|it| !characters::is_in_word(it));
        is_apart && self.is_digit(1)
    }

    fn push(&mut self, text: String, kind: Kind) {
        let gap = std::mem::replace(&mut self.gap, Gap::Plain);
        self.tokens.push(Token { text, kind, gap });
    }

    fn take_digits(&mut self, into: &mut String) {
        while let Some(digit) = self.peek(0).filter(char::is_ascii_digit) {
            into.push(digit);
            self.at += 1;
        }
    }

    fn number(&mut self) {
        let mut text = String::new();
        self.take_digits(&mut text);
        let is_grouped = (1..=3).contains(&text.len());
        while is_grouped && self.is_thousands_group() {
            self.at += 1;
            self.take_digits(&mut text);
        }
        if text.is_empty() {
            text.push('0');
        }
        while self.peek(0) == Some('.') && self.is_digit(1) {
            text.push('.');
            self.at += 1;
            self.take_digits(&mut text);
        }
        match self.ordinal_ending() {
            Some((ending, len)) => {
                text.push_str(ending);
                self.at += len;
                self.push(text, Kind::Word);
            }
            None => self.push(text, Kind::Number),
        }
    }

    fn is_thousands_group(&self) -> bool {
        self.peek(0) == Some(',') && (1..=3).all(|it| self.is_digit(it)) && !self.is_digit(4)
    }

    /// The rest of "1st", "80s" and "80's", and how long it is here.
    fn ordinal_ending(&self) -> Option<(&'static str, usize)> {
        const ENDINGS: [(&str, &str); 6] = [
            ("st", "st"),
            ("nd", "nd"),
            ("rd", "rd"),
            ("th", "th"),
            ("s", "s"),
            ("'s", "s"),
        ];
        ENDINGS
            .into_iter()
            .map(|(written, ending)| (written, ending, written.len()))
            .find(|(written, _, len)| {
                let is_here = written
                    .chars()
                    .enumerate()
                    .all(|(i, it)| self.peek(i) == Some(it));
                is_here && !self.is_letter(*len)
            })
            .map(|(_, ending, len)| (ending, len))
    }

    fn word(&mut self) {
        let mut text = String::new();
        while let Some(character) = self.peek(0) {
            let is_inside = character == '\'' && self.is_letter(1);
            if !is_inside && !self.is_letter(0) {
                break;
            }
            text.push(character);
            self.at += 1;
        }
        if characters::is_word(&text) {
            self.push(text, Kind::Word);
        }
    }

    fn symbol(&mut self, symbol: char) {
        if symbol == '%' {
            if self.is_after_number() {
                self.push("percent".into(), Kind::Word);
            }
        } else if let Some(name) = currency(symbol) {
            self.currency(name);
        } else if symbol == '-' && self.is_digit(1) && self.before().is_none_or(char::is_whitespace)
        {
            self.push("minus".into(), Kind::Word);
        } else if symbol == '.' && self.is_letter(1) && !self.tokens.is_empty() {
            self.gap = Gap::Dot;
        } else if symbol == ',' {
            self.gap = Gap::Comma;
        } else if !symbol.is_whitespace() && !"-‐/_'".contains(symbol) {
            self.gap = Gap::Break;
        }
    }

    fn currency(&mut self, name: &str) {
        let spaces = self.characters[self.at + 1..]
            .iter()
            .take_while(|it| it.is_whitespace())
            .count();
        let is_before_number = self.is_digit(spaces + 1)
            || (self.peek(spaces + 1) == Some('.') && self.is_digit(spaces + 2));
        let is_glued = self.before().is_some_and(|it| it.is_ascii_digit());
        if is_before_number && !is_glued && name != "cents" {
            self.push(name.into(), Kind::Currency);
        } else if self.is_after_number() {
            self.push(name.into(), Kind::Word);
        }
    }

    fn is_after_number(&self) -> bool {
        self.gap == Gap::Plain && self.tokens.last().is_some_and(|it| it.kind == Kind::Number)
    }
}

fn currency(symbol: char) -> Option<&'static str> {
    Some(match symbol {
        '$' => "dollars",
        '£' => "pounds",
        '€' => "euros",
        '¢' => "cents",
        '¥' => "yen",
        '₹' => "rupees",
        _ => return None,
    })
}
