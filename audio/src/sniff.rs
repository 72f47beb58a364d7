//! Which container is it? Decided by content alone.

use std::io::Read;

use crate::AudioError;
use crate::source::{Access, Upload};

/// How far a stream of bare frames may begin behind the start of the file: recordings cut
/// out of a broadcast start in the middle of a frame.
const FRAME_SEARCH_BYTES: usize = 64 * 1024;
/// Frame headers in a row that make bare frames believable.
const FRAMES_IN_A_ROW: usize = 3;
/// Tags in front of the audio; more than a few is a trap.
const MAX_LEADING_TAGS: usize = 8;

/// A container that can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    Wav,
    Aiff,
    Caf,
    Flac,
    Ogg,
    Matroska,
    IsoMp4,
    /// Bare MPEG-1/2 audio frames, layers I to III: an "MP3 file".
    Mpeg,
    /// Bare AAC frames with ADTS headers.
    Adts,
}

/// The container and where it begins, behind any leading tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) container: Container,
    pub(crate) start_byte: u64,
}

/// Looks at the head of an upload.
pub(crate) fn identify(upload: &Upload<'_>, hint: Option<&str>) -> Result<Found, AudioError> {
    let mut start_byte = 0;
    for _ in 0..MAX_LEADING_TAGS {
        let head = read_head(upload, start_byte)?;
        match id3v2_len_bytes(&head) {
            Some(len_bytes) => start_byte += len_bytes,
            None if head.is_empty() => {
                return Err(AudioError::invalid("the file ends behind its tags"));
            }
            None => return identify_head(&head, start_byte, hint),
        }
    }
    Err(AudioError::invalid("the file starts with too many tags"))
}

fn identify_head(head: &[u8], start_byte: u64, hint: Option<&str>) -> Result<Found, AudioError> {
    if let Some(container) = by_magic(head) {
        return Ok(Found {
            container,
            start_byte,
        });
    }
    if let Some(what) = known_other(head) {
        return Err(AudioError::unsupported(format!("the file is {what}")));
    }
    let found = find_frames(head).or_else(|| {
        // One frame header at the very start is weak evidence, but enough to call the rest
        // of the file broken instead of unknown.
        frame(head).map(|frame| (frame.container, 0))
    });
    found
        .map(|(container, at)| Found {
            container,
            start_byte: start_byte + at as u64,
        })
        .ok_or_else(|| AudioError::unsupported(unknown(hint)))
}

fn read_head(upload: &Upload<'_>, start_byte: u64) -> Result<Vec<u8>, AudioError> {
    let mut head = Vec::new();
    upload
        .reader(start_byte, Access::Stream)
        .and_then(|reader| {
            reader
                .take(FRAME_SEARCH_BYTES as u64)
                .read_to_end(&mut head)
        })
        .map_err(AudioError::Unreadable)?;
    Ok(head)
}

fn by_magic(head: &[u8]) -> Option<Container> {
    let form = head.get(8..12);
    match head.get(..4)? {
        b"RIFF" | b"RF64" | b"BW64" if form == Some(b"WAVE") => Some(Container::Wav),
        b"FORM" if matches!(form, Some(b"AIFF" | b"AIFC")) => Some(Container::Aiff),
        b"caff" => Some(Container::Caf),
        b"fLaC" => Some(Container::Flac),
        b"OggS" => Some(Container::Ogg),
        [0x1a, 0x45, 0xdf, 0xa3] => Some(Container::Matroska),
        _ => match head.get(4..8)? {
            b"ftyp" | b"moov" | b"styp" => Some(Container::IsoMp4),
            _ => None,
        },
    }
}

/// Files that are often sent by mistake, so that the answer can say what they are.
fn known_other(head: &[u8]) -> Option<&'static str> {
    const OTHERS: &[(&[u8], &str)] = &[
        (b"%PDF", "a PDF document"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"\x89PNG", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"GIF8", "a GIF image"),
        (b"\x7fELF", "a program"),
        (b"MZ", "a program"),
        (b"MThd", "a MIDI file, which holds notes and no sound"),
        (b"#!AMR", "AMR audio"),
        (b".snd", "Sun audio"),
        (b"wvpk", "WavPack audio"),
        (b"MAC ", "Monkey's Audio"),
        (b"FLV\x01", "a Flash video"),
        (
            b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
            "Windows Media (WMA/WMV)",
        ),
        (b"RIFX", "a big-endian WAV file"),
        (b"RIFF", "a RIFF file other than WAV"),
        (b"\xff\xfe", "text"),
        (b"\xef\xbb\xbf", "text"),
        (b"<", "text or HTML"),
        (b"{", "text or JSON"),
    ];
    OTHERS
        .iter()
        .find(|(magic, _)| head.starts_with(magic))
        .map(|&(_, what)| what)
}

