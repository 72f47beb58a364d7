//! Any rate → any rate, sample by sample.
//!
//! A windowed sinc, evaluated at the exact positions of the output: whole-number arithmetic
//! says where they are, so that no error adds up, and each output sample is computed from the
//! same inputs whatever the pushes were. It holds back half a filter, 3 ms of a 22050 Hz voice;
//! a block resampler holds back its block, which for a ratio without small factors is seconds.
//!
//! ```
//! use voice_resample::Resampler;
//!
//! let mut resampler = Resampler::new(24_000, 16_000);
//! let mut out = Vec::new();
//! resampler.push(&[0.0; 2400], &mut out);
//! resampler.finish(&mut out);
//! assert_eq!(out.len(), 1600);
//! ```

use std::f64::consts::PI;

/// Zero crossings on either side, at the lower of both rates.
const HALF_CROSSINGS: usize = 64;
/// The pass band's end as a share of the lower of both rates' band: the window's main lobe
/// reaches from here to the band's end.
const CUTOFF: f64 = 0.94;
/// Positions between two input samples with coefficients of their own. All usual ratios have
/// fewer; between more of them coefficients are interpolated, at -118 dB.
const MAX_PHASES: u64 = 1024;
/// Sums that are computed side by side, so that the compiler can use vector instructions.
const LANES: usize = 8;

/// Resamples one mono stream; output sample `n` is the input at `n / output rate` seconds.
#[derive(Debug, Clone)]
pub struct Resampler {
    /// The ratio in lowest terms: output position `n` is `n * step / phases` input samples.
    step: u64,
    phases: u64,
    /// Input samples on either side of a position; the filter has twice as many coefficients.
    half: usize,
    /// Rows of coefficients for positions from 0 to 1 (both included) between two samples.
    table: Vec<f32>,
    rows: u64,
    row: Vec<f32>,
    /// Input from `window_start - half` on.
    window: Vec<f32>,
    window_start: u64,
    samples_in: u64,
    samples_out: u64,
}

impl Resampler {
    /// For a stream that begins now; neither rate is 0.
    pub fn new(input_rate_hz: u32, output_rate_hz: u32) -> Self {
        let (input, output) = (u64::from(input_rate_hz), u64::from(output_rate_hz));
        let divisor = greatest_common_divisor(input, output);
        let (step, phases) = (input / divisor, output / divisor);
        let bandwidth = (output as f64 / input as f64).min(1.0);
        let half = (HALF_CROSSINGS as f64 / bandwidth).ceil() as usize;
        let half = half.next_multiple_of(LANES / 2);
        let rows = phases.min(MAX_PHASES);
        let table = if step == phases {
            Vec::new()
        } else {
            (0..=rows)
                .flat_map(|row| coefficients(row as f64 / rows as f64, half, CUTOFF * bandwidth))
                .collect()
        };
        Self {
            step,
            phases,
            half,
            table,
            rows,
            row: vec![0.0; 2 * half],
            // The silence before the first sample.
            window: vec![0.0; half],
            window_start: 0,
            samples_in: 0,
            samples_out: 0,
        }
    }

    /// Takes the next samples, however many, and appends what they make to `out`.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        if self.step == self.phases {
            out.extend_from_slice(samples);
            return;
        }
        self.samples_in += samples.len() as u64;
        self.window.extend_from_slice(samples);
        self.resample(u64::MAX, out);
    }

    /// Appends what the input's end was needed for: in all, input samples × ratio, rounded up.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        let total = (self.samples_in * self.phases).div_ceil(self.step);
        self.window.resize(self.window.len() + 2 * self.half, 0.0);
        self.resample(total, out);
    }

    fn resample(&mut self, end: u64, out: &mut Vec<f32>) {
        let taps = 2 * self.half;
        while self.samples_out < end {
            let position = self.samples_out * self.step;
            // The window begins half a filter early, so this is the index of the first of the
            // inputs around the position but one.
            let first = (position / self.phases - self.window_start) as usize + 1;
            let Some(inputs) = self.window.get(first..first + taps) else {
                break;
            };
            let scaled = position % self.phases * self.rows;
            let (row, rest) = ((scaled / self.phases) as usize, scaled % self.phases);
            let at = &self.table[row * taps..(row + 1) * taps];
            out.push(if rest == 0 {
                dot(inputs, at)
            } else {
                let share = rest as f32 / self.phases as f32;
                let next = &self.table[(row + 1) * taps..(row + 2) * taps];
                for ((mixed, a), b) in self.row.iter_mut().zip(at).zip(next) {
                    *mixed = a + (b - a) * share;
                }
                dot(inputs, &self.row)
            });
            self.samples_out += 1;
        }
        let next = self.samples_out * self.step / self.phases;
        let done = ((next - self.window_start) as usize).min(self.window.len());
        self.window.drain(..done);
        self.window_start += done as u64;
    }
}

