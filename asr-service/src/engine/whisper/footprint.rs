//! What a Whisper model will take of the memory, before it is loaded.
//!
//! A model is its file in memory, and one state for each request that computes at once:
//! caches and working memory. States depend on the model's width and depth, not on how its
//! weights are stored: base and base-q8_0 have the same.
//!
//! Measured with whisper.cpp 1.8.3 on the CPU. What a loaded model takes beside its file,
//! and what states take, is resident memory, from
//! `cargo run --release -p voice-stack-asr --example footprint -- NAME` (see the test). The
//! law for larger models is from the buffers that whisper.cpp logs when it makes a state, for
//! made-up weights of the five published shapes: tiny 193 MB, base 232, small 334,
//! medium 512, large 699. It has no term of its own for the width, which grows with the root
//! of the file's size. Not all pages of those buffers are used, so the law errs on the safe
//! side: by 30 % for tiny, by 10 % for base.

/// Vocabulary, tensor descriptions and the like.
const BESIDE_THE_FILE_BYTES: f64 = 9e6;
const SMALLEST_STATE_BYTES: f64 = 98e6;
/// For each square root of a byte of 16-bit weights.
const STATE_BYTES_PER_ROOT_BYTE: f64 = 10_800.0;
/// The decoder's cache of one hypothesis: 2.7 to 4.3 % of the 16-bit weights.
const CACHE_PER_WEIGHT_BYTE: f64 = 0.043;
/// Hypotheses that whisper.cpp keeps caches for beside those of the beam.
const SPARE_HYPOTHESES: usize = 2;

/// The states of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct States {
    /// As many as requests that may compute at once.
    pub count: usize,
    /// 1 is greedy.
    pub beam_size: usize,
}

/// Memory for a model whose file has `file_bytes` and would have `full_bytes` with 16-bit
/// weights.
pub(super) fn bytes(file_bytes: u64, full_bytes: u64, states: States) -> u64 {
    let full = full_bytes as f64;
    // The state's own size includes the cache of one.
    let more_caches = match states.beam_size {
        0 | 1 => 0,
        beam => beam + SPARE_HYPOTHESES - 1,
    };
    let state = SMALLEST_STATE_BYTES
        + STATE_BYTES_PER_ROOT_BYTE * full.sqrt()
        + more_caches as f64 * CACHE_PER_WEIGHT_BYTE * full;
    (file_bytes as f64 + BESIDE_THE_FILE_BYTES + states.count as f64 * state) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_covers_what_was_measured_and_not_much_more() {
        for (name, file_mb, full_mb, loaded_mb, state_mb) in [
            ("tiny.en", 77.7, 77.7, 86.4, 136.4),
            ("tiny.en-q8_0", 43.6, 77.7, 52.1, 136.4),
            ("base", 148.0, 148.0, 156.5, 207.2),
            ("base-q8_0", 81.8, 148.0, 90.5, 207.2),
        ] {
            let greedy = |count| States {
                count,
                beam_size: 1,
            };
            for count in 0..=4 {
                let measured = loaded_mb + count as f64 * state_mb;
                let (file, full) = ((file_mb * 1e6) as u64, (full_mb * 1e6) as u64);
                let estimate = bytes(file, full, greedy(count)) as f64 / 1e6;
                let ratio = estimate / measured;
                assert!((1.0..1.4).contains(&ratio), "{name}, {count}: {ratio}");
            }
        }
    }

    #[test]
    fn a_beam_needs_more_memory_for_each_state_and_none_without_states() {
        let of = |count, beam_size| bytes(1_000, 1_000_000, States { count, beam_size });
        assert!(of(2, 5) > of(2, 1));
        assert_eq!(of(0, 5), of(0, 1));
    }
}
