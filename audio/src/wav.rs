//! WAV, read without a demuxer: the commonest upload, and the one whose headers lie most.
//!
//! Recorders that write to a pipe cannot go back to fill in sizes, so a size of zero, of
//! all ones or past the end of the file means "to the end".

use std::io::{BufReader, Read};

use crate::AudioError;
use crate::collect::Collector;
use crate::companding;
use crate::packets;
use crate::sniff::Container;
use crate::source::{Access, Upload, UploadReader};

const READ_BYTES: usize = 32 * 1024;
/// A `fmt ` chunk with every extension is 40 bytes; more is not ours to read.
const MAX_FORMAT_BYTES: u64 = 64;

const TAG_PCM: u16 = 1;
const TAG_MS_ADPCM: u16 = 2;
const TAG_FLOAT: u16 = 3;
const TAG_A_LAW: u16 = 6;
const TAG_MU_LAW: u16 = 7;
const TAG_IMA_ADPCM: u16 = 0x11;
const TAG_MPEG: u16 = 0x50;
const TAG_MP3: u16 = 0x55;
const TAG_EXTENSIBLE: u16 = 0xfffe;

/// How one sample is stored (little-endian).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SampleLayout {
    U8,
    S16,
    S24,
    S32,
    F32,
    F64,
    ALaw,
    MuLaw,
}

