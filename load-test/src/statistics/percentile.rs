//! Percentiles and other summaries of a slice, exactly.
//!
//! Two definitions, for two uses. [`nearest_rank`] is what reports show, objectives judge and
//! the bootstrap resamples: a value that a request really had, so that "p99 = 812 ms" can be
//! looked up in the log. [`interpolated`] is for what lies between values by its nature: the
//! median of differences or slopes, the ends of confidence intervals.

/// The smallest value that at least `share` (0 to 1) of the values don't exceed.
/// `None` without values, or if `share` isn't between 0 and 1.
pub(crate) fn nearest_rank(values: &[f64], share: f64) -> Option<f64> {
    let rank = rank(values.len(), share)?;
    let mut values = values.to_vec();
    Some(*values.select_nth_unstable_by(rank - 1, f64::total_cmp).1)
}

/// Which of `count` sorted values [`nearest_rank`] picks, counted from 1.
pub(super) fn rank(count: usize, share: f64) -> Option<usize> {
    if count == 0 || !(0.0..=1.0).contains(&share) {
        return None;
    }
    // 0.07 of 100 values is 7.000000000000001 in floating point and still means the seventh.
    let exact = share * count as f64;
    let rank = (exact - 1e-9 * exact.max(1.0)).ceil() as usize;
    Some(rank.clamp(1, count))
}

/// The value at `share` (0 to 1) of the way from the smallest to the largest, on a straight
/// line between its two neighbours (numpy's default, Hyndman and Fan's type 7).
/// `None` without values, or if `share` isn't between 0 and 1.
pub(crate) fn interpolated(values: &[f64], share: f64) -> Option<f64> {
    interpolated_in_place(&mut values.to_vec(), share)
}

/// [`interpolated`] without a copy: the values change their order.
pub(super) fn interpolated_in_place(values: &mut [f64], share: f64) -> Option<f64> {
    if values.is_empty() || !(0.0..=1.0).contains(&share) {
        return None;
    }
    let position = share * (values.len() - 1) as f64;
    let index = position as usize;
    let (_, below, rest) = values.select_nth_unstable_by(index, f64::total_cmp);
    let below = *below;
    let fraction = position - index as f64;
    match min(rest) {
        Some(above) if fraction > 0.0 => Some(below + (above - below) * fraction),
        _ => Some(below),
    }
}

/// The middle value, or the middle of the two middle ones. `None` without values.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    interpolated(values, 0.5)
}

/// Arithmetic mean. `None` without values.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// `None` without values.
pub(crate) fn min(values: &[f64]) -> Option<f64> {
    values.iter().copied().min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests;
