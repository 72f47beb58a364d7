//! Tags, pictures and chapters are never read here, so demuxers don't get to see them.
//!
//! They would keep all of them in memory, and one of five bytes takes a hundred: an upload of
//! 100 MB would need gigabytes. The names of what holds them are replaced by names that every
//! demuxer passes over. (Ogg has its own way, see [`crate::ogg`], and MP4 its own file.)

use std::io::{self, BufReader, Read};

use crate::AudioError;
use crate::patch::{PATCH_BYTES, Patches};
use crate::sniff::Container;
use crate::source::{Access, Upload, UploadReader};

/// More pieces than that in front of the sound are there to keep us busy.
const MAX_PIECES: usize = 1024;
/// Tracks of one file: film soundtracks in every language stay below.
pub(crate) const MAX_TRACKS: usize = 64;
/// Index of a CAF file: the demuxer takes 32 bytes for each of its bytes, and a day of sound
/// needs 8 MB.
const MAX_PACKET_TABLE_BYTES: u64 = 8 << 20;

type Head<'a, 'b> = &'a mut BufReader<UploadReader<'b>>;

/// Finds the tags of a file that starts at `start_byte`.
///
/// Walks what is in front of the sound. What can't be walked is left to the demuxer: it
/// won't get further either.
pub(crate) fn hide(
    upload: &Upload<'_>,
    container: Container,
    start_byte: u64,
) -> Result<Patches, AudioError> {
    let walk = match container {
        Container::Flac => flac,
        Container::Aiff => aiff,
        Container::Wav => wav,
        Container::Caf => caf,
        Container::Matroska => matroska,
        Container::IsoMp4 | Container::Ogg | Container::Mpeg | Container::Adts => {
            return Ok(Patches::default());
        }
    };
    let reader = upload
        .reader(start_byte, Access::Stream)
        .map_err(AudioError::Unreadable)?;
    let mut found = Found {
        patches: Patches::default(),
        pieces: 0,
        position: start_byte,
        refused: None,
    };
    // Its error is the end of the file, or the reason in `refused`.
    let _end = walk(&mut BufReader::new(reader), &mut found);
    match found.refused {
        Some(why) => Err(AudioError::invalid(why)),
        None => Ok(found.patches),
    }
}

struct Found {
    patches: Patches,
    pieces: usize,
    /// Of the reader.
    position: u64,
    refused: Option<&'static str>,
}

impl Found {
    fn read<const N: usize>(&mut self, head: Head<'_, '_>) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        head.read_exact(&mut bytes)?;
        self.position += N as u64;
        Ok(bytes)
    }

    /// Goes behind the body of a piece, counting pieces.
    fn skip(&mut self, head: Head<'_, '_>, len_bytes: u64) -> io::Result<()> {
        self.pieces += 1;
        if self.pieces > MAX_PIECES {
            return Err(self.refuse("it has too many parts in front of its sound"));
        }
        let offset = i64::try_from(len_bytes).map_err(io::Error::other)?;
        self.position = self
            .position
            .checked_add(len_bytes)
            .ok_or_else(|| io::Error::other("past every end"))?;
        head.seek_relative(offset)
    }

    fn refuse(&mut self, why: &'static str) -> io::Error {
        self.refused = Some(why);
        io::Error::other(why)
    }
}

/// Blocks of a type and a 24-bit length. All but the first, which describes the sound, become
/// padding.
fn flac(head: Head<'_, '_>, found: &mut Found) -> io::Result<()> {
    const LAST: u8 = 0x80;
    const STREAM_INFO: u8 = 0;
    const PADDING: u8 = 1;
    let _marker: [u8; 4] = found.read(head)?;
    loop {
        let at = found.position;
        let [kind, size @ ..]: [u8; PATCH_BYTES] = found.read(head)?;
        if !matches!(kind & !LAST, STREAM_INFO | PADDING) {
            let [a, b, c] = size;
            found.patches.push(at, [kind & LAST | PADDING, a, b, c]);
        }
        if kind & LAST != 0 {
            return Ok(());
        }
        let [a, b, c] = size;
        found.skip(head, u32::from_be_bytes([0, a, b, c]).into())?;
    }
}

fn aiff(head: Head<'_, '_>, found: &mut Found) -> io::Result<()> {
    chunks(head, found, u32::from_be_bytes, |name| {
        matches!(name, b"COMM" | b"FVER")
    })
}

fn wav(head: Head<'_, '_>, found: &mut Found) -> io::Result<()> {
    chunks(head, found, u32::from_le_bytes, |name| {
        matches!(name, b"fmt " | b"fact")
    })
}

