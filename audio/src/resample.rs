//! Any rate → 16 kHz, streaming, in step with the input.
//!
//! A synchronous FFT resampler: the ratio is fixed, the anti-aliasing filter is long (so
//! its transition band is a sliver below 8 kHz), and it costs less than a windowed sinc.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};

use crate::{AudioError, SAMPLE_RATE_HZ};

/// The filter is as long as a block, so a block must not be short on either side: about
/// 64 ms at 16 kHz puts the −6 dB point at 98.7 % of the band.
const MIN_BLOCK_FRAMES: usize = 1024;

/// Longest period of a ratio, in input frames. All rates that recorders use stay below 500;
/// what is above this is a made-up number that would cost hundreds of megabytes.
const MAX_PERIOD_FRAMES: usize = 64 * 1024;

/// Resamples one mono stream; output sample `n` is the input at `n / 16000` s.
pub(crate) struct Resampler {
    fft: Fft<f32>,
    rate_hz: u64,
    /// Input that does not fill a block yet.
    block_in: Vec<f32>,
    block_len: usize,
    block_out: Vec<f32>,
    /// Output still to be dropped: the filter's own delay.
    delay_samples: usize,
    frames_in: u64,
    samples_out: u64,
}

impl Resampler {
    pub(crate) fn new(rate_hz: u32) -> Result<Self, AudioError> {
        let rate_in = rate_hz as usize;
        let rate_out = SAMPLE_RATE_HZ as usize;
        // Blocks hold whole periods of the ratio. Their number is even, so that both sides
        // of the filter are equally long and its delay is a whole number of samples.
        let period_frames = rate_in / greatest_common_divisor(rate_in, rate_out);
        if period_frames > MAX_PERIOD_FRAMES {
            return Err(AudioError::invalid(format!(
                "a sample rate of {rate_hz} Hz is not possible"
            )));
        }
        let wanted_frames = MIN_BLOCK_FRAMES.max(MIN_BLOCK_FRAMES * rate_in / rate_out);
        let block_frames =
            wanted_frames.div_ceil(period_frames).next_multiple_of(2) * period_frames;
        let fft = Fft::new_custom(
            rate_in,
            rate_out,
            block_frames,
            1,
            1,
            WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        )
        .map_err(|_| AudioError::invalid(format!("cannot resample from {rate_hz} Hz")))?;
        let block_len = fft.input_frames_max();
        Ok(Self {
            rate_hz: u64::from(rate_hz),
            block_in: Vec::with_capacity(block_len),
            block_len,
            block_out: vec![0.0; fft.output_frames_max()],
            delay_samples: fft.output_delay(),
            frames_in: 0,
            samples_out: 0,
            fft,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.frames_in == 0
    }

    pub(crate) fn push(&mut self, mut mono: &[f32], out: &mut Vec<f32>) {
        self.frames_in += mono.len() as u64;
        while !mono.is_empty() {
            let taken = mono.len().min(self.block_len - self.block_in.len());
            let (head, rest) = mono.split_at(taken);
            self.block_in.extend_from_slice(head);
            mono = rest;
            if self.block_in.len() == self.block_len {
                self.process_block(u64::MAX, out);
            }
        }
    }

    /// Pushes silence until every input sample has come out.
    pub(crate) fn finish(mut self, out: &mut Vec<f32>) {
        let total = (self.frames_in * u64::from(SAMPLE_RATE_HZ)).div_ceil(self.rate_hz);
        while self.samples_out < total {
            self.block_in.resize(self.block_len, 0.0);
            self.process_block(total - self.samples_out, out);
        }
    }

    /// Turns the full block into at most `wanted` output samples.
    fn process_block(&mut self, wanted: u64, out: &mut Vec<f32>) {
        let written = {
            let input = InterleavedSlice::new(&self.block_in, 1, self.block_len);
            let out_len = self.block_out.len();
            let output = InterleavedSlice::new_mut(&mut self.block_out, 1, out_len);
            let (Ok(input), Ok(mut output)) = (input, output) else {
                unreachable!("both blocks were sized by the resampler itself")
            };
            match self.fft.process_into_buffer(&input, &mut output, None) {
                Ok((_, written)) => written,
                Err(_) => unreachable!("both blocks were sized by the resampler itself"),
            }
        };
        self.block_in.clear();
        let dropped = self.delay_samples.min(written);
        self.delay_samples -= dropped;
        let fresh = &self.block_out[dropped..written];
        let fresh = &fresh[..fresh
            .len()
            .min(usize::try_from(wanted).unwrap_or(usize::MAX))];
        self.samples_out += fresh.len() as u64;
        out.extend_from_slice(fresh);
    }
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}
