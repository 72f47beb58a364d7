//! What a sample may be.

/// Clipped to what a sample can be, and silence where it is no number: what is beyond would stay in
/// the state of a model for good.
pub(crate) fn checked(sample: f32) -> f32 {
    if sample.is_nan() {
        0.0
    } else {
        sample.clamp(-1.0, 1.0)
    }
}