impl SampleLayout {
    fn len_bytes(self) -> usize {
        match self {
            Self::U8 | Self::ALaw | Self::MuLaw => 1,
            Self::S16 => 2,
            Self::S24 => 3,
            Self::S32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

struct Format {
    tag: u16,
    channels: u16,
    rate_hz: u32,
    block_bytes: u16,
    bits: u16,
}

struct Data {
    format: Format,
    start_byte: u64,
    len_bytes: u64,
}

/// Decodes a WAV upload into `collector`.
pub(crate) fn decode(upload: &Upload<'_>, collector: &mut Collector<'_>) -> Result<(), AudioError> {
    let reader = upload
        .reader(0, Access::Stream)
        .map_err(AudioError::Unreadable)?;
    let mut reader = BufReader::with_capacity(READ_BYTES, reader);
    let Data {
        format,
        start_byte,
        len_bytes,
    } = find_data(&mut reader)?;
    match format.tag {
        TAG_MS_ADPCM | TAG_IMA_ADPCM => packets::decode(upload, Container::Wav, 0, collector),
        TAG_MPEG | TAG_MP3 => packets::decode(upload, Container::Mpeg, start_byte, collector),
        _ => {
            let layout = format.layout()?;
            collector.check_channels(usize::from(format.channels))?;
            collector.set_rate(format.rate_hz)?;
            decode_frames(
                reader,
                len_bytes,
                usize::from(format.channels),
                layout,
                collector,
            )
        }
    }
}

/// Walks the chunks up to the sound data, leaving `reader` on its first byte.
fn find_data(reader: &mut BufReader<UploadReader<'_>>) -> Result<Data, AudioError> {
    let truncated = |_| AudioError::invalid("the WAV header ends before any sound data");
    let mut riff = [0; 12];
    reader.read_exact(&mut riff).map_err(truncated)?;

    let mut format = None;
    let mut long_data_bytes = None;
    let mut position = riff.len() as u64;
    loop {
        let mut header = [0; 8];
        reader.read_exact(&mut header).map_err(truncated)?;
        position += header.len() as u64;
        let id = [header[0], header[1], header[2], header[3]];
        let len_bytes = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);

        if &id == b"data" {
            let format =
                format.ok_or_else(|| AudioError::invalid("the WAV file has no format chunk"))?;
            let len_bytes = match (len_bytes, long_data_bytes) {
                (u32::MAX, Some(long)) if long > 0 => long,
                (0 | u32::MAX, _) => u64::MAX,
                (known, _) => u64::from(known),
            };
            return Ok(Data {
                format,
                start_byte: position,
                len_bytes,
            });
        }

        let mut content = Vec::new();
        let wanted = if matches!(&id, b"fmt " | b"ds64") {
            MAX_FORMAT_BYTES
        } else {
            0
        };
        let taken = reader
            .take(wanted.min(u64::from(len_bytes)))
            .read_to_end(&mut content)
            .map_err(truncated)? as u64;
        match &id {
            b"fmt " => format = Some(Format::parse(&content)?),
            // RF64: the 64-bit size of the sound data stands behind that of the file.
            b"ds64" => {
                long_data_bytes = content
                    .get(8..16)
                    .and_then(|bytes| bytes.try_into().ok())
                    .map(u64::from_le_bytes);
            }
            _ => {}
        }
        // Chunks are padded to an even length.
        let padded = u64::from(len_bytes) + u64::from(len_bytes % 2);
        let rest = i64::try_from(padded - taken)
            .map_err(|_| AudioError::invalid("a WAV chunk is impossibly long"))?;
        reader.seek_relative(rest).map_err(truncated)?;
        position += padded;
    }
}

impl Format {
    fn parse(content: &[u8]) -> Result<Self, AudioError> {
        let u16_at = |at: usize| {
            content
                .get(at..at + 2)
                .map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
        };
        let parse = || {
            let tag = match u16_at(0)? {
                // The real tag opens the sub-format GUID.
                TAG_EXTENSIBLE => u16_at(24)?,
                tag => tag,
            };
            Some(Self {
                tag,
                channels: u16_at(2)?,
                rate_hz: u32::from(u16_at(4)?) | u32::from(u16_at(6)?) << 16,
                block_bytes: u16_at(12)?,
                // Very old writers leave the width of PCM out.
                bits: u16_at(14).unwrap_or(0),
            })
        };
        parse().ok_or_else(|| AudioError::invalid("the WAV format chunk is too short"))
    }

    fn layout(&self) -> Result<SampleLayout, AudioError> {
        // Samples sit at the top of a container of whole bytes, so 20 bits in 3 bytes read
        // as 24. The block size gives the container; the bit depth is the fallback.
        let sample_bytes = match self.block_bytes.checked_div(self.channels) {
            Some(bytes) if bytes > 0 && self.block_bytes.is_multiple_of(self.channels) => bytes,
            _ => self.bits.div_ceil(8),
        };
        match (self.tag, sample_bytes) {
            (TAG_PCM, 1) => Ok(SampleLayout::U8),
            (TAG_PCM, 2) => Ok(SampleLayout::S16),
            (TAG_PCM, 3) => Ok(SampleLayout::S24),
            (TAG_PCM, 4) => Ok(SampleLayout::S32),
            (TAG_FLOAT, 4) => Ok(SampleLayout::F32),
            (TAG_FLOAT, 8) => Ok(SampleLayout::F64),
            (TAG_A_LAW, 1) => Ok(SampleLayout::ALaw),
            (TAG_MU_LAW, 1) => Ok(SampleLayout::MuLaw),
            (TAG_PCM | TAG_FLOAT | TAG_A_LAW | TAG_MU_LAW, bytes) => Err(AudioError::invalid(
                format!("WAV samples of {bytes} bytes do not fit their format"),
            )),
            (tag, _) => Err(AudioError::unsupported(format!(
                "WAV codec {tag:#06x} is not supported"
            ))),
        }
    }
}

/// Reads interleaved frames to the end of `reader` or of `len_bytes`, mixed to mono.
pub(crate) fn decode_frames(
    reader: impl Read,
    len_bytes: u64,
    channels: usize,
    layout: SampleLayout,
    collector: &mut Collector<'_>,
) -> Result<(), AudioError> {
    let frame_bytes = layout.len_bytes() * channels;
    let mut reader = reader.take(len_bytes);
    let mut bytes = vec![0; (READ_BYTES / frame_bytes).max(1) * frame_bytes];
    let mut mono = Vec::new();
    loop {
        let filled = read_full(&mut reader, &mut bytes).map_err(AudioError::Unreadable)?;
        // A last frame that is cut in the middle is dropped.
        let whole = &bytes[..filled - filled % frame_bytes];
        mono.clear();
        mix_bytes(whole, channels, layout, &mut mono);
        collector.push_mono(&mut mono)?;
        if filled < bytes.len() {
            return Ok(());
        }
    }
}

fn read_full(reader: &mut impl Read, buf: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buf.len() {
        match reader.read(&mut buf[filled..]) {
            Ok(0) => break,
            Ok(len) => filled += len,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn mix_bytes(bytes: &[u8], channels: usize, layout: SampleLayout, mono: &mut Vec<f32>) {
    const FULL_SCALE_32: f32 = 2_147_483_648.0;
    match layout {
        SampleLayout::U8 => mix(bytes, channels, mono, |[byte]| {
            (f32::from(byte) - 128.0) / 128.0
        }),
        SampleLayout::ALaw => mix(bytes, channels, mono, |[byte]| companding::a_law(byte)),
        SampleLayout::MuLaw => mix(bytes, channels, mono, |[byte]| companding::mu_law(byte)),
        SampleLayout::S16 => {
            mix(bytes, channels, mono, |pair| {
                f32::from(i16::from_le_bytes(pair)) / 32_768.0
            });
        }
        SampleLayout::S24 => mix(bytes, channels, mono, |[low, mid, high]| {
            i32::from_le_bytes([0, low, mid, high]) as f32 / FULL_SCALE_32
        }),
        SampleLayout::S32 => {
            mix(bytes, channels, mono, |quad| {
                i32::from_le_bytes(quad) as f32 / FULL_SCALE_32
            });
        }
        SampleLayout::F32 => mix(bytes, channels, mono, f32::from_le_bytes),
        SampleLayout::F64 => mix(bytes, channels, mono, |eight| {
            f64::from_le_bytes(eight) as f32
        }),
    }
}

fn mix<const N: usize>(
    bytes: &[u8],
    channels: usize,
    mono: &mut Vec<f32>,
    sample: impl Fn([u8; N]) -> f32,
) {
    let (samples, _) = bytes.as_chunks::<N>();
    if channels == 1 {
        mono.extend(samples.iter().map(|&raw| sample(raw)));
    } else {
        let share = 1.0 / channels as f32;
        mono.extend(
            samples
                .chunks_exact(channels)
                .map(|frame| frame.iter().map(|&raw| sample(raw)).sum::<f32>() * share),
        );
    }
}
