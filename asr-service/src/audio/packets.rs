//! Demuxed formats: packets from a container, through a codec, into the collector.

use std::io;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::packet::Packet;
use symphonia::default::{formats, get_codecs};

use super::collect::Collector;
use super::opus::OpusStream;
use super::sniff::Container;
use super::source::{Access, Upload};
use super::{AudioError, SAMPLE_RATE_HZ};

/// Demuxer errors in a row before the rest of the file is given up.
const MAX_DEMUX_ERRORS_IN_A_ROW: usize = 64;

/// Decodes the first decodable audio track of a container into `collector`.
pub(super) fn decode(
    upload: &Upload<'_>,
    container: Container,
    start_byte: u64,
    collector: &mut Collector<'_>,
) -> Result<(), AudioError> {
    let mut reader = open(upload, container, start_byte)?;
    let mut stream = Stream::choose(reader.tracks())?;
    let mut errors_in_a_row = 0;
    let mut last_error = None;
    loop {
        if (upload.is_cancelled())() {
            return Err(AudioError::Cancelled);
        }
        match reader.next_packet() {
            Ok(Some(packet)) => {
                errors_in_a_row = 0;
                if packet.track_id == stream.track_id {
                    match stream.decode(&packet, collector) {
                        Ok(()) => {}
                        // As players do: a bad packet is a short gap, not the end.
                        Err(PacketError::Codec(error)) => last_error = Some(error),
                        Err(PacketError::Fatal(error)) => return Err(error),
                    }
                }
            }
            Ok(None) => break,
            // A chained stream: another file follows in the same one.
            Err(Error::ResetRequired) => match Stream::choose(reader.tracks()) {
                Ok(next) => stream = next,
                Err(_) => break,
            },
            // Cut off in the middle: what came before counts.
            Err(Error::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error @ Error::DecodeError(_)) => {
                errors_in_a_row += 1;
                last_error = Some(error);
                if errors_in_a_row > MAX_DEMUX_ERRORS_IN_A_ROW {
                    break;
                }
            }
            Err(error) => {
                last_error = Some(error);
                break;
            }
        }
    }
    match last_error {
        Some(error) if collector.is_empty() => Err(broken(&error)),
        _ => Ok(()),
    }
}

fn open<'a>(
    upload: &Upload<'a>,
    container: Container,
    start_byte: u64,
) -> Result<Box<dyn FormatReader + 'a>, AudioError> {
    let access = match container {
        Container::IsoMp4 | Container::Caf | Container::Aiff => Access::Random,
        _ => Access::Stream,
    };
    let source = upload
        .reader(start_byte, access)
        .map_err(AudioError::Unreadable)?;
    let stream = MediaSourceStream::new(Box::new(source), Default::default());
    let options = FormatOptions::default();
    let reader: Result<Box<dyn FormatReader + 'a>, Error> = match container {
        Container::Wav => formats::WavReader::try_new(stream, options).map(boxed),
        Container::Aiff => formats::AiffReader::try_new(stream, options).map(boxed),
        Container::Caf => formats::CafReader::try_new(stream, options).map(boxed),
        Container::Flac => formats::FlacReader::try_new(stream, options).map(boxed),
        Container::Ogg => formats::OggReader::try_new(stream, options).map(boxed),
        Container::Matroska => formats::MkvReader::try_new(stream, options).map(boxed),
        Container::IsoMp4 => formats::IsoMp4Reader::try_new(stream, options).map(boxed),
        Container::Mpeg => formats::MpaReader::try_new(stream, options).map(boxed),
        Container::Adts => formats::AdtsReader::try_new(stream, options).map(boxed),
    };
    reader.map_err(|error| broken(&error))
}

fn boxed<'a>(reader: impl FormatReader + 'a) -> Box<dyn FormatReader + 'a> {
    Box::new(reader)
}

/// Words a library error for the caller: its static text, never a system message.
fn broken(error: &Error) -> AudioError {
    match error {
        Error::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            AudioError::invalid("the file ends too early")
        }
        Error::Unsupported(what) => AudioError::unsupported(format!(
            "the file uses a feature that is not supported ({what})"
        )),
        Error::DecodeError(what) | Error::LimitError(what) => {
            AudioError::invalid(format!("the file is damaged ({what})"))
        }
        _ => AudioError::invalid("the file is damaged"),
    }
}

enum PacketError {
    /// This packet gave nothing.
    Codec(Error),
    /// The whole upload is refused.
    Fatal(AudioError),
}

/// The chosen track and its codec.
struct Stream {
    track_id: u32,
    codec: Codec,
}

enum Codec {
    Opus(OpusStream),
    Other(Box<dyn AudioDecoder>),
}

impl Stream {
    /// Takes the first audio track that a decoder can be made for.
    fn choose(tracks: &[Track]) -> Result<Self, AudioError> {
        let mut failure = None;
        for track in tracks
            .iter()
            .filter(|track| track.track_type() == Some(TrackType::Audio))
        {
            match Codec::new(track) {
                Ok(codec) => {
                    return Ok(Self {
                        track_id: track.id,
                        codec,
                    });
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Err(failure.map_or_else(
            || AudioError::unsupported("the file has no audio track of a known codec"),
            |error| broken(&error),
        ))
    }

    fn decode(
        &mut self,
        packet: &Packet,
        collector: &mut Collector<'_>,
    ) -> Result<(), PacketError> {
        match &mut self.codec {
            Codec::Opus(opus) => {
                let mono = opus.decode(packet).map_err(PacketError::Codec)?;
                collector
                    .set_rate(SAMPLE_RATE_HZ)
                    .and_then(|()| collector.push_mono(mono))
                    .map_err(PacketError::Fatal)
            }
            Codec::Other(decoder) => {
                let decoded = decoder.decode(packet).map_err(PacketError::Codec)?;
                collector.push_packet(&decoded).map_err(PacketError::Fatal)
            }
        }
    }
}

impl Codec {
    fn new(track: &Track) -> Result<Self, Error> {
        let Some(CodecParameters::Audio(params)) = &track.codec_params else {
            return Err(Error::Unsupported("not an audio track"));
        };
        if params.codec == CODEC_ID_OPUS {
            return OpusStream::new(params).map(Self::Opus);
        }
        let options = AudioDecoderOptions::default();
        get_codecs()
            .make_audio_decoder(params, &options)
            .map(Self::Other)
    }
}
