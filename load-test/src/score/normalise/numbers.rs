//! Numbers in digits, however they are spoken.

use super::money;
use super::numerals::{Form, Numeral, numeral};
use super::tokens::{Gap, Kind, Token};
use super::whole::{Whole, Words};

/// Before a noun that is a number in other places: "at this point five people left".
const DETERMINERS: [&str; 18] = [
    "a", "an", "any", "each", "every", "her", "his", "its", "my", "no", "our", "some", "that",
    "the", "their", "this", "which", "your",
];
/// Longer ones are not multiplied: no speech holds them, and a hostile text could cost time.
const MOST_DIGITS: usize = 40;

/// Writes all numbers in digits.
pub(super) fn in_digits(tokens: Vec<Token>) -> Vec<Token> {
    let mut tokens = tokens;
    // Without punctuation, what is left may say more: it is read until nothing changes, so
    // that normal text stays as it is. It ends: words become numbers, and never the reverse.
    loop {
        let mut read = money::in_one_unit(read(&tokens));
        for token in &mut read {
            token.gap = Gap::Plain;
        }
        if read == tokens {
            return tokens;
        }
        tokens = read;
    }
}

fn read(tokens: &[Token]) -> Vec<Token> {
    let mut reader = Reader {
        tokens,
        words: Words(tokens),
        at: 0,
        read: Vec::with_capacity(tokens.len()),
    };
    while reader.at < tokens.len() {
        reader.step();
    }
    reader.read
}

/// A number, and the token behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Value {
    /// Digits, perhaps with a point.
    text: String,
    form: Form,
    end: usize,
}

impl From<Whole> for Value {
    fn from(whole: Whole) -> Self {
        Self {
            text: whole.value.to_string(),
            form: whole.form,
            end: whole.end,
        }
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    words: Words<'a>,
    at: usize,
    read: Vec<Token>,
}

impl Reader<'_> {
    fn step(&mut self) {
        let token = &self.tokens[self.at];
        let start = self.at + usize::from(token.kind == Kind::Currency);
        let value = self.leading_point().or_else(|| self.value(start));
        let Some(value) = value else {
            self.read.push(token.clone());
            self.at += 1;
            return;
        };
        let is_lone_power = token.kind == Kind::Word
            && matches!(
                numeral(&token.text),
                Some((Numeral::Power(_), Form::Cardinal))
            );
        if is_lone_power && token.gap == Gap::Plain {
            self.drop_article();
        }
        self.read.push(written(&value, token.gap));
        self.at = value.end;
        if token.kind == Kind::Currency {
            self.read.push(Token::word(token.text.clone(), Gap::Plain));
            if self.words.is_word(self.at, &token.text) {
                self.at += 1;
            }
        }
    }

    /// "a hundred" is "one hundred".
    fn drop_article(&mut self) {
        if self
            .read
            .last()
            .is_some_and(|it| it.is_word("a") || it.is_word("an"))
        {
            self.read.pop();
        }
    }

    /// "point five"
    fn leading_point(&self) -> Option<Value> {
        let is_noun = self
            .read
            .last()
            .is_some_and(|it| it.kind == Kind::Word && DETERMINERS.contains(&it.text.as_str()));
        if is_noun || !self.words.is_word(self.at, "point") {
            return None;
        }
        let (digits, end) = self.fraction(self.at + 1)?;
        Some(self.multiplied(Value {
            text: format!("0.{digits}"),
            form: Form::Cardinal,
            end,
        }))
    }

    /// Any number that begins at a token.
    fn value(&self, at: usize) -> Option<Value> {
        let token = self.tokens.get(at)?;
        if token.kind == Kind::Number {
            let text = token.text.clone();
            let value = Value {
                text,
                form: Form::Cardinal,
                end: at + 1,
            };
            return Some(self.multiplied(self.with_fraction(value)));
        }
        // After a number it is a time: "1 second".
        let is_time = self.read.last().is_some_and(|it| it.kind == Kind::Number);
        if token.is_word("second") && is_time {
            return None;
        }
        let value = self.digits(at).or_else(|| {
            let whole = self.words.year(at).or_else(|| self.words.cardinal(at));
            whole.map(Value::from)
        })?;
        if value.form != Form::Cardinal {
            return Some(value);
        }
        Some(self.multiplied(self.with_fraction(value)))
    }

