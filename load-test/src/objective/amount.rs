//! Numbers with units, as objectives and reports write them.
//!
//! A unit moves the decimal point of the text, not of the float: `300ms` is exactly what
//! `0.3` is, and whatever is printed reads as the same number again.

/// What a metric is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    /// Base unit: seconds.
    Time,
    /// Base unit: a ratio, which can't be over 1.
    Share,
    /// Base unit: a ratio.
    Ratio,
    /// A number without a unit.
    Plain,
}

/// How a number with a unit becomes one in base units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    /// 10 to the power of this.
    Decimal(i32),
    Minutes,
}

const SECONDS_PER_MINUTE: f64 = 60.0;

impl Dimension {
    fn scales(self) -> &'static [(&'static str, Scale)] {
        match self {
            Self::Time => &[
                ("us", Scale::Decimal(-6)),
                ("ms", Scale::Decimal(-3)),
                ("s", Scale::Decimal(0)),
                ("m", Scale::Minutes),
            ],
            Self::Share | Self::Ratio => &[("%", Scale::Decimal(-2))],
            Self::Plain => &[("", Scale::Decimal(0))],
        }
    }

    /// What can stand after the number: nothing for a plain one.
    pub(super) fn units(self) -> impl Iterator<Item = &'static str> {
        self.scales()
            .iter()
            .map(|(unit, _)| *unit)
            .filter(|unit| !unit.is_empty())
    }

    /// The number in base units. `None` if there is no such unit or `number` isn't a finite,
    /// positive decimal number or 0.
    pub(super) fn parse(self, number: &str, unit: &str) -> Option<f64> {
        let (_, scale) = self.scales().iter().find(|(name, _)| *name == unit)?;
        if number.contains(|it: char| it != '.' && !it.is_ascii_digit()) {
            return None;
        }
        let value = match scale {
            Scale::Decimal(exponent) => format!("{number}e{exponent}").parse().ok()?,
            Scale::Minutes => number.parse::<f64>().ok()? * SECONDS_PER_MINUTE,
        };
        value.is_finite().then_some(value)
    }

    /// In the unit that a reader would choose, with all digits.
    pub(super) fn text(self, value: f64) -> String {
        let size = value.abs();
        let whole_minutes = (size / SECONDS_PER_MINUTE).fract() == 0.0;
        match self {
            Self::Time if size == 0.0 => "0s".to_string(),
            Self::Time if size < 1e-3 => shifted(value, 6) + "us",
            Self::Time if size < 1.0 => shifted(value, 3) + "ms",
            // Far below 2^53, where whole minutes times 60 are exactly the seconds again.
            Self::Time if (120.0..1e9).contains(&size) && whole_minutes => {
                shifted(value / SECONDS_PER_MINUTE, 0) + "m"
            }
            Self::Time => shifted(value, 0) + "s",
            Self::Share | Self::Ratio => shifted(value, 2) + "%",
            Self::Plain => shifted(value, 0),
        }
    }

    /// With three digits, or as many as it takes to lie on the same side of `bound`: 2.0003 s
    /// isn't `2s` where that is what it had to be below.
    pub(super) fn rounded(self, value: f64, bound: f64) -> String {
        let rounded = (2..=16).find_map(|decimals| {
            let rounded: f64 = format!("{value:.decimals$e}").parse().ok()?;
            (rounded.partial_cmp(&bound) == value.partial_cmp(&bound)).then_some(rounded)
        });
        self.text(rounded.unwrap_or(value))
    }
}

