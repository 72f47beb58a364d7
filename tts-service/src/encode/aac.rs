//! AAC-LC in ADTS, through libxaac.
//!
//! ADTS can't say how late the codec is, so decoders give the delay as well: what they decode
//! begins 1600 samples late, and ends with the silence that fills the last frame.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use xaac_rs::{Encoder, EncoderConfig, OutputFormat, Profile};

use super::codec::{Codec, EncodeError};
use super::samples::to_i16;

const NAME: &str = "aac";

const FRAME_SAMPLES: usize = 1024;
/// A frame of overlap, and the look-ahead that finds the beginnings of sounds.
const DELAY_SAMPLES: usize = FRAME_SAMPLES + 576;

/// 3 bits a sample, as high as it is of use.
const BITS_PER_SAMPLE: u32 = 3;
const MAX_BIT_RATE: u32 = 64_000;

pub(super) struct Aac {
    rate_hz: u32,
    libxaac: Option<Libxaac>,
    /// Samples that don't fill a frame yet.
    rest: Vec<i16>,
}

impl Aac {
    pub(super) fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz,
            libxaac: None,
            rest: Vec::with_capacity(FRAME_SAMPLES),
        }
    }

    /// Encodes all full frames.
    fn encode_frames(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let full = self.rest.len() / FRAME_SAMPLES * FRAME_SAMPLES;
        if full == 0 {
            return Ok(());
        }
        let rest = self.rest.split_off(full);
        let frames = std::mem::replace(&mut self.rest, rest);
        if self.libxaac.is_none() {
            self.libxaac = Some(Libxaac::start(self.rate_hz)?);
        }
        let libxaac = self.libxaac.as_ref().expect("it was started if missing");
        out.extend_from_slice(&libxaac.encode(frames)?);
        Ok(())
    }
}

impl Codec for Aac {
    fn encode(&mut self, samples: &[f32], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.rest.extend(samples.iter().map(|&s| to_i16(s)));
        self.encode_frames(out)
    }

    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let flushed = (self.rest.len() + DELAY_SAMPLES).next_multiple_of(FRAME_SAMPLES);
        self.rest.resize(flushed, 0);
        self.encode_frames(out)
    }
}

/// libxaac's encoder on a thread of its own: its handle may not go from thread to thread, as an
/// encoder of ours does. The thread that pushes waits for it, so no more computes than without it; it ends
/// when this is dropped.
struct Libxaac {
    frames: SyncSender<Vec<i16>>,
    packets: Receiver<Result<Vec<u8>, EncodeError>>,
}

impl Libxaac {
    fn start(rate_hz: u32) -> Result<Self, EncodeError> {
        let (frames, frames_in) = sync_channel::<Vec<i16>>(0);
        let (packets_out, packets) = sync_channel(1);
        thread::Builder::new()
            .name("aac".to_owned())
            .spawn(move || {
                let mut encoder = open(rate_hz);
                for frames in frames_in {
                    let packets = match &mut encoder {
                        Ok(encoder) => encode(encoder, &frames),
                        Err(reason) => Err(EncodeError::new(NAME, reason)),
                    };
                    if packets_out.send(packets).is_err() {
                        break;
                    }
                }
            })
            .map_err(|error| EncodeError::new(NAME, error))?;
        Ok(Self { frames, packets })
    }

    fn encode(&self, frames: Vec<i16>) -> Result<Vec<u8>, EncodeError> {
        let ended = || EncodeError::new(NAME, "its thread has ended");
        self.frames.send(frames).map_err(|_| ended())?;
        self.packets.recv().map_err(|_| ended())?
    }
}

fn open(rate_hz: u32) -> xaac_rs::Result<Encoder> {
    Encoder::new(EncoderConfig {
        profile: Profile::AacLc,
        sample_rate: rate_hz,
        channels: 1,
        bitrate: (rate_hz * BITS_PER_SAMPLE).min(MAX_BIT_RATE),
        output_format: OutputFormat::Adts,
        ..EncoderConfig::default()
    })
}

fn encode(encoder: &mut Encoder, frames: &[i16]) -> Result<Vec<u8>, EncodeError> {
    let mut packets = Vec::new();
    for frame in frames.chunks_exact(FRAME_SAMPLES) {
        let packet = encoder
            .encode_i16_interleaved(frame)
            .map_err(|error| EncodeError::new(NAME, error))?;
        packets.extend_from_slice(&packet.data);
    }
    Ok(packets)
}
