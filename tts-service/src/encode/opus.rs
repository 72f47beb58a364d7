//! Opus in Ogg (RFC 7845) through libopus.

use opusic_c::{Application, Bandwidth, Bitrate, Channels, Encoder, SampleRate, Signal};

use super::codec::{Codec, EncodeError};
use super::ogg::OggWriter;

const NAME: &str = "opus";

/// All counts in the container are at this rate, whatever the encoder's is.
const FORMAT_RATE_HZ: u32 = 48_000;
const FRAMES_PER_SECOND: u32 = 50;
const GRANULES_PER_FRAME: u64 = (FORMAT_RATE_HZ / FRAMES_PER_SECOND) as u64;

/// Within what RFC 6716 recommends for speech of full band (section 2.1.1).
const BIT_RATE: u32 = 32_000;
/// Of 10. A quarter less computing than the default, and within 0.2 dB of it for speech.
const COMPLEXITY: u8 = 5;
/// The most that a frame of 20 ms can take.
const MAX_PACKET_BYTES: usize = 1275;

pub(super) struct Opus {
    input_rate_hz: u32,
    rate_hz: u32,
    frame_samples: usize,
    /// Samples of the frame that is not full yet.
    frame: Vec<f32>,
    packet: Vec<u8>,
    ogg: OggWriter,
    /// Made at the first samples: making it can fail.
    open: Option<Open>,
    samples_in: u64,
    frames_out: u64,
}

struct Open {
    libopus: Encoder,
    /// Decoded samples to be dropped at the start, at the format's rate: libopus' look-ahead.
    pre_skip: u64,
}

impl Opus {
    pub(super) fn new(input_rate_hz: u32, rate_hz: u32) -> Self {
        let frame_samples = (rate_hz / FRAMES_PER_SECOND) as usize;
        Self {
            input_rate_hz,
            rate_hz,
            frame_samples,
            frame: Vec::with_capacity(frame_samples),
            packet: Vec::with_capacity(MAX_PACKET_BYTES),
            ogg: OggWriter::new(),
            open: None,
            samples_in: 0,
            frames_out: 0,
        }
    }

    /// Opens the codec and writes the headers, once.
    fn open(&mut self, out: &mut Vec<u8>) -> Result<&mut Open, EncodeError> {
        if self.open.is_none() {
            let opened = open(self.input_rate_hz, self.rate_hz)?;
            // Each header is alone on its page.
            let head = opus_head(opened.pre_skip as u16, self.input_rate_hz);
            self.ogg.packet(&head, 0, out);
            self.ogg.flush(out);
            self.ogg.packet(&opus_tags(), 0, out);
            self.ogg.flush(out);
            self.open = Some(opened);
        }
        Ok(self.open.as_mut().expect("it was made if it was missing"))
    }

    fn encode_frame(&mut self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.frames_out += 1;
        self.packet.clear();
        let open = self.open.as_mut().expect("it is opened before any frame");
        open.libopus
            .encode_float_to_vec(&self.frame, &mut self.packet)
            .map_err(|error| EncodeError::new(NAME, error))?;
        self.frame.clear();
        let granule = self.frames_out * GRANULES_PER_FRAME;
        self.ogg.packet(&self.packet, granule, out);
        Ok(())
    }
}

impl Codec for Opus {
    fn encode(&mut self, mut samples: &[f32], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.open(out)?;
        self.samples_in += samples.len() as u64;
        while !samples.is_empty() {
            let taken = samples.len().min(self.frame_samples - self.frame.len());
            let (head, rest) = samples.split_at(taken);
            self.frame.extend_from_slice(head);
            samples = rest;
            if self.frame.len() == self.frame_samples {
                self.encode_frame(out)?;
            }
        }
        // What is there is for the player, not for a fuller page.
        self.ogg.flush(out);
        Ok(())
    }

    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let pre_skip = self.open(out)?.pre_skip;
        let granules = self.samples_in * u64::from(FORMAT_RATE_HZ) / u64::from(self.rate_hz);
        let end = pre_skip + granules;
        // The look-ahead makes this at least one frame, for the last page to hold.
        while self.frames_out * GRANULES_PER_FRAME < end {
            self.frame.resize(self.frame_samples, 0.0);
            self.encode_frame(out)?;
        }
        // Less than the packets hold: this is how the format says where the audio ends.
        self.ogg.set_granule(end);
        self.ogg.finish(out);
        Ok(())
    }
}

fn open(input_rate_hz: u32, rate_hz: u32) -> Result<Open, EncodeError> {
    let failed = |error| EncodeError::new(NAME, error);
    let rate = match rate_hz {
        8_000 => SampleRate::Hz8000,
        12_000 => SampleRate::Hz12000,
        16_000 => SampleRate::Hz16000,
        24_000 => SampleRate::Hz24000,
        _ => SampleRate::Hz48000,
    };
    // No bits for a band that the voice hasn't got.
    let bandwidth = match input_rate_hz {
        0..=8_000 => Bandwidth::Narrow,
        8_001..=12_000 => Bandwidth::Medium,
        12_001..=16_000 => Bandwidth::Wide,
        16_001..=24_000 => Bandwidth::Superwide,
        _ => Bandwidth::Full,
    };
    let mut libopus = Encoder::new(Channels::Mono, rate, Application::Voip).map_err(failed)?;
    libopus
        .set_bitrate(Bitrate::Value(BIT_RATE))
        .map_err(failed)?;
    libopus.set_signal(Signal::Voice).map_err(failed)?;
    libopus.set_complexity(COMPLEXITY).map_err(failed)?;
    libopus.set_max_bandwidth(bandwidth).map_err(failed)?;
    let look_ahead = libopus.get_look_ahead().map_err(failed)?;
    Ok(Open {
        libopus,
        pre_skip: u64::from(look_ahead) * u64::from(FORMAT_RATE_HZ) / u64::from(rate_hz),
    })
}

fn opus_head(pre_skip: u16, input_rate_hz: u32) -> Vec<u8> {
    let (version, channels, mapping) = (1, 1, 0);
    let mut head = b"OpusHead".to_vec();
    head.extend_from_slice(&[version, channels]);
    head.extend_from_slice(&pre_skip.to_le_bytes());
    head.extend_from_slice(&input_rate_hz.to_le_bytes());
    // Gain.
    head.extend_from_slice(&[0; 2]);
    head.push(mapping);
    head
}

fn opus_tags() -> Vec<u8> {
    let vendor = b"voice-stack";
    let mut tags = b"OpusTags".to_vec();
    tags.extend_from_slice(&(vendor.len() as u32).to_le_bytes());
    tags.extend_from_slice(vendor);
    // No comments.
    tags.extend_from_slice(&0_u32.to_le_bytes());
    tags
}
