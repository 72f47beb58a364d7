//! Demuxed formats: packets from a container, through a codec, into the collector.

use std::io;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_OPUS};
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::packet::Packet;
use symphonia::default::{formats, get_codecs};

use crate::aac;
use crate::claims;
use crate::collect::Collector;
use crate::mp4::{self, Inspected, TrackStart};
use crate::ogg::Pages;
use crate::opus::OpusStream;
use crate::patch::Patches;
use crate::sniff::Container;
use crate::source::{Access, Upload};
use crate::{AudioError, SAMPLE_RATE_HZ, tags};

/// Broken packets in a row before the rest of the file is given up. A damaged stretch of a
/// real recording is shorter; an index that points nowhere can list millions.
const MAX_FAILURES_IN_A_ROW: usize = 2_000;

/// Decodes the first decodable audio track of a container into `collector`.
pub(crate) fn decode(
    upload: &Upload<'_>,
    container: Container,
    start_byte: u64,
    collector: &mut Collector<'_>,
) -> Result<(), AudioError> {
    // Read before the demuxer opens: both share the position of a file.
    let Inspected { starts, patches } = match container {
        Container::IsoMp4 => mp4::inspect(upload)?,
        _ => Inspected {
            starts: Vec::new(),
            patches: tags::hide(upload, container, start_byte)?,
        },
    };
    let mut reader = open(upload, container, start_byte, patches)?;
    let mut stream = Stream::choose(reader.tracks(), &starts)?;
    let mut failures_in_a_row = 0;
    let mut last_error = None;
    while failures_in_a_row < MAX_FAILURES_IN_A_ROW {
        upload.watch().check()?;
        match reader.next_packet() {
            Ok(Some(packet)) if packet.track_id == stream.track_id => {
                match stream.decode(&packet, collector) {
                    Ok(()) => failures_in_a_row = 0,
                    // As players do: a bad packet is a short gap, not the end.
                    Err(PacketError::Codec(error)) => {
                        failures_in_a_row += 1;
                        last_error = Some(error);
                    }
                    Err(PacketError::Fatal(error)) => return Err(error),
                }
            }
            Ok(Some(_other_track)) => {}
            Ok(None) => break,
            // A chained stream: another file follows in the same one.
            Err(Error::ResetRequired) => match Stream::choose(reader.tracks(), &starts) {
                Ok(next) => stream = next,
                Err(_) => break,
            },
            // Cut off in the middle: what came before counts.
            Err(Error::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            // Not in MP4, where samples are found by an index and there is no next sync word.
            Err(error @ Error::DecodeError(_)) if container != Container::IsoMp4 => {
                failures_in_a_row += 1;
                last_error = Some(error);
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
    patches: Patches,
) -> Result<Box<dyn FormatReader + 'a>, AudioError> {
    let access = match container {
        Container::IsoMp4 | Container::Caf => Access::Random,
        _ => Access::Stream,
    };
    let source = upload
        .reader(start_byte, access)
        .map_err(AudioError::Unreadable)?
        .patched(patches);
    let source: Box<dyn MediaSource + 'a> = match container {
        Container::Ogg => Box::new(Pages::new(source)),
        _ => Box::new(source),
    };
    let stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
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
    reader.map_err(|error| match error {
        // The container was recognised, so what its demuxer calls unsupported is either
        // damage or so rare that no player reads it either.
        Error::Unsupported(what) => damaged(what),
        error => broken(&error),
    })
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
        Error::Unsupported(what) => {
            AudioError::unsupported(format!("its audio codec is not supported ({what})"))
        }
        Error::DecodeError(what) | Error::LimitError(what) => damaged(what),
        _ => AudioError::invalid("the file is damaged"),
    }
}

fn damaged(what: &str) -> AudioError {
    AudioError::invalid(format!("the file is damaged ({what})"))
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
    /// Sound still to be dropped at the start.
    skip_seconds: f64,
}

enum Codec {
    Opus(OpusStream),
    Other(Box<dyn AudioDecoder>),
}

impl Stream {
    fn new(track_id: u32, codec: Codec, starts: &[TrackStart]) -> Self {
        let skip_seconds = match codec {
            // Its own header says the same once more.
            Codec::Opus(_) => 0.0,
            Codec::Other(_) => starts
                .iter()
                .find(|start| start.track_id == track_id)
                .map_or(0.0, |start| start.seconds),
        };
        Self {
            track_id,
            codec,
            skip_seconds,
        }
    }

    /// Takes the first audio track that a decoder can be made for.
    fn choose(tracks: &[Track], starts: &[TrackStart]) -> Result<Self, AudioError> {
        let mut failure = None;
        for track in tracks
            .iter()
            .filter(|track| track.track_type() == Some(TrackType::Audio))
        {
            match Codec::new(track) {
                Ok(codec) => return Ok(Self::new(track.id, codec, starts)),
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
                let sound = decoder.decode(packet).map_err(PacketError::Codec)?;
                let rate_hz = f64::from(sound.spec().rate().max(1));
                let skipped = sound
                    .frames()
                    .min((self.skip_seconds * rate_hz).round() as usize);
                self.skip_seconds -= skipped as f64 / rate_hz;
                collector
                    .push_packet(&sound, skipped)
                    .map_err(PacketError::Fatal)
            }
        }
    }
}

impl Codec {
    fn new(track: &Track) -> Result<Self, Error> {
        let Some(CodecParameters::Audio(params)) = &track.codec_params else {
            return Err(Error::Unsupported("not an audio track"));
        };
        claims::check(params)?;
        if params.codec == CODEC_ID_OPUS {
            return OpusStream::new(params).map(Self::Opus);
        }
        let options = AudioDecoderOptions::default();
        let core = match &params.extra_data {
            Some(config) if params.codec == CODEC_ID_AAC => aac::low_complexity_core(config),
            _ => None,
        };
        let decoder = match core {
            Some(core) => {
                let mut plain = params.clone();
                plain.with_extra_data(core);
                get_codecs().make_audio_decoder(&plain, &options)
            }
            None => get_codecs().make_audio_decoder(params, &options),
        };
        decoder.map(Self::Other)
    }
}
