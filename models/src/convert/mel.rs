//! The mel filter bank that Whisper was trained with.

/// Frequency bins of a 400-point transform.
pub(super) const BINS: usize = 201;
const SAMPLE_RATE_HZ: f64 = 16_000.0;
const TRANSFORM_SAMPLES: f64 = 400.0;

// Slaney's scale: linear up to 1 kHz, logarithmic above.
const LINEAR_HZ_PER_MEL: f64 = 200.0 / 3.0;
const BREAK_HZ: f64 = 1000.0;
const BREAK_MEL: f64 = BREAK_HZ / LINEAR_HZ_PER_MEL;

fn log_step() -> f64 {
    6.4_f64.ln() / 27.0
}

fn hz_to_mel(hz: f64) -> f64 {
    if hz < BREAK_HZ {
        hz / LINEAR_HZ_PER_MEL
    } else {
        BREAK_MEL + (hz / BREAK_HZ).ln() / log_step()
    }
}

fn mel_to_hz(mel: f64) -> f64 {
    if mel < 15.0 {
        mel * 200.0 / 3.0
    } else {
        BREAK_HZ * (log_step() * (mel - 15.0)).exp()
    }
}

/// Whisper's mel filter bank: `mels` triangular filters over the 201 bins of a 400-point
/// transform, row by row, each scaled to unit area.
///
/// The rounding (triangle to `f32`, then area in `f64`, then `f32` again) is that of the
/// library which made the published filters: the values are equal to the last bit.
pub fn filters(mels: usize) -> Vec<f32> {
    let top = hz_to_mel(SAMPLE_RATE_HZ / 2.0);
    let step = top / (mels as f64 + 1.0);
    let edges: Vec<f64> = (0..=mels)
        .map(|i| i as f64 * step)
        .chain([top])
        .map(mel_to_hz)
        .collect();
    let mut filters = Vec::with_capacity(mels * BINS);
    for edge in edges.windows(3) {
        let area = 2.0 / (edge[2] - edge[0]);
        for bin in 0..BINS {
            let hz = bin as f64 * (SAMPLE_RATE_HZ / TRANSFORM_SAMPLES);
            let rising = -(edge[0] - hz) / (edge[1] - edge[0]);
            let falling = (edge[2] - hz) / (edge[2] - edge[1]);
            // The first filter rises from -0.0 at 0 Hz, which the published files have as 0.0:
            // adding zero takes the sign away.
            let triangle = (rising.min(falling).max(0.0) + 0.0) as f32;
            filters.push((f64::from(triangle) * area) as f32);
        }
    }
    filters
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    /// The digests of `mel_80` and `mel_128` in `mel_filters.npz` of openai-whisper 20250625,
    /// which has -0.0 as the first value.
    #[test]
    fn the_filters_equal_whispers_own_to_the_last_bit() {
        for (mels, digest) in [
            (
                80,
                "4f2701b1d287d74a0dc9871026e9519d98cb76426615f2539b0d151a0ae4ec2e",
            ),
            (
                128,
                "2a5f9822897750e047c85dea37cc268d3be0ecfd23c28a5f10da129d99d05afe",
            ),
        ] {
            let mut filters = filters(mels);
            assert_eq!(filters[0].to_bits(), 0.0_f32.to_bits());
            filters[0] = -0.0;
            let bytes: Vec<u8> = filters.iter().flat_map(|x| x.to_le_bytes()).collect();
            assert_eq!(hex::encode(Sha256::digest(bytes)), digest, "{mels} mels");
        }
    }
}
