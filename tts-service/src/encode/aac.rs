//! AAC-LC in ADTS.
//!
//! ADTS can't say how many samples the codec's delay is, so decoders give them as well: the
//! first frame's 1024 samples are silence, and the last frame is filled with it.

use oxideav_aac::encoder::{EncoderConfig, StreamEncoder};

use super::samples::to_i16;
use super::{Codec, EncodeError};

const NAME: &str = "aac";

const FRAME_SAMPLES: usize = 1024;
const MONO: u8 = 1;

pub(super) struct Aac {
    rate_hz: u32,
    /// Made at the first samples: making it can fail.
    open: Option<StreamEncoder>,
    frame: Vec<i16>,
}

impl Aac {
    pub(super) fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz,
            open: None,
            frame: Vec::with_capacity(FRAME_SAMPLES),
        }
    }

    fn codec(&mut self) -> Result<&mut StreamEncoder, EncodeError> {
        if self.open.is_none() {
            // 64 kbit/s for a voice of 22 kHz, and the same share of lower rates.
            let bit_rate = (self.rate_hz * 3).min(64_000);
            let config = EncoderConfig {
                sample_rate: self.rate_hz,
                channels: MONO,
                bitrate: bit_rate,
            };
            let opened =
                StreamEncoder::new(config).map_err(|error| EncodeError::new(NAME, error))?;
            self.open = Some(opened);
        }
        Ok(self.open.as_mut().expect("it was made if it was missing"))
    }

    fn encode_frame(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let frame = std::mem::take(&mut self.frame);
        let bytes = self
            .codec()?
            .encode_frame(&frame)
            .map_err(|error| EncodeError::new(NAME, error))?;
        out.extend_from_slice(&bytes);
        self.frame = frame;
        self.frame.clear();
        Ok(())
    }
}

impl Codec for Aac {
    fn encode(&mut self, mut samples: &[f32], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        while !samples.is_empty() {
            let taken = samples.len().min(FRAME_SAMPLES - self.frame.len());
            let (head, rest) = samples.split_at(taken);
            self.frame.extend(head.iter().map(|&s| to_i16(s)));
            samples = rest;
            if self.frame.len() == FRAME_SAMPLES {
                self.encode_frame(out)?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if !self.frame.is_empty() {
            self.encode_frame(out)?;
        }
        let bytes = self
            .codec()?
            .finish()
            .map_err(|error| EncodeError::new(NAME, error))?;
        out.extend_from_slice(&bytes);
        Ok(())
    }
}
