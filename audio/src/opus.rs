//! Opus through libopus, decoded straight to 16 kHz mono.
//!
//! libopus decodes to any of a few rates without a separate resampler, and 16 kHz is what
//! its speech mode works at inside. Asking for it (and for one channel) is cheaper and
//! closer to the original than decoding to 48 kHz stereo and resampling. The price is that
//! the samples to skip, counted at 48 kHz by the format, are skipped here.

use symphonia::core::audio::layouts::CHANNEL_LAYOUT_MONO;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::RegisterableAudioDecoder;
use symphonia::core::errors::{Error, Result};
use symphonia::core::packet::{Packet, PacketRef};
use symphonia_adapter_libopus::OpusDecoder;

use crate::SAMPLE_RATE_HZ;

/// All counts in the format are at this rate.
const FORMAT_RATE_HZ: u64 = 48_000;
const MAX_CHANNELS: u8 = 2;

/// One Opus track.
pub(crate) struct OpusStream {
    decoder: Box<dyn AudioDecoder>,
    /// Samples at 16 kHz still to be dropped at the start.
    skip_samples: usize,
    /// Linear, where the file asks for one.
    gain: Option<f32>,
    mono: Vec<f32>,
}

impl OpusStream {
    pub(crate) fn new(track: &AudioCodecParameters) -> Result<Self> {
        let head = track
            .extra_data
            .as_deref()
            .map(Head::parse)
            .transpose()?
            .unwrap_or_default();
        let mut params = AudioCodecParameters::new();
        params
            .for_codec(CODEC_ID_OPUS)
            .with_sample_rate(SAMPLE_RATE_HZ)
            .with_channels(CHANNEL_LAYOUT_MONO);
        let decoder = OpusDecoder::try_registry_new(&params, &AudioDecoderOptions::default())?;
        Ok(Self {
            decoder,
            skip_samples: at_output_rate(u64::from(head.pre_skip)),
            gain: head.gain,
            mono: Vec::new(),
        })
    }

    /// Decodes one packet to mono samples at 16 kHz, start and end already trimmed.
    pub(crate) fn decode(&mut self, packet: &Packet) -> Result<&mut [f32]> {
        if packet.data.is_empty() {
            // libopus takes "no data" as a request to conceal a loss of any length.
            return Err(Error::DecodeError("opus: empty packet"));
        }
        // A packet without its trims: the decoder would count them at the wrong rate.
        let untrimmed = PacketRef::new(packet.track_id, packet.pts, packet.dur, &packet.data);
        self.decoder
            .decode_ref(&untrimmed)?
            .copy_to_vec_interleaved(&mut self.mono);

        let start = self.skip_samples.min(self.mono.len());
        self.skip_samples -= start;
        let end = self.mono.len() - at_output_rate(packet.trim_end.get()).min(self.mono.len());
        let samples = &mut self.mono[start.min(end)..end];
        if let Some(gain) = self.gain {
            for sample in &mut *samples {
                *sample *= gain;
            }
        }
        Ok(samples)
    }
}

fn at_output_rate(format_samples: u64) -> usize {
    (format_samples.saturating_mul(u64::from(SAMPLE_RATE_HZ)) / FORMAT_RATE_HZ) as usize
}

/// What matters of the identification header.
#[derive(Default)]
struct Head {
    pre_skip: u16,
    /// Linear.
    gain: Option<f32>,
}

impl Head {
    /// `OpusHead`, as Ogg and Matroska store it, or MP4's big-endian twin (version 0).
    fn parse(extra_data: &[u8]) -> Result<Self> {
        let [
            b'O',
            b'p',
            b'u',
            b's',
            b'H',
            b'e',
            b'a',
            b'd',
            version,
            channels,
            rest @ ..,
        ] = extra_data
        else {
            return Ok(Self::default());
        };
        let &[
            skip_0,
            skip_1,
            _,
            _,
            _,
            _,
            gain_0,
            gain_1,
            family,
            ref mapping @ ..,
        ] = rest
        else {
            return Err(Error::DecodeError("opus: header too short"));
        };
        // Families other than 0 list their streams; more than one stream means surround
        // sound, which needs another decoder.
        let streams = if family == 0 {
            1
        } else {
            mapping.first().copied().unwrap_or(0)
        };
        if *channels > MAX_CHANNELS || streams != 1 {
            return Err(Error::Unsupported("opus: more than two channels"));
        }
        let number = if *version == 0 {
            u16::from_be_bytes
        } else {
            u16::from_le_bytes
        };
        let gain_q8_db = number([gain_0, gain_1]).cast_signed();
        Ok(Self {
            pre_skip: number([skip_0, skip_1]),
            gain: (gain_q8_db != 0).then(|| 10_f32.powf(f32::from(gain_q8_db) / (20.0 * 256.0))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(version: u8, channels: u8, rest: &[u8]) -> Vec<u8> {
        [b"OpusHead", &[version, channels][..], rest].concat()
    }

    #[test]
    fn both_byte_orders_of_the_header_are_read() {
        let ogg = Head::parse(&head(1, 2, &[0x38, 0x01, 0, 0, 0, 0, 0, 0x06, 0])).expect("valid");
        let mp4 = Head::parse(&head(0, 2, &[0x01, 0x38, 0, 0, 0, 0, 0x06, 0, 0])).expect("valid");
        assert_eq!((ogg.pre_skip, mp4.pre_skip), (312, 312));
        // 6 dB.
        assert!(ogg.gain.is_some_and(|gain| (gain - 1.995).abs() < 0.001));
        assert_eq!(ogg.gain, mp4.gain);
    }

    #[test]
    fn surround_sound_is_refused() {
        let surround = head(1, 6, &[0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 2]);
        assert!(matches!(Head::parse(&surround), Err(Error::Unsupported(_))));
        let two_streams = head(1, 2, &[0, 0, 0, 0, 0, 0, 0, 0, 255, 2, 0]);
        assert!(matches!(
            Head::parse(&two_streams),
            Err(Error::Unsupported(_))
        ));
    }
}
