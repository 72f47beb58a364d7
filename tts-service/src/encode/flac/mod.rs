//! FLAC, frame by frame.
//!
//! The header is written before anything is known of the whole: no number of samples, no sizes
//! of frames, no checksum, which the format allows. [`super::make_exact`] adds the number.

mod checksum;
mod exact;
mod verbatim;

use flacenc::bitsink::MemSink;
use flacenc::component::{BitRepr, StreamInfo};
use flacenc::config;
use flacenc::encode_fixed_size_frame;
use flacenc::error::{Verified, Verify};
use flacenc::source::{Fill, FrameBuf};

pub(super) use exact::make_exact;

use super::codec::{Codec, EncodeError};
use super::samples::to_i16;

const NAME: &str = "flac";

/// 93 ms of a 22050 Hz voice: what a push may leave behind.
const BLOCK_SAMPLES: usize = 2048;
/// The shortest block that the crate encodes.
const MIN_BLOCK_SAMPLES: usize = 32;
const BITS_PER_SAMPLE: usize = 16;
const CHANNELS: usize = 1;

/// The metadata block header in front of STREAMINFO: the last one, its type 0, 34 bytes.
const STREAM_INFO_HEADER: [u8; 4] = [0x80, 0, 0, 34];

pub(super) struct Flac {
    rate_hz: u32,
    /// Made at the first samples: making it can fail.
    open: Option<Open>,
    block: Vec<i32>,
    frames_out: usize,
}

struct Open {
    config: Verified<config::Encoder>,
    stream_info: StreamInfo,
}

impl Flac {
    pub(super) fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz,
            open: None,
            block: Vec::with_capacity(BLOCK_SAMPLES),
            frames_out: 0,
        }
    }

    fn open(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if self.open.is_some() {
            return Ok(());
        }
        let failed = |error| EncodeError::new(NAME, error);
        let mut stream_info =
            StreamInfo::new(self.rate_hz as usize, CHANNELS, BITS_PER_SAMPLE).map_err(failed)?;
        stream_info
            .set_block_sizes(BLOCK_SAMPLES, BLOCK_SAMPLES)
            .map_err(failed)?;
        let mut config = config::Encoder::default();
        config.block_size = BLOCK_SAMPLES;
        let config = config
            .into_verified()
            .map_err(|(_, error)| EncodeError::new(NAME, error))?;
        out.extend_from_slice(b"fLaC");
        out.extend_from_slice(&STREAM_INFO_HEADER);
        write(&stream_info, out)?;
        self.open = Some(Open {
            config,
            stream_info,
        });
        Ok(())
    }

    fn encode_block(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let Open {
            config,
            stream_info,
        } = self.open.as_ref().expect("it is opened before any block");
        let failed = |error| EncodeError::new(NAME, error);
        let mut samples = FrameBuf::with_size(CHANNELS, self.block.len()).map_err(failed)?;
        samples
            .fill_interleaved(&self.block)
            .map_err(|error| EncodeError::new(NAME, error))?;
        let frame = encode_fixed_size_frame(config, &samples, self.frames_out, stream_info)
            .map_err(|error| EncodeError::new(NAME, error))?;
        write(&frame, out)?;
        self.frames_out += 1;
        self.block.clear();
        Ok(())
    }
}

fn write(component: &impl BitRepr, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let mut sink = MemSink::<u8>::new();
    component
        .write(&mut sink)
        .map_err(|error| EncodeError::new(NAME, error))?;
    out.extend_from_slice(sink.as_slice());
    Ok(())
}

impl Codec for Flac {
    fn encode(&mut self, mut samples: &[f32], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.open(out)?;
        while !samples.is_empty() {
            let taken = samples.len().min(BLOCK_SAMPLES - self.block.len());
            let (head, rest) = samples.split_at(taken);
            self.block
                .extend(head.iter().map(|&s| i32::from(to_i16(s))));
            samples = rest;
            if self.block.len() == BLOCK_SAMPLES {
                self.encode_block(out)?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.open(out)?;
        match self.block.len() {
            0 => {}
            1..MIN_BLOCK_SAMPLES => verbatim::write_frame(&self.block, self.frames_out, out),
            _ => self.encode_block(out)?,
        }
        Ok(())
    }
}