    /// "five five one": digits in a row. The last one may count what follows: "one, two
    /// hundred" are two numbers.
    fn digits(&self, at: usize) -> Option<Value> {
        let is_counting = |next| self.words.power(next).is_some();
        let value = self.digit_row(at, is_counting)?;
        (value.text.len() > 1).then_some(value)
    }

    fn digit_row(&self, at: usize, is_other: impl Fn(usize) -> bool) -> Option<Value> {
        let (mut text, mut end) = (String::new(), at);
        while end == at || self.tokens.get(end).is_some_and(|it| it.gap == Gap::Plain) {
            let (digit, times, next) = match self.words.numeral(end) {
                Some((Numeral::Digit(digit), Form::Cardinal)) => (digit, 1, end + 1),
                Some((Numeral::Oh, _)) if end > at && self.words.is_digit(end + 1) => {
                    (0, 1, end + 1)
                }
                Some((Numeral::Repeat(times), _)) => match self.words.numeral(end + 1) {
                    Some((Numeral::Digit(digit), Form::Cardinal)) => (digit, times, end + 2),
                    Some((Numeral::Oh, _)) => (0, times, end + 2),
                    _ => break,
                },
                _ => break,
            };
            if !text.is_empty() && is_other(next) {
                break;
            }
            text.extend((0..times).map(|_| char::from(b'0' + digit)));
            end = next;
        }
        (!text.is_empty()).then_some(Value {
            text,
            form: Form::Cardinal,
            end,
        })
    }

    /// "three point one four", "two and a half".
    fn with_fraction(&self, mut value: Value) -> Value {
        while self.words.is_word(value.end, "point") {
            let Some((digits, end)) = self.fraction(value.end + 1) else {
                break;
            };
            value.text.push('.');
            value.text.push_str(&digits);
            value.end = end;
        }
        let half = ["and", "a", "half"];
        let is_half = (value.end..)
            .zip(half)
            .all(|(at, it)| self.words.is_word(at, it));
        if is_half && !value.text.contains('.') {
            value.text.push_str(".5");
            value.end += half.len();
        }
        value
    }

    /// The digits behind a point.
    fn fraction(&self, at: usize) -> Option<(String, usize)> {
        let token = self.tokens.get(at)?;
        if token.kind == Kind::Number {
            let is_whole = !token.text.contains('.');
            return is_whole.then(|| (token.text.clone(), at + 1));
        }
        let small = || {
            self.words
                .small(at)
                .filter(|it| it.is_cardinal())
                .map(Value::from)
        };
        let value = self.digit_row(at, |_| false).or_else(small)?;
        Some((value.text, value.end))
    }

    /// "2.5 million"
    fn multiplied(&self, mut value: Value) -> Value {
        while value.form == Form::Cardinal && value.text.len() < MOST_DIGITS {
            let Some((zeros, form)) = self.words.power(value.end) else {
                break;
            };
            match shifted(&value.text, usize::from(zeros)) {
                Some(text) if form == Form::Cardinal || !text.contains('.') => {
                    value = Value {
                        text,
                        form,
                        end: value.end + 1,
                    }
                }
                _ => break,
            }
        }
        value
    }
}

/// The decimal `text` times ten to the power of `zeros`; `None` for versions such as "1.2.3".
fn shifted(text: &str, zeros: usize) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.contains('.') {
        return None;
    }
    let (moved, rest) = fraction.split_at(zeros.min(fraction.len()));
    let digits = format!("{whole}{moved:0<zeros$}");
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    Some(if rest.is_empty() {
        digits.to_string()
    } else {
        format!("{digits}.{rest}")
    })
}

fn written(value: &Value, gap: Gap) -> Token {
    let text = &value.text;
    match value.form {
        Form::Cardinal => Token::number(text.clone(), gap),
        Form::Decade => Token::word(format!("{text}s"), gap),
        Form::Ordinal => Token::word(format!("{text}{}", ordinal_ending(text)), gap),
    }
}

fn ordinal_ending(digits: &str) -> &'static str {
    let is_teen = ["11", "12", "13"].iter().any(|it| digits.ends_with(it));
    match digits.as_bytes().last() {
        Some(b'1') if !is_teen => "st",
        Some(b'2') if !is_teen => "nd",
        Some(b'3') if !is_teen => "rd",
        _ => "th",
    }
}
