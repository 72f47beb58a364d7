//! 16-bit samples, bare or behind the header of a WAV file.

use super::codec::{Codec, EncodeError};
use super::samples::to_i16;

/// The header's length, and where in it the two sizes are.
pub(super) const WAV_HEADER_BYTES: usize = 44;
pub(super) const RIFF_SIZE_AT: usize = 4;
pub(super) const DATA_SIZE_AT: usize = 40;
/// What stands before the field [`RIFF_SIZE_AT`] and the field itself, which it doesn't count.
pub(super) const RIFF_SIZE_EXCLUDES_BYTES: usize = 8;
/// "Until the end": what players and ffmpeg take for a stream's size.
const UNKNOWN_SIZE: u32 = u32::MAX;

const BYTES_PER_SAMPLE: u16 = 2;
const MONO: u16 = 1;
const FORMAT_PCM: u16 = 1;

/// Samples as they are.
pub(super) struct Pcm {
    /// Of a WAV file whose header has not been written.
    header_rate_hz: Option<u32>,
}

impl Pcm {
    pub(super) fn headerless() -> Self {
        Self {
            header_rate_hz: None,
        }
    }

    pub(super) fn wav(rate_hz: u32) -> Self {
        Self {
            header_rate_hz: Some(rate_hz),
        }
    }

    fn write_header(&mut self, out: &mut Vec<u8>) {
        if let Some(rate_hz) = self.header_rate_hz.take() {
            out.extend_from_slice(&wav_header(rate_hz));
        }
    }
}

impl Codec for Pcm {
    fn encode(&mut self, samples: &[f32], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.write_header(out);
        out.extend(samples.iter().flat_map(|&s| to_i16(s).to_le_bytes()));
        Ok(())
    }

    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.write_header(out);
        Ok(())
    }
}

fn wav_header(rate_hz: u32) -> Vec<u8> {
    let mut header = Vec::with_capacity(WAV_HEADER_BYTES);
    header.extend_from_slice(b"RIFF");
    header.extend_from_slice(&UNKNOWN_SIZE.to_le_bytes());
    header.extend_from_slice(b"WAVEfmt ");
    header.extend_from_slice(&16_u32.to_le_bytes());
    header.extend_from_slice(&FORMAT_PCM.to_le_bytes());
    header.extend_from_slice(&MONO.to_le_bytes());
    header.extend_from_slice(&rate_hz.to_le_bytes());
    header.extend_from_slice(&(rate_hz * u32::from(BYTES_PER_SAMPLE)).to_le_bytes());
    header.extend_from_slice(&BYTES_PER_SAMPLE.to_le_bytes());
    header.extend_from_slice(&(8 * BYTES_PER_SAMPLE).to_le_bytes());
    header.extend_from_slice(b"data");
    header.extend_from_slice(&UNKNOWN_SIZE.to_le_bytes());
    header
}
