//! What the values of settings may be. An error completes the sentence of
//! [`SettingsError::Invalid`](super::SettingsError).

use std::time::Duration;

/// A number of things of which there has to be one.
pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".into()),
        Ok(number) => Ok(number),
        Err(_) => Err("not a whole number".into()),
    }
}

/// A duration in seconds, fractions allowed. At most a year, which keeps sums of instants
/// far from overflow.
///
/// # Errors
/// Not a number, negative, or longer than a year.
pub fn seconds(text: &str) -> Result<Duration, String> {
    const YEAR_SECONDS: f64 = 365.0 * 86_400.0;
    match text.parse::<f64>() {
        Ok(value) if (0.0..=YEAR_SECONDS).contains(&value) => Ok(Duration::from_secs_f64(value)),
        Ok(_) => Err("must be between 0 and a year".into()),
        Err(_) => Err("not a number".into()),
    }
}

/// As [`seconds`], for a limit that would leave no time at all if it were 0.
///
/// # Errors
/// Those of [`seconds`], or 0.
pub fn some_seconds(text: &str) -> Result<Duration, String> {
    match seconds(text)? {
        Duration::ZERO => Err("must be more than 0".into()),
        some => Ok(some),
    }
}

/// A duration in minutes, under the limits of [`seconds`].
pub(crate) fn minutes(text: &str) -> Result<Duration, String> {
    let value = text
        .parse::<f64>()
        .map_err(|_| "not a number".to_string())?;
    seconds(&(value * 60.0).to_string())
}

/// From 0 to 100, fractions allowed.
pub(crate) fn percent(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if (0.0..=100.0).contains(&value) => Ok(value),
        Ok(_) => Err("must be between 0 and 100".into()),
        Err(_) => Err("not a number".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_outside_of_0_to_100_are_refused() {
        for text in ["-1", "100.1", "NaN", "inf"] {
            assert_eq!(percent(text), Err("must be between 0 and 100".into()));
        }
        for text in ["90%", "", "most"] {
            assert_eq!(percent(text), Err("not a number".into()));
        }
    }

    #[test]
    fn durations_take_fractions_and_refuse_what_is_none() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(minutes("0.05"), Ok(Duration::from_secs(3)));
        for text in ["-1", "NaN", "inf", "1e30", "soon", ""] {
            assert!(seconds(text).is_err() && minutes(text).is_err(), "{text}");
        }
    }
}
