//! Mixes, resamples, counts and keeps what decoders produce.

use symphonia::core::audio::GenericAudioBufferRef;

use crate::resample::Resampler;
use crate::watch::Watch;
use crate::{Audio, AudioError, DecodeLimits, SAMPLE_RATE_HZ};

/// Below this nothing is speech, above it nothing is a recording.
const RATE_RANGE_HZ: std::ops::RangeInclusive<u32> = 1_000..=768_000;
pub(crate) const MAX_CHANNELS: usize = 64;
/// Chained streams may change their rate, but each change builds a filter.
const MAX_RATE_CHANGES: usize = 32;
/// Longest stretch that is mixed and resampled between two looks at the limits, in frames.
const SLICE_FRAMES: usize = 16 * 1024;

/// The end of the pipeline: one per upload.
pub(crate) struct Collector<'a> {
    limits: DecodeLimits,
    max_samples: usize,
    watch: &'a Watch<'a>,
    rate_hz: u32,
    rate_changes: usize,
    /// `None` while the input is already at the output rate.
    resampler: Option<Resampler>,
    samples: Vec<f32>,
    /// One packet, channel by channel.
    planes: Vec<Vec<f32>>,
    mono: Vec<f32>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(limits: DecodeLimits, watch: &'a Watch<'a>) -> Self {
        Self {
            limits,
            max_samples: limits.max_samples(),
            watch,
            rate_hz: SAMPLE_RATE_HZ,
            rate_changes: 0,
            resampler: None,
            samples: Vec::new(),
            planes: Vec::new(),
            mono: Vec::new(),
        }
    }

    /// Says at which rate the next samples are.
    pub(crate) fn set_rate(&mut self, rate_hz: u32) -> Result<(), AudioError> {
        if rate_hz == self.rate_hz {
            return Ok(());
        }
        if !RATE_RANGE_HZ.contains(&rate_hz) {
            return Err(AudioError::invalid(format!(
                "a sample rate of {rate_hz} Hz is not possible"
            )));
        }
        self.rate_changes += 1;
        if self.rate_changes > MAX_RATE_CHANGES {
            return Err(AudioError::invalid("the sample rate changes too often"));
        }
        self.flush();
        self.rate_hz = rate_hz;
        if rate_hz != SAMPLE_RATE_HZ {
            self.resampler = Some(Resampler::new(rate_hz)?);
        }
        Ok(())
    }

    /// Refuses channel counts that no recording has.
    #[expect(
        clippy::unused_self,
        reason = "the collector owns all limits on its input"
    )]
    pub(crate) fn check_channels(&self, channels: usize) -> Result<(), AudioError> {
        if (1..=MAX_CHANNELS).contains(&channels) {
            Ok(())
        } else {
            Err(AudioError::invalid(format!(
                "{channels} channels are not possible"
            )))
        }
    }

    /// Takes one decoded packet of any layout, at its own rate, from frame `start` on.
    pub(crate) fn push_packet(
        &mut self,
        packet: &GenericAudioBufferRef<'_>,
        start: usize,
    ) -> Result<(), AudioError> {
        let channels = packet.num_planes();
        self.check_channels(channels)?;
        self.set_rate(packet.spec().rate())?;
        let mut mono = std::mem::take(&mut self.mono);
        if channels == 1 {
            packet.copy_to_vec_interleaved(&mut mono);
        } else {
            packet.copy_to_vecs_planar(&mut self.planes);
            mix_planes(&self.planes[..channels], &mut mono);
        }
        let result = self.push_mono(&mut mono[start..]);
        self.mono = mono;
        result
    }

    /// Takes mono samples at the rate set before. They are made finite in place.
    pub(crate) fn push_mono(&mut self, mono: &mut [f32]) -> Result<(), AudioError> {
        for slice in mono.chunks_mut(SLICE_FRAMES) {
            self.watch.check()?;
            sanitise(slice);
            match &mut self.resampler {
                None => self.samples.extend_from_slice(slice),
                Some(resampler) => resampler.push(slice, &mut self.samples),
            }
            self.check_length()?;
        }
        Ok(())
    }

    /// Whether nothing has come in yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.samples.is_empty() && self.resampler.as_ref().is_none_or(Resampler::is_empty)
    }

    /// Closes the pipeline: the filter's tail comes out, and the length is final.
    pub(crate) fn finish(mut self) -> Result<Audio, AudioError> {
        self.flush();
        self.check_length()?;
        if self.samples.is_empty() {
            return Err(AudioError::invalid("the file holds no audio"));
        }
        // The filter may overshoot a full-scale input by a little.
        sanitise(&mut self.samples);
        self.samples.shrink_to_fit();
        Ok(Audio {
            samples: self.samples,
        })
    }

    fn flush(&mut self) {
        if let Some(resampler) = self.resampler.take() {
            resampler.finish(&mut self.samples);
        }
    }

    fn check_length(&self) -> Result<(), AudioError> {
        self.watch.produced(self.samples.len());
        if self.samples.len() > self.max_samples {
            let max_audio_seconds = self.limits.max_audio_seconds;
            return Err(AudioError::TooLong { max_audio_seconds });
        }
        Ok(())
    }
}

fn mix_planes(planes: &[Vec<f32>], mono: &mut Vec<f32>) {
    mono.clear();
    let Some((first, others)) = planes.split_first() else {
        return;
    };
    mono.extend_from_slice(first);
    for plane in others {
        for (sum, sample) in mono.iter_mut().zip(plane) {
            *sum += sample;
        }
    }
    let share = 1.0 / planes.len() as f32;
    for sample in mono {
        *sample *= share;
    }
}

/// Float formats can hold anything; the recogniser must not see NaN or infinities.
fn sanitise(samples: &mut [f32]) {
    for sample in samples {
        *sample = if sample.is_finite() {
            sample.clamp(-1.0, 1.0)
        } else {
            0.0
        };
    }
}