/// The shortest decimal text of `value`, with its point moved to the right by `places`.
fn shifted(value: f64, places: i32) -> String {
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific; // inf, NaN
    };
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => ("-", mantissa),
        None => ("", mantissa),
    };
    let digits = mantissa.replace('.', "");
    if digits == "0" {
        return digits;
    }
    let exponent: i32 = exponent
        .parse()
        .expect("a float is printed with a whole exponent");
    let before_point = exponent + places + 1;
    let zeros = |count: i32| "0".repeat(count.max(0) as usize);
    if before_point <= 0 {
        format!("{sign}0.{}{digits}", zeros(-before_point))
    } else if before_point as usize >= digits.len() {
        format!(
            "{sign}{digits}{}",
            zeros(before_point - digits.len() as i32)
        )
    } else {
        let (before, after) = digits.split_at(before_point as usize);
        format!("{sign}{before}.{after}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_unit_moves_the_point() {
        for (dimension, number, unit, value) in [
            (Dimension::Time, "300", "ms", 0.3),
            (Dimension::Time, "1.1", "ms", 0.0011),
            (Dimension::Time, "7", "us", 0.000_007),
            (Dimension::Time, "0.5", "s", 0.5),
            (Dimension::Time, "1.5", "m", 90.0),
            (Dimension::Share, "1", "%", 0.01),
            (Dimension::Ratio, "110", "%", 1.1),
            (Dimension::Plain, "5", "", 5.0),
        ] {
            assert_eq!(dimension.parse(number, unit), Some(value), "{number}{unit}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for (dimension, number, unit) in [
            (Dimension::Time, "1", ""),
            (Dimension::Time, "1", "%"),
            (Dimension::Time, "", "s"),
            (Dimension::Time, ".", "s"),
            (Dimension::Time, "1.2.3", "s"),
            (Dimension::Time, "-1", "s"),
            (Dimension::Time, "1e3", "s"),
            (Dimension::Time, "inf", "s"),
            (Dimension::Plain, "1", "s"),
            (Dimension::Ratio, "1", ""),
        ] {
            assert_eq!(dimension.parse(number, unit), None, "{number}{unit}");
        }
        assert_eq!(
            Dimension::Plain.parse(&"9".repeat(400), ""),
            None,
            "infinite"
        );
    }

    #[test]
    fn the_unit_is_the_one_that_a_reader_would_choose() {
        for (dimension, value, text) in [
            (Dimension::Time, 0.0, "0s"),
            (Dimension::Time, 0.000_25, "250us"),
            (Dimension::Time, 0.3, "300ms"),
            (Dimension::Time, 0.0123, "12.3ms"),
            (Dimension::Time, 1.0, "1s"),
            (Dimension::Time, 90.0, "90s"),
            (Dimension::Time, 600.0, "10m"),
            (Dimension::Time, 601.0, "601s"),
            (Dimension::Time, -0.5, "-500ms"),
            (Dimension::Time, f64::INFINITY, "infs"),
            (Dimension::Share, 0.001, "0.1%"),
            (Dimension::Share, 1.0, "100%"),
            (Dimension::Plain, 1e22, "10000000000000000000000"),
            (Dimension::Plain, 0.05, "0.05"),
        ] {
            assert_eq!(dimension.text(value), text);
        }
    }

    #[test]
    fn rounding_keeps_to_its_side_of_the_bound() {
        for (value, bound, text) in [
            (1.234_567, 2.0, "1.23s"),
            (2.000_3, 2.0, "2.0003s"),
            (1.999_6, 2.0, "1.9996s"),
            (2.0, 2.0, "2s"),
            (0.123_456, 2.0, "123ms"),
        ] {
            assert_eq!(Dimension::Time.rounded(value, bound), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_as_the_same_number(
            value in prop_oneof![0.0..1e4_f64, any::<f64>().prop_map(f64::abs)],
        ) {
            prop_assume!(value.is_finite());
            for dimension in [Dimension::Time, Dimension::Ratio, Dimension::Plain] {
                let text = dimension.text(value);
                let digits = text.trim_end_matches(|it: char| !it.is_ascii_digit());
                prop_assert_eq!(dimension.parse(digits, &text[digits.len()..]), Some(value), "{}", text);
            }
        }
    }
}
