//! Peaks down to a ceiling, without distortion: the gain moves slowly and in time.

use std::collections::VecDeque;

/// -1 dB: what a codec adds to a peak fits above it.
const CEILING: f32 = 0.89;
/// Half of the time in which the gain goes down and comes up again, as a share of a second.
const REACH_PER_SECOND: u32 = 200;

/// Makes no sample louder than [`CEILING`], and leaves those further than 10 ms from a peak as
/// they are.
pub(super) fn limit(samples: &mut [f32], sample_rate_hz: u32) {
    if samples.iter().all(|sample| sample.abs() <= CEILING) {
        return;
    }
    let reach = (sample_rate_hz / REACH_PER_SECOND).max(1) as usize;
    let needed: Vec<f32> = samples
        .iter()
        .map(|sample| CEILING / sample.abs().max(CEILING))
        .collect();
    let lowest = minimum_around(&needed, reach);
    // The mean of values none of which is above what the sample in the middle needs.
    for (index, sample) in samples.iter_mut().enumerate() {
        let around = &lowest[index.saturating_sub(reach)..(index + reach + 1).min(needed.len())];
        let mean = around.iter().sum::<f32>() / around.len() as f32;
        *sample = (*sample * mean).clamp(-CEILING, CEILING);
    }
}

/// The lowest of the values up to `reach` before and after each.
fn minimum_around(values: &[f32], reach: usize) -> Vec<f32> {
    // Indexes of values that are lower than all after them in the window.
    let mut candidates: VecDeque<usize> = VecDeque::new();
    let mut lowest = Vec::with_capacity(values.len());
    let mut next = 0;
    for index in 0..values.len() {
        while next < values.len() && next <= index + reach {
            while candidates
                .back()
                .is_some_and(|&at| values[at] >= values[next])
            {
                candidates.pop_back();
            }
            candidates.push_back(next);
            next += 1;
        }
        while candidates.front().is_some_and(|&at| at + reach < index) {
            candidates.pop_front();
        }
        let at = candidates
            .front()
            .expect("the window holds the index itself");
        lowest.push(values[*at]);
    }
    lowest
}
