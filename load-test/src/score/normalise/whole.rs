//! Whole numbers in words.

use super::numerals::{Form, Numeral, numeral};
use super::tokens::{Gap, Kind, Token};

/// "twelve thirty" is a time, "thirteen thirty" a year.
const CENTURIES: std::ops::RangeInclusive<u64> = 13..=20;

/// A whole number, and the token behind it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    pub(super) value: u64,
    pub(super) form: Form,
    pub(super) end: usize,
}

impl Whole {
    pub(super) fn is_cardinal(self) -> bool {
        self.form == Form::Cardinal
    }
}

/// Tokens in which numbers are looked for.
#[derive(Clone, Copy)]
pub(super) struct Words<'a>(pub(super) &'a [Token]);

impl Words<'_> {
    pub(super) fn is_word(&self, at: usize, text: &str) -> bool {
        self.0.get(at).is_some_and(|it| it.is_word(text))
    }

    pub(super) fn numeral(&self, at: usize) -> Option<(Numeral, Form)> {
        let token = self.0.get(at).filter(|it| it.kind == Kind::Word)?;
        numeral(&token.text)
    }

    /// As [`Self::numeral`], where nothing but a space is before it.
    pub(super) fn joined_numeral(&self, at: usize) -> Option<(Numeral, Form)> {
        let is_joined = self.0.get(at)?.gap == Gap::Plain;
        self.numeral(at).filter(|_| is_joined)
    }

    pub(super) fn power(&self, at: usize) -> Option<(u8, Form)> {
        match self.joined_numeral(at)? {
            (Numeral::Power(zeros), form) => Some((zeros, form)),
            _ => None,
        }
    }

    pub(super) fn is_digit(&self, at: usize) -> bool {
        matches!(
            self.joined_numeral(at),
            Some((Numeral::Digit(_), Form::Cardinal) | (Numeral::Repeat(_), _))
        )
    }

    /// "nineteen eighty four", "twenty oh five".
    pub(super) fn year(&self, at: usize) -> Option<Whole> {
        let century = self.small(at).filter(|it| it.is_cardinal())?;
        if !CENTURIES.contains(&century.value) {
            return None;
        }
        let rest = match self.joined_numeral(century.end)? {
            (Numeral::Oh | Numeral::Digit(0), _) if self.is_digit(century.end + 1) => {
                self.small(century.end + 1)?
            }
            (Numeral::Teen(_) | Numeral::Tens(_), _) => self.small(century.end)?,
            _ => return None,
        };
        if self.power(rest.end).is_some() {
            return None;
        }
        Some(Whole {
            value: century.value * 100 + rest.value,
            ..rest
        })
    }

    /// Below a hundred.
    pub(super) fn small(&self, at: usize) -> Option<Whole> {
        let (numeral, form) = self.numeral(at)?;
        let whole = |value: u8, form, end| Whole {
            value: u64::from(value),
            form,
            end,
        };
        match numeral {
            Numeral::Digit(value) | Numeral::Teen(value) => Some(whole(value, form, at + 1)),
            Numeral::Tens(tens) => match self.joined_numeral(at + 1) {
                Some((Numeral::Digit(ones @ 1..), form_of_ones)) if form == Form::Cardinal => {
                    Some(whole(tens + ones, form_of_ones, at + 2))
                }
                _ => Some(whole(tens, form, at + 1)),
            },
            Numeral::Oh | Numeral::Power(_) | Numeral::Repeat(_) => None,
        }
    }

    /// "nine hundred and five", "nineteen hundred", and "a hundred" without its article.
    fn hundreds(&self, at: usize) -> Option<Whole> {
        let count = match self.numeral(at)? {
            (Numeral::Power(2), _) => Whole {
                value: 1,
                form: Form::Cardinal,
                end: at,
            },
            _ => self.small(at)?,
        };
        let hundred = if count.end == at {
            self.numeral(at)
        } else {
            self.joined_numeral(count.end)
        };
        let Some((Numeral::Power(2), form)) = hundred.filter(|_| count.is_cardinal()) else {
            return Some(count);
        };
        let hundreds = Whole {
            value: count.value * 100,
            form,
            end: count.end + 1,
        };
        if !hundreds.is_cardinal() {
            return Some(hundreds);
        }
        let rest = self
            .behind_and(hundreds.end)
            .and_then(|behind| self.small(behind))
            // "one hundred and two hundred" are two numbers.
            .filter(|rest| self.power(rest.end).is_none_or(|(zeros, _)| zeros != 2));
        Some(rest.map_or(hundreds, |rest| Whole {
            value: hundreds.value + rest.value,
            ..rest
        }))
    }

    /// "two thousand three hundred and five"
    pub(super) fn cardinal(&self, at: usize) -> Option<Whole> {
        let mut section = match self.numeral(at)? {
            (Numeral::Power(3..), _) => Whole {
                value: 1,
                form: Form::Cardinal,
                end: at,
            },
            _ => self.hundreds(at)?,
        };
        let (mut total, mut limit) = (0, u8::MAX);
        loop {
            let power = match self.numeral(section.end) {
                Some((Numeral::Power(zeros @ 3..), form)) => {
                    let is_first = section.end == at;
                    let is_joined = is_first || self.power(section.end).is_some();
                    Some((zeros, form)).filter(|_| is_joined && section.is_cardinal())
                }
                _ => None,
            };
            let Some((zeros, form)) = power.filter(|(zeros, _)| *zeros < limit) else {
                return Some(Whole {
                    value: total + section.value,
                    ..section
                });
            };
            limit = zeros;
            total += section.value * 10_u64.pow(u32::from(zeros));
            let whole = Whole {
                value: total,
                form,
                end: section.end + 1,
            };
            match self.next_section(whole.end, limit) {
                Some(next) if whole.is_cardinal() => section = next,
                _ => return Some(whole),
            }
        }
    }

    /// What may follow "thousand" or a larger power, being less than one of it.
    fn next_section(&self, at: usize, limit: u8) -> Option<Whole> {
        let behind = self.behind_and(at).or_else(|| {
            // "two thousand, three hundred", but not "in two thousand, three people".
            let has_comma = self.0.get(at)?.gap == Gap::Comma;
            let section = self.hundreds(at).filter(|_| has_comma)?;
            (section.value >= 100).then_some(at)
        })?;
        if self.power(behind).is_some() {
            return None;
        }
        let section = self.hundreds(behind)?;
        let is_less = match self.power(section.end) {
            Some((zeros, _)) => zeros < limit,
            None => true,
        };
        (is_less && section.value < 1_000).then_some(section)
    }

    /// Where the rest of a number may begin: here, or behind an "and".
    fn behind_and(&self, at: usize) -> Option<usize> {
        let joined = |at: usize| self.joined_numeral(at).map(|_| at);
        if self.is_word(at, "and") && self.0[at].gap == Gap::Plain {
            joined(at + 1)
        } else {
            joined(at)
        }
    }
}
