//! Decodes what the encoders made, with a decoder that is not theirs.

use std::io::{Cursor, ErrorKind};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::codecs::registry::RegisterableAudioDecoder;
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::default::{formats, get_codecs};
use symphonia_adapter_libopus::OpusDecoder;

use crate::encode::AudioFormat;

pub(super) struct Decoded {
    pub(super) rate_hz: u32,
    pub(super) samples: Vec<f32>,
    /// What the file says of its length, in samples.
    pub(super) claimed_samples: Option<u64>,
}

/// `rate_hz` is for headerless samples only.
pub(super) fn decode(format: AudioFormat, body: &[u8], rate_hz: u32) -> Decoded {
    if format == AudioFormat::Pcm {
        return Decoded {
            rate_hz,
            samples: from_i16(body),
            claimed_samples: None,
        };
    }
    let mut reader = open(format, body.to_vec());
    let track = reader.tracks()[0].clone();
    let Some(CodecParameters::Audio(params)) = track.codec_params else {
        panic!("{format}: no audio");
    };
    let options = AudioDecoderOptions::default();
    let mut decoder = if format == AudioFormat::Opus {
        OpusDecoder::try_registry_new(&params, &options).unwrap()
    } else {
        get_codecs().make_audio_decoder(&params, &options).unwrap()
    };
    let mut samples = Vec::new();
    let mut packet_samples: Vec<f32> = Vec::new();
    loop {
        let packet = match reader.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            // A stream's WAV header promises more than ever comes.
            Err(Error::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => break,
            Err(error) => panic!("{format}: {error}"),
        };
        let audio = decoder.decode(&packet).unwrap();
        assert_eq!(audio.spec().channels().count(), 1, "{format}");
        audio.copy_to_vec_interleaved(&mut packet_samples);
        samples.extend_from_slice(&packet_samples);
    }
    Decoded {
        rate_hz: params.sample_rate.unwrap(),
        samples,
        claimed_samples: track.num_frames,
    }
}

fn open(format: AudioFormat, body: Vec<u8>) -> Box<dyn FormatReader> {
    let stream = MediaSourceStream::new(
        Box::new(Cursor::new(body)),
        MediaSourceStreamOptions::default(),
    );
    let options = FormatOptions::default();
    match format {
        AudioFormat::Mp3 => Box::new(formats::MpaReader::try_new(stream, options).unwrap()),
        AudioFormat::Opus => Box::new(formats::OggReader::try_new(stream, options).unwrap()),
        AudioFormat::Aac => Box::new(formats::AdtsReader::try_new(stream, options).unwrap()),
        AudioFormat::Flac => Box::new(formats::FlacReader::try_new(stream, options).unwrap()),
        AudioFormat::Wav => Box::new(formats::WavReader::try_new(stream, options).unwrap()),
        AudioFormat::Pcm => unreachable!("it has no container"),
    }
}

pub(super) fn from_i16(bytes: &[u8]) -> Vec<f32> {
    bytes
        .chunks_exact(2)
        .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0)
        .collect()
}
