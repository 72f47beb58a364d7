//! Amounts as the page writes them. Services say what they like: what is no finite number is
//! unknown.

use crate::report::terminal;

const UNKNOWN: &str = "unknown";

/// From this time on, tenths of a second tell nothing.
const LONG_SECONDS: f64 = 600.0;

/// A time with the unit that fits.
pub(super) fn time(seconds: f64) -> String {
    if !seconds.is_finite() {
        return UNKNOWN.into();
    }
    if seconds < LONG_SECONDS {
        return terminal::time(seconds);
    }
    let whole = seconds.round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    match hours {
        0 => format!("{minutes}min {seconds}s"),
        _ => format!("{}h {minutes}min", count(hours)),
    }
}

/// Memory.
pub(super) fn memory(bytes: f64) -> String {
    if bytes.is_finite() {
        terminal::mebibytes(bytes)
    } else {
        UNKNOWN.into()
    }
}

/// A part of a whole, as a ratio, in percent. What is not quite all doesn't read as all, nor
/// what is not quite nothing as nothing.
pub(super) fn share(ratio: f64) -> String {
    if !ratio.is_finite() {
        return UNKNOWN.into();
    }
    let percent = (ratio * 1000.0).round() / 10.0;
    if percent >= 100.0 && ratio < 1.0 {
        return "99.9%".into();
    }
    if percent <= 0.0 && ratio > 0.0 {
        return "<0.1%".into();
    }
    format!("{percent:.*}%", usize::from(percent.fract() != 0.0))
}

/// A number of things: `12,345`.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut written = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// A number of things as a service gives it.
pub(super) fn whole(number: f64) -> String {
    if number.is_finite() && number >= 0.0 {
        count(number.round() as u64)
    } else {
        UNKNOWN.into()
    }
}

/// A rate, with three digits that count.
pub(super) fn rate(per_second: f64) -> String {
    match per_second {
        it if !it.is_finite() => UNKNOWN.into(),
        0.0 => "0".into(),
        ..9.995 => format!("{per_second:.2}"),
        ..99.95 => format!("{per_second:.1}"),
        _ => whole(per_second),
    }
}

/// `one` or `several`, whichever goes with the number.
pub(super) fn of<'a>(count: u64, one: &'a str, several: &'a str) -> &'a str {
    if count == 1 { one } else { several }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, written) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(count(number), written);
        }
    }

    #[test]
    fn only_all_is_a_hundred_percent_and_only_nothing_is_none() {
        for (ratio, written) in [
            (0.0, "0%"),
            (0.5, "50%"),
            (0.000_1, "<0.1%"),
            (0.010_3, "1%"),
            (0.991_6, "99.2%"),
            (0.999_99, "99.9%"),
            (1.0, "100%"),
        ] {
            assert_eq!(share(ratio), written);
        }
    }

    #[test]
    fn long_times_have_no_fractions() {
        for (seconds, written) in [
            (59.95, "59.95s"),
            (599.0, "599.0s"),
            (750.0, "12min 30s"),
            (30_000.0, "8h 20min"),
        ] {
            assert_eq!(time(seconds), written);
        }
    }

    #[test]
    fn rates_have_three_digits() {
        for (per_second, written) in [
            (0.0, "0"),
            (0.123_4, "0.12"),
            (9.999, "10.0"),
            (12.34, "12.3"),
            (99.99, "100"),
            (12_345.6, "12,346"),
        ] {
            assert_eq!(rate(per_second), written);
        }
    }

    #[test]
    fn what_is_no_number_is_unknown() {
        for nothing in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for written in [
                time(nothing),
                memory(nothing),
                share(nothing),
                whole(nothing),
                rate(nothing),
            ] {
                assert_eq!(written, UNKNOWN);
            }
        }
    }
}