fn unknown(hint: Option<&str>) -> String {
    // Only the extension or type is echoed, and only if it is a plain word.
    let word = hint
        .and_then(|hint| hint.rsplit(['.', '/']).next())
        .filter(|word| (1..=8).contains(&word.len()))
        .filter(|word| word.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    match word {
        Some(word) => format!("the content is not audio in a known container (sent as {word:?})"),
        None => "the content is not audio in a known container".to_owned(),
    }
}

/// Length of an `ID3v2` tag at the start of `head`, header and footer included.
fn id3v2_len_bytes(head: &[u8]) -> Option<u64> {
    let [b'I', b'D', b'3', major, _, flags, a, b, c, d, ..] = *head else {
        return None;
    };
    if major == 0xff || [a, b, c, d].iter().any(|byte| byte & 0x80 != 0) {
        return None;
    }
    let size = [a, b, c, d]
        .iter()
        .fold(0, |size, &byte| size << 7 | u64::from(byte));
    let footer = if flags & 0x10 == 0 { 0 } else { 10 };
    Some(10 + size + footer)
}

/// The first place in `head` where whole frames follow each other.
fn find_frames(head: &[u8]) -> Option<(Container, usize)> {
    (0..head.len()).find_map(|start| {
        let first = frame(&head[start..])?;
        let mut at = start + first.len_bytes;
        for _ in 1..FRAMES_IN_A_ROW {
            // A short file may end with the second frame.
            if at >= head.len() && head.len() < FRAME_SEARCH_BYTES && at > start + first.len_bytes {
                break;
            }
            let next = frame(head.get(at..)?)?;
            if next.signature != first.signature {
                return None;
            }
            at += next.len_bytes;
        }
        Some((first.container, start))
    })
}

struct Frame {
    container: Container,
    len_bytes: usize,
    /// What stays the same from frame to frame.
    signature: u32,
}

/// Reads the frame header at the start of `bytes`.
fn frame(bytes: &[u8]) -> Option<Frame> {
    let header = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
    if header >> 20 == 0xfff && field(header, 17, 2) == 0 {
        adts_frame(bytes, header)
    } else if header >> 21 == 0x7ff {
        mpeg_frame(header)
    } else {
        None
    }
}

fn adts_frame(bytes: &[u8], header: u32) -> Option<Frame> {
    const HEADER_BYTES: usize = 7;
    let tail = bytes.get(3..6)?;
    let len_bytes =
        usize::from(tail[0] & 0b11) << 11 | usize::from(tail[1]) << 3 | usize::from(tail[2] >> 5);
    let rate_index = header >> 10 & 0xf;
    (len_bytes > HEADER_BYTES && rate_index <= 12).then_some(Frame {
        container: Container::Adts,
        len_bytes,
        signature: header & 0xffff_fc00,
    })
}

fn mpeg_frame(header: u32) -> Option<Frame> {
    // kbit/s by table and index, for: MPEG-1 layers I, II, III; MPEG-2/2.5 layer I, II + III.
    const KBITS: [[u16; 14]; 5] = [
        [
            32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448,
        ],
        [
            32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
        ],
        [
            32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
        ],
        [
            32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256,
        ],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let [version, layer, bitrate, rate, padding] =
        [(19, 2), (17, 2), (12, 4), (10, 2), (9, 1)].map(|(at, bits)| field(header, at, bits));
    let rate_hz = *[44_100, 48_000, 32_000].get(rate)?;
    // 0 = MPEG-2.5, 2 = MPEG-2, 3 = MPEG-1; 3 = layer I, 2 = II, 1 = III.
    let rate_hz: usize = match version {
        3 => rate_hz,
        2 => rate_hz / 2,
        0 => rate_hz / 4,
        _ => return None,
    };
    let table = match (version, layer) {
        (_, 0) => return None,
        (3, layer) => 3 - layer,
        (_, 3) => 3,
        _ => 4,
    };
    let bits_per_second = usize::from(*KBITS[table].get(bitrate.checked_sub(1)?)?) * 1000;
    let len_bytes = match (version, layer) {
        (_, 3) => (12 * bits_per_second / rate_hz + padding) * 4,
        (3, _) | (_, 2) => 144 * bits_per_second / rate_hz + padding,
        _ => 72 * bits_per_second / rate_hz + padding,
    };
    Some(Frame {
        container: Container::Mpeg,
        len_bytes,
        signature: header & 0xfffe_0c00,
    })
}

fn field(header: u32, at: u32, bits: u32) -> usize {
    (header >> at & ((1 << bits) - 1)) as usize
}
