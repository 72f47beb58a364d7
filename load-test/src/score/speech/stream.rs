//! What a file says of itself in its first bytes: its format and its sample rate.
//!
//! The decoder takes every format that it knows, and hands out one rate. Here, an answer has to be
//! what was asked for, so the few headers of the formats that can be asked for are read apart.

use super::format::AudioFormatName;

/// A file's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) format: Format,
    pub(super) sample_rate_hz: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Mp3,
    Opus,
    Aac,
    Flac,
    Wav,
    /// A container that is known, with something else in it.
    Other(&'static str),
}

impl Format {
    /// Its name, unless it is what was asked for.
    pub(super) fn other_than(self, asked: AudioFormatName) -> Option<&'static str> {
        let (name, is_asked) = match self {
            Self::Mp3 => ("mp3", asked == AudioFormatName::Mp3),
            Self::Opus => ("opus", asked == AudioFormatName::Opus),
            Self::Aac => ("aac", asked == AudioFormatName::Aac),
            Self::Flac => ("flac", asked == AudioFormatName::Flac),
            Self::Wav => ("wav", asked == AudioFormatName::Wav),
            Self::Other(what) => (what, false),
        };
        (!is_asked).then_some(name)
    }
}

/// The container, by the letters that it begins with. For files that may be anything.
pub(super) fn container(file: &[u8]) -> Option<&'static str> {
    [
        (b"RIFF", "wav"),
        (b"OggS", "Ogg"),
        (b"fLaC", "flac"),
        (b"ID3\x03", "mp3"),
        (b"ID3\x04", "mp3"),
    ]
    .into_iter()
    .find_map(|(magic, name)| file.starts_with(magic).then_some(name))
}

/// Reads the header of one of the formats that speech comes in, if it is one.
pub(super) fn stated(file: &[u8]) -> Option<Stated> {
    match file.first_chunk::<4>()? {
        b"RIFF" => wave(file),
        b"OggS" => ogg(file),
        b"fLaC" => flac(file),
        _ => {
            let frames = behind_tag(file)?;
            adts(frames).or_else(|| mpeg(frames))
        }
    }
}

fn number(file: &[u8], at: usize) -> Option<u32> {
    let bytes = file.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*bytes))
}

fn short(file: &[u8], at: usize) -> Option<u16> {
    let bytes = file.get(at..)?.first_chunk::<2>()?;
    Some(u16::from_le_bytes(*bytes))
}

/// The chunks of a WAVE file up to the one that describes the samples.
fn wave(file: &[u8]) -> Option<Stated> {
    const PCM: u16 = 1;
    const FLOAT: u16 = 3;
    const EXTENSIBLE: u16 = 0xfffe;
    let mut at = 12;
    while file.get(at..at + 4)? != b"fmt " {
        let len = number(file, at + 4)? as usize;
        at = at.checked_add(8)?.checked_add(len.next_multiple_of(2))?;
    }
    let tag = match short(file, at + 8)? {
        EXTENSIBLE => short(file, at + 32)?,
        tag => tag,
    };
    Some(Stated {
        format: match tag {
            PCM | FLOAT => Format::Wav,
            _ => Format::Other("WAV of compressed samples"),
        },
        sample_rate_hz: number(file, at + 12)?,
    })
}

/// The first packet of the first page names the codec.
fn ogg(file: &[u8]) -> Option<Stated> {
    // All Opus is made of 48 kHz; its header only says what it was before.
    const OPUS_RATE_HZ: u32 = 48_000;
    let segments = usize::from(*file.get(26)?);
    let packet = file.get(27 + segments..)?;
    let (format, sample_rate_hz) = if packet.starts_with(b"OpusHead") {
        (Format::Opus, OPUS_RATE_HZ)
    } else if packet.starts_with(b"\x01vorbis") {
        (Format::Other("Ogg Vorbis"), number(packet, 12)?)
    } else if packet.starts_with(b"\x7fFLAC") {
        (
            Format::Other("Ogg FLAC"),
            flac(packet.get(9..)?)?.sample_rate_hz,
        )
    } else {
        return None;
    };
    Some(Stated {
        format,
        sample_rate_hz,
    })
}

/// The rate is twenty bits of the first block, behind the sizes of blocks and frames.
fn flac(file: &[u8]) -> Option<Stated> {
    let [high, middle, low, ..] = *file.get(18..)?.first_chunk::<4>()?;
    let bits = u32::from_be_bytes([0, high, middle, low]);
    Some(Stated {
        format: Format::Flac,
        sample_rate_hz: bits >> 4,
    })
}

/// The file without an ID3 tag in front. Its length is in four times seven bits.
fn behind_tag(file: &[u8]) -> Option<&[u8]> {
    if !file.starts_with(b"ID3") {
        return Some(file);
    }
    let len = file
        .get(6..10)?
        .iter()
        .fold(0, |len, byte| len << 7 | usize::from(byte & 0x7f));
    file.get(10 + len..)
}

/// ISO/IEC 13818-7: twelve bits of ones, layer 0, and an index of rates.
fn adts(frames: &[u8]) -> Option<Stated> {
    const RATES_HZ: [u32; 13] = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025,
        8_000, 7_350,
    ];
    let [sync, second, third, ..] = *frames.first_chunk::<4>()?;
    if sync != 0xff || second & 0xf6 != 0xf0 {
        return None;
    }
    Some(Stated {
        format: Format::Aac,
        sample_rate_hz: *RATES_HZ.get(usize::from(third >> 2 & 0xf))?,
    })
}

/// ISO/IEC 11172-3 and 13818-3, and their extension to low rates.
fn mpeg(frames: &[u8]) -> Option<Stated> {
    const RATES_HZ: [u32; 3] = [44_100, 48_000, 32_000];
    let [sync, second, third, ..] = *frames.first_chunk::<4>()?;
    if sync != 0xff || second & 0xe0 != 0xe0 {
        return None;
    }
    let rate_hz = RATES_HZ.get(usize::from(third >> 2 & 3))?;
    let divisor = match second >> 3 & 3 {
        0b11 => 1,
        0b10 => 2,
        0b00 => 4,
        _ => return None,
    };
    let format = match second >> 1 & 3 {
        0b01 => Format::Mp3,
        0b10 => Format::Other("MPEG layer II"),
        0b11 => Format::Other("MPEG layer I"),
        _ => return None,
    };
    Some(Stated {
        format,
        sample_rate_hz: rate_hz / divisor,
    })
}
