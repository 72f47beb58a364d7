//! Pressure stall information: <https://docs.kernel.org/accounting/psi.html>.

use std::path::Path;

use super::reading::{Reading, Resource, Scope};

/// The reading of one `memory` pressure file; none where the kernel doesn't keep it.
pub(super) fn read(file: &Path, scope: Scope) -> Option<Reading> {
    let percent = full_avg10(&std::fs::read_to_string(file).ok()?)?;
    Some(Reading::of_percent(Resource::Psi, scope, percent))
}

/// The share of the last 10 s in which everything stood still, in percent.
fn full_avg10(text: &str) -> Option<f64> {
    let full = text.lines().find_map(|line| line.strip_prefix("full "))?;
    let avg10 = full
        .split_whitespace()
        .find_map(|field| field.strip_prefix("avg10="))?;
    let percent = avg10.parse::<f64>().ok()?;
    (0.0..=100.0).contains(&percent).then_some(percent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn full_avg10_is_taken_and_rubbish_is_none() {
        let some = "some avg10=44.00 avg60=1.00 avg300=0.00 total=5\n";
        let full = |avg10: &str| format!("{some}full avg10={avg10} avg60=0.00 total=3\n");
        assert_eq!(full_avg10(&full("23.75")), Some(23.75));
        assert_eq!(full_avg10(&full("0.00")), Some(0.0));
        for rubbish in ["", some, "full", "full avg60=1.00"] {
            assert_eq!(full_avg10(rubbish), None, "{rubbish}");
        }
        for rubbish in ["", "NaN", "inf", "-1", "101"] {
            assert_eq!(full_avg10(&full(rubbish)), None, "{rubbish}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(full |some |avg10=|[0-9.]|\\PC|\n){0,20}") {
            let _ = full_avg10(&text);
        }
    }
}
