//! From samples to numbers that a file can hold.

/// Within -1 to 1; what is not a number is silence.
pub(super) fn clip(sample: f32) -> f32 {
    if sample.is_nan() {
        0.0
    } else {
        sample.clamp(-1.0, 1.0)
    }
}

pub(super) fn clip_all(samples: &mut [f32]) {
    for sample in samples {
        *sample = clip(*sample);
    }
}

/// 16 bits. Scaled by the largest positive number, so that both ends are reached and none is
/// passed.
pub(super) fn to_i16(sample: f32) -> i16 {
    (sample * f32::from(i16::MAX)).round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_becomes_a_sample() {
        let cases = [
            (0.0, 0),
            (1.0, 32_767),
            (-1.0, -32_767),
            (7.5, 32_767),
            (f32::INFINITY, 32_767),
            (f32::NEG_INFINITY, -32_767),
            (f32::NAN, 0),
            (0.5, 16_384),
        ];
        for (sample, expected) in cases {
            assert_eq!(to_i16(clip(sample)), expected, "{sample}");
        }
    }
}
