//! Frames out of samples that come in chunks of any size.

use crate::sample::checked;

/// Samples that are judged at once: 32 ms.
pub const FRAME_SAMPLES: usize = 512;
/// Samples before a frame that it is judged with.
pub(crate) const CONTEXT_SAMPLES: usize = 64;
/// A frame and what is before it.
pub(crate) const WINDOW_SAMPLES: usize = CONTEXT_SAMPLES + FRAME_SAMPLES;

/// What of a stream is not judged yet, and the end of what was.
#[derive(Debug)]
pub(crate) struct Frames {
    /// The context of the next frame, then what is there of it: fewer samples than a window has.
    window: Vec<f32>,
}

impl Frames {
    /// For a stream before whose beginning there was silence.
    pub(crate) fn new() -> Self {
        let mut window = Vec::with_capacity(WINDOW_SAMPLES);
        window.resize(CONTEXT_SAMPLES, 0.0);
        Self { window }
    }

    /// Takes samples; `judge` gets the window of each frame that they complete.
    ///
    /// # Errors
    /// Those of `judge`, after which the rest of the samples is lost.
    pub(crate) fn push<E>(
        &mut self,
        mut samples: &[f32],
        mut judge: impl FnMut(&[f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        while !samples.is_empty() {
            let missing = WINDOW_SAMPLES - self.window.len();
            let (now, later) = samples.split_at(missing.min(samples.len()));
            self.window.extend(now.iter().copied().map(checked));
            samples = later;
            if self.window.len() == WINDOW_SAMPLES {
                judge(&self.window)?;
                self.window.drain(..FRAME_SAMPLES);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// The windows of a stream that comes in chunks of these sizes, again and again.
    fn windows(samples: &[f32], sizes: &[usize]) -> Vec<Vec<f32>> {
        let mut frames = Frames::new();
        let mut windows = Vec::new();
        let mut rest = samples;
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, later) = rest.split_at((*size).min(rest.len()));
            rest = later;
            let keep = |window: &[f32]| {
                windows.push(window.to_vec());
                Ok::<_, Infallible>(())
            };
            frames.push(chunk, keep).unwrap();
        }
        windows
    }

    #[test]
    fn a_window_is_a_frame_after_the_samples_before_it() {
        let samples: Vec<_> = (0..1100).map(|it| it as f32 / 2000.0).collect();

        let windows = windows(&samples, &[1100]);

        assert_eq!(windows.len(), 2, "what is left is no frame yet");
        assert_eq!(windows[0][..64], [0.0; 64]);
        assert_eq!(windows[0][64..], samples[..512]);
        assert_eq!(windows[1], samples[512 - 64..1024]);
    }

    #[test]
    fn what_is_no_sample_is_silence_or_clipped() {
        let mut samples = [0.25; FRAME_SAMPLES];
        samples[..4].copy_from_slice(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.5]);

        let windows = windows(&samples, &[FRAME_SAMPLES]);

        assert_eq!(windows[0][64..69], [0.0, 1.0, -1.0, 1.0, 0.25]);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_samples_are_chunked(
            count in 0_usize..4000,
            sizes in prop::collection::vec(1_usize..1500, 1..8),
        ) {
            let samples: Vec<_> = (0..count).map(|it| (it % 997) as f32 / 997.0).collect();

            let at_once = windows(&samples, &[count.max(1)]);

            prop_assert_eq!(at_once.len(), count / FRAME_SAMPLES);
            prop_assert_eq!(windows(&samples, &sizes), at_once);
        }
    }
}
