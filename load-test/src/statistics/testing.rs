//! Numbers for tests that Python makes just so: integer arithmetic, then one division.

/// From 0 to below 1: the linear congruential generator of C's standard, from 12345 on.
pub(super) fn uniforms() -> impl Iterator<Item = f64> {
    let mut state = 12_345_u64;
    std::iter::repeat_with(move || {
        state = (state * 1_103_515_245 + 12_345) % (1 << 31);
        state as f64 / (1_u64 << 31) as f64
    })
}

/// A series in which `memory` of each value is left in the next one.
pub(super) fn wandering(count: usize, memory: f64) -> Vec<f64> {
    uniforms()
        .scan(0.0, |value, uniform| {
            *value = memory * *value + uniform - 0.5;
            Some(*value)
        })
        .take(count)
        .collect()
}
