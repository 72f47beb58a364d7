//! The words of which English numbers are made.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numeral {
    /// A digit, also "zero".
    Digit(u8),
    /// "oh" and "o", which are zeros among digits only.
    Oh,
    /// Ten to nineteen.
    Teen(u8),
    /// Twenty to ninety.
    Tens(u8),
    /// A number of zeros: a hundred has two.
    Power(u8),
    /// The next digit is repeated this number of times.
    Repeat(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Cardinal,
    /// "fifth"
    Ordinal,
    /// "eighties"
    Decade,
}

/// What a word says in a number, if anything.
pub(super) fn numeral(word: &str) -> Option<(Numeral, Form)> {
    use Form::{Cardinal, Decade, Ordinal};
    use Numeral::{Digit, Oh, Power, Repeat, Teen, Tens};
    Some(match word {
        "o" | "oh" => (Oh, Cardinal),
        "double" => (Repeat(2), Cardinal),
        "triple" => (Repeat(3), Cardinal),
        "zero" => (Digit(0), Cardinal),
        "one" => (Digit(1), Cardinal),
        "two" => (Digit(2), Cardinal),
        "three" => (Digit(3), Cardinal),
        "four" => (Digit(4), Cardinal),
        "five" => (Digit(5), Cardinal),
        "six" => (Digit(6), Cardinal),
        "seven" => (Digit(7), Cardinal),
        "eight" => (Digit(8), Cardinal),
        "nine" => (Digit(9), Cardinal),
        "first" => (Digit(1), Ordinal),
        "second" => (Digit(2), Ordinal),
        "third" => (Digit(3), Ordinal),
        "fourth" => (Digit(4), Ordinal),
        "fifth" => (Digit(5), Ordinal),
        "sixth" => (Digit(6), Ordinal),
        "seventh" => (Digit(7), Ordinal),
        "eighth" => (Digit(8), Ordinal),
        "ninth" => (Digit(9), Ordinal),
        "ten" => (Teen(10), Cardinal),
        "eleven" => (Teen(11), Cardinal),
        "twelve" => (Teen(12), Cardinal),
        "thirteen" => (Teen(13), Cardinal),
        "fourteen" => (Teen(14), Cardinal),
        "fifteen" => (Teen(15), Cardinal),
        "sixteen" => (Teen(16), Cardinal),
        "seventeen" => (Teen(17), Cardinal),
        "eighteen" => (Teen(18), Cardinal),
        "nineteen" => (Teen(19), Cardinal),
        "tenth" => (Teen(10), Ordinal),
        "eleventh" => (Teen(11), Ordinal),
        "twelfth" => (Teen(12), Ordinal),
        "thirteenth" => (Teen(13), Ordinal),
        "fourteenth" => (Teen(14), Ordinal),
        "fifteenth" => (Teen(15), Ordinal),
        "sixteenth" => (Teen(16), Ordinal),
        "seventeenth" => (Teen(17), Ordinal),
        "eighteenth" => (Teen(18), Ordinal),
        "nineteenth" => (Teen(19), Ordinal),
        "hundred" => (Power(2), Cardinal),
        "thousand" => (Power(3), Cardinal),
        "million" => (Power(6), Cardinal),
        "billion" => (Power(9), Cardinal),
        "trillion" => (Power(12), Cardinal),
        "hundredth" => (Power(2), Ordinal),
        "thousandth" => (Power(3), Ordinal),
        "millionth" => (Power(6), Ordinal),
        "billionth" => (Power(9), Ordinal),
        "trillionth" => (Power(12), Ordinal),
        "fourty" => (Tens(40), Cardinal),
        _ => {
            let (stem, form) = [("ies", Decade), ("ieth", Ordinal), ("y", Cardinal)]
                .into_iter()
                .find_map(|(ending, form)| Some((word.strip_suffix(ending)?, form)))?;
            (Tens(tens(stem)?), form)
        }
    })
}

fn tens(stem: &str) -> Option<u8> {
    const STEMS: [&str; 8] = [
        "twent", "thirt", "fort", "fift", "sixt", "sevent", "eight", "ninet",
    ];
    let index = STEMS.iter().position(|it| *it == stem)?;
    Some(10 * (index as u8 + 2))
}
