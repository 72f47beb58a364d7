//! MP3 through LAME.
//!
//! No Xing frame is written: it would have to be corrected after the end, and players take a
//! constant bit rate's duration from the body's size. So decoders don't know the codec's delay,
//! and what they give begins about 1105 samples late (LAME's 576 and a decoder's 529).

use std::num::NonZeroU32;

use mp3lame_encoder::{Bitrate, Builder, Encoder, FlushGap, Mode, MonoPcm, Quality};

use super::codec::{Codec, EncodeError};

const NAME: &str = "mp3";

/// What LAME asks for beyond 1.25 bytes a sample.
const OUTPUT_RESERVE_BYTES: usize = 7200;
/// Samples a call, which bounds the buffer.
const CHUNK_SAMPLES: usize = 16 * 1152;
/// LAME makes everything quieter by this at our bit rates; what goes in is louder by as much.
const LAME_SCALE: f32 = 0.95;

pub(super) struct Mp3 {
    rate_hz: u32,
    /// Made at the first samples: making it can fail.
    lame: Option<Encoder>,
    scaled: Vec<f32>,
}

impl Mp3 {
    pub(super) fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz,
            lame: None,
            scaled: Vec::new(),
        }
    }
}

/// The encoder, made if it is missing.
fn opened(lame: &mut Option<Encoder>, rate_hz: u32) -> Result<&mut Encoder, EncodeError> {
    if lame.is_none() {
        *lame = Some(open(rate_hz)?);
    }
    Ok(lame.as_mut().expect("it was made if it was missing"))
}

fn open(rate_hz: u32) -> Result<Encoder, EncodeError> {
    let failed = |error| EncodeError::new(NAME, error);
    // 29 dB of signal over noise for a voice of 22050 Hz; below 16 kHz half of it is as much a
    // sample.
    let bit_rate = if rate_hz < 16_000 {
        Bitrate::Kbps32
    } else {
        Bitrate::Kbps64
    };
    let mut builder = Builder::new().ok_or_else(|| EncodeError::new(NAME, "out of memory"))?;
    builder.set_num_channels(1).map_err(failed)?;
    builder.set_mode(Mode::Mono).map_err(failed)?;
    builder.set_sample_rate(rate_hz).map_err(failed)?;
    builder
        .set_output_sample_rate(NonZeroU32::new(rate_hz))
        .map_err(failed)?;
    builder.set_brate(bit_rate).map_err(failed)?;
    builder.set_quality(Quality::Good).map_err(failed)?;
    builder.set_to_write_vbr_tag(false).map_err(failed)?;
    builder.build().map_err(failed)
}

impl Codec for Mp3 {
    fn encode(&mut self, samples: &[f32], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let lame = opened(&mut self.lame, self.rate_hz)?;
        for chunk in samples.chunks(CHUNK_SAMPLES) {
            self.scaled.clear();
            self.scaled.extend(chunk.iter().map(|s| s / LAME_SCALE));
            out.reserve(chunk.len() * 5 / 4 + OUTPUT_RESERVE_BYTES);
            lame.encode_to_vec(MonoPcm(&self.scaled[..]), out)
                .map_err(|error| EncodeError::new(NAME, error))?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.reserve(OUTPUT_RESERVE_BYTES);
        opened(&mut self.lame, self.rate_hz)?
            .flush_to_vec::<FlushGap>(out)
            .map_err(|error| EncodeError::new(NAME, error))?;
        Ok(())
    }
}
