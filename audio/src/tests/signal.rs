//! Test signals, and measuring what came back.

use std::f64::consts::TAU;

/// Amplitude of `frequency_hz` in `samples` (a single Fourier coefficient, Hann window).
pub(super) fn amplitude(samples: &[f32], rate_hz: u32, frequency_hz: f64) -> f64 {
    let len = samples.len() as f64;
    let (mut re, mut im, mut weight) = (0.0, 0.0, 0.0);
    for (n, &sample) in samples.iter().enumerate() {
        let window = 0.5 - 0.5 * (TAU * (n as f64 + 0.5) / len).cos();
        let phase = TAU * frequency_hz * n as f64 / f64::from(rate_hz);
        re += window * f64::from(sample) * phase.cos();
        im += window * f64::from(sample) * phase.sin();
        weight += window;
    }
    2.0 * re.hypot(im) / weight
}

pub(super) fn rms(samples: &[f32]) -> f64 {
    let energy: f64 = samples
        .iter()
        .map(|&sample| f64::from(sample).powi(2))
        .sum();
    (energy / samples.len() as f64).sqrt()
}

/// First and last moment, in seconds, at which 16 kHz `samples` reach half of `peak`.
pub(super) fn loud_span_seconds(samples: &[f32], peak: f32) -> (f64, f64) {
    let is_loud = |sample: &f32| sample.abs() > peak / 2.0;
    let first = samples.iter().position(is_loud).expect("something is loud");
    let last = samples
        .iter()
        .rposition(is_loud)
        .expect("something is loud");
    (first as f64 / 16_000.0, last as f64 / 16_000.0)
}

pub(super) fn tone(rate_hz: u32, seconds: f64, frequency_hz: f64, amplitude: f64) -> Vec<f32> {
    (0..(f64::from(rate_hz) * seconds).round() as usize)
        .map(|n| (amplitude * (TAU * frequency_hz * n as f64 / f64::from(rate_hz)).sin()) as f32)
        .collect()
}

/// A plain float WAV file.
pub(super) fn float_wav(rate_hz: u32, channels: u16, interleaved: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = interleaved
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    wav(
        &format_chunk(3, channels, rate_hz, 32),
        data.len() as u32,
        &data,
    )
}

/// The content of a 16-byte `fmt ` chunk.
pub(super) fn format_chunk(tag: u16, channels: u16, rate_hz: u32, bits: u16) -> Vec<u8> {
    let block_bytes = bits.div_ceil(8).wrapping_mul(channels);
    let mut chunk = Vec::new();
    chunk.extend(tag.to_le_bytes());
    chunk.extend(channels.to_le_bytes());
    chunk.extend(rate_hz.to_le_bytes());
    chunk.extend(rate_hz.wrapping_mul(u32::from(block_bytes)).to_le_bytes());
    chunk.extend(block_bytes.to_le_bytes());
    chunk.extend(bits.to_le_bytes());
    chunk
}

/// A WAV file whose data chunk claims `claimed_bytes`.
pub(super) fn wav(format: &[u8], claimed_bytes: u32, data: &[u8]) -> Vec<u8> {
    let mut file = b"RIFF".to_vec();
    file.extend(claimed_bytes.saturating_add(36).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend((format.len() as u32).to_le_bytes());
    file.extend(format);
    file.extend(b"data");
    file.extend(claimed_bytes.to_le_bytes());
    file.extend(data);
    file
}