/// The chunks of an IFF form up to its sound. All that do not describe it become unknown ones.
fn chunks(
    head: Head<'_, '_>,
    found: &mut Found,
    number: fn([u8; 4]) -> u32,
    is_needed: fn(&[u8; 4]) -> bool,
) -> io::Result<()> {
    let _form: [u8; 12] = found.read(head)?;
    loop {
        let at = found.position;
        let name: [u8; PATCH_BYTES] = found.read(head)?;
        if matches!(&name, b"SSND" | b"data") {
            return Ok(());
        }
        if !is_needed(&name) {
            found.patches.push(at, *b"skip");
        }
        let len_bytes = u64::from(number(found.read(head)?));
        // Padded to an even length.
        found.skip(head, len_bytes + len_bytes % 2)?;
    }
}

/// The demuxer keeps no tags of CAF files, but their index.
fn caf(head: Head<'_, '_>, found: &mut Found) -> io::Result<()> {
    let _header: [u8; 8] = found.read(head)?;
    loop {
        let name: [u8; 4] = found.read(head)?;
        let len_bytes = u64::from_be_bytes(found.read(head)?);
        if &name == b"pakt" && len_bytes > MAX_PACKET_TABLE_BYTES {
            return Err(found.refuse("its index is too long"));
        }
        found.skip(head, len_bytes)?;
    }
}

/// The elements of the first segment up to its first cluster.
fn matroska(head: Head<'_, '_>, found: &mut Found) -> io::Result<()> {
    const SEGMENT: u32 = 0x1853_8067;
    const INFO: u32 = 0x1549_a966;
    const TRACKS: u32 = 0x1654_ae6b;
    const CLUSTER: u32 = 0x1f43_b675;
    const TRACK_ENTRY: u32 = 0xae;
    /// A name of four bytes that means nothing.
    const NOTHING: [u8; PATCH_BYTES] = *b"\x1fskp";

    let header = element(head, found)?;
    found.skip(head, header.len_bytes.unwrap_or(0))?;
    if element(head, found)?.id != SEGMENT {
        return Ok(());
    }
    let mut tracks = 0;
    loop {
        let at = found.position;
        let Element { id, len_bytes } = element(head, found)?;
        match (id, len_bytes) {
            (CLUSTER, _) => return Ok(()),
            // Only segments and clusters may be of unknown length.
            (_, None) => return Err(found.refuse("the file is damaged (an element has no end)")),
            (TRACKS, Some(len_bytes)) => {
                let end = found.position.saturating_add(len_bytes);
                while found.position < end {
                    let Element { id, len_bytes } = element(head, found)?;
                    tracks += usize::from(id == TRACK_ENTRY);
                    if tracks > MAX_TRACKS {
                        return Err(found.refuse("it has too many tracks"));
                    }
                    match (end.checked_sub(found.position), len_bytes) {
                        (Some(rest), Some(len_bytes)) if len_bytes <= rest => {
                            found.skip(head, len_bytes)?;
                        }
                        _ => return Err(found.refuse("the file is damaged (a track has no end)")),
                    }
                }
            }
            (id, Some(len_bytes)) => {
                // All other names of this level that mean something are of four bytes.
                if id >= 0x1000_0000 && id != INFO {
                    found.patches.push(at, NOTHING);
                }
                found.skip(head, len_bytes)?;
            }
        }
    }
}

struct Element {
    id: u32,
    /// `None` for "until something else follows".
    len_bytes: Option<u64>,
}

/// Reads the head of an EBML element: two numbers whose first bits say how long they are.
fn element(head: Head<'_, '_>, found: &mut Found) -> io::Result<Element> {
    let (id, _) = number(head, found, 4)?;
    let (size, len) = number(head, found, 8)?;
    let value_bits = 7 * len;
    let value = size & ((1 << value_bits) - 1);
    let is_unknown = value == (1 << value_bits) - 1;
    Ok(Element {
        id: id as u32,
        len_bytes: (!is_unknown).then_some(value),
    })
}

/// A number with its length marker, and its length in bytes.
fn number(head: Head<'_, '_>, found: &mut Found, max_len: u32) -> io::Result<(u64, u32)> {
    let [first] = found.read(head)?;
    let len = first.leading_zeros() + 1;
    if len > max_len {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut value = u64::from(first);
    for _ in 1..len {
        let [byte] = found.read(head)?;
        value = value << 8 | u64::from(byte);
    }
    Ok((value, len))
}