/// Weights of the inputs from `half - 1` before the sample under the position to `half` after
/// it, for a position `phase` (0 to 1) behind that sample; `cutoff` as a share of the band.
fn coefficients(phase: f64, half: usize, cutoff: f64) -> Vec<f32> {
    let distance = |tap: usize| phase + (half as f64 - 1.0) - tap as f64;
    let mut row: Vec<f64> = (0..2 * half)
        .map(|tap| sinc(cutoff * distance(tap)) * window(distance(tap) / half as f64))
        .collect();
    // Each row passes a constant unchanged; else the phases would hum at their rate.
    let sum: f64 = row.iter().sum();
    for weight in &mut row {
        *weight /= sum;
    }
    row.into_iter().map(|weight| weight as f32).collect()
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 {
        1.0
    } else {
        (PI * x).sin() / (PI * x)
    }
}

/// Blackman-Harris with four terms (side lobes below -92 dB), for -1 to 1.
fn window(x: f64) -> f64 {
    if x.abs() >= 1.0 {
        return 0.0;
    }
    let cos = (PI * x).cos();
    let (cos2, cos3) = (2.0 * cos * cos - 1.0, (4.0 * cos * cos - 3.0) * cos);
    0.358_75 + 0.488_29 * cos + 0.141_28 * cos2 + 0.011_68 * cos3
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resample(samples: &[f32], input_hz: u32, output_hz: u32, push: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(input_hz, output_hz);
        let mut out = Vec::new();
        for samples in samples.chunks(push) {
            resampler.push(samples, &mut out);
        }
        resampler.finish(&mut out);
        out
    }

    fn tone(rate_hz: u32, frequency_hz: f64, samples: usize) -> Vec<f32> {
        (0..samples)
            .map(|n| (2.0 * PI * frequency_hz * n as f64 / f64::from(rate_hz)).sin() as f32)
            .collect()
    }

    const RATIOS: [(u32, u32); 8] = [
        (22_050, 24_000),
        (22_050, 48_000),
        (16_000, 24_000),
        (48_000, 8_000),
        (22_050, 8_000),
        (44_100, 22_050),
        (22_050, 23_999),
        (47_999, 8_001),
    ];

    #[test]
    fn a_tone_comes_out_at_its_time_and_level() {
        for (input_hz, output_hz) in RATIOS {
            // Near the end of the lower band's pass band.
            for frequency_hz in [300.0, 0.42 * f64::from(input_hz.min(output_hz))] {
                let input = tone(input_hz, frequency_hz, input_hz as usize / 4);
                let out = resample(&input, input_hz, output_hz, 1000);
                let ideal = tone(output_hz, frequency_hz, out.len());
                let edge = out.len() / 8;
                let worst = out[edge..out.len() - edge]
                    .iter()
                    .zip(&ideal[edge..])
                    .map(|(a, b)| (a - b).abs())
                    .fold(0.0, f32::max);
                assert!(
                    worst < 1e-3,
                    "{input_hz} to {output_hz} Hz, {frequency_hz} Hz: off by {worst}"
                );
            }
        }
    }

    #[test]
    fn what_the_output_cannot_hold_is_gone() {
        let input = tone(22_050, 6_000.0, 22_050);
        let out = resample(&input, 22_050, 8_000, 22_050);
        let loudest = out[500..7_500].iter().fold(0.0_f32, |p, s| p.max(s.abs()));
        assert!(loudest < 1e-3, "{loudest}");
    }

    #[test]
    fn the_length_is_that_of_the_input_to_the_sample() {
        for (input_hz, output_hz) in RATIOS {
            for samples in [0_usize, 1, 2, 63, 64, 65, 1000, 12_345] {
                let out = resample(&vec![0.5; samples], input_hz, output_hz, 777);
                let exact = (samples as u64 * u64::from(output_hz)).div_ceil(u64::from(input_hz));
                assert_eq!(
                    out.len() as u64,
                    exact,
                    "{samples} of {input_hz} to {output_hz}"
                );
            }
        }
    }

    #[test]
    fn pushes_of_any_size_give_the_same_samples() {
        let input = tone(22_050, 440.0, 3_000);
        for (input_hz, output_hz) in RATIOS {
            let whole = resample(&input, input_hz, output_hz, input.len());
            for push in [1, 13, 500] {
                assert!(resample(&input, input_hz, output_hz, push) == whole);
            }
        }
    }

    #[test]
    fn the_same_rate_changes_nothing() {
        let input = tone(22_050, 440.0, 100);
        assert_eq!(resample(&input, 22_050, 22_050, 7), input);
    }

    #[test]
    fn only_half_a_filter_is_held_back() {
        let mut resampler = Resampler::new(22_050, 24_000);
        let mut out = Vec::new();
        resampler.push(&vec![0.0; 22_050], &mut out);
        assert!(out.len() > 24_000 - 100, "{}", out.len());
    }
}
