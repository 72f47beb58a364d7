//! From a stream's body to a file's: what only the end could tell.

use super::AudioFormat;
use super::pcm::{DATA_SIZE_AT, RIFF_SIZE_AT, RIFF_SIZE_EXCLUDES_BYTES, WAV_HEADER_BYTES};

/// Puts into the header of a finished body what its encoder could not know: the sizes of WAV,
/// the number of samples of FLAC. The other formats don't have them. A body that is not one of
/// [`super::encoder`]'s stays as it is.
pub fn make_exact(format: AudioFormat, body: &mut Vec<u8>) {
    match format {
        AudioFormat::Wav => make_wav_exact(body),
        AudioFormat::Flac => make_flac_exact(body),
        AudioFormat::Mp3 | AudioFormat::Opus | AudioFormat::Aac | AudioFormat::Pcm => {}
    }
}

fn make_wav_exact(body: &mut [u8]) {
    if body.len() < WAV_HEADER_BYTES {
        return;
    }
    for (at, excluded) in [
        (RIFF_SIZE_AT, RIFF_SIZE_EXCLUDES_BYTES),
        (DATA_SIZE_AT, WAV_HEADER_BYTES),
    ] {
        // A body of more than 4 GiB keeps its "until the end".
        let size = u32::try_from(body.len() - excluded).unwrap_or(u32::MAX);
        body[at..at + 4].copy_from_slice(&size.to_le_bytes());
    }
}

/// Behind `fLaC` and the block's header; then the block sizes, of 2 bytes each.
const STREAM_INFO_AT: usize = 8;
const FLAC_HEADER_BYTES: usize = 42;
/// The 36-bit number of samples ends here; its first 4 bits share a byte with other fields.
const TOTAL_SAMPLES_AT: usize = STREAM_INFO_AT + 13;

fn make_flac_exact(body: &mut [u8]) {
    if body.len() < FLAC_HEADER_BYTES {
        return;
    }
    let block = u64::from(u16::from_be_bytes([
        body[STREAM_INFO_AT],
        body[STREAM_INFO_AT + 1],
    ]));
    let Some(last) = last_frame(&body[FLAC_HEADER_BYTES..]) else {
        return;
    };
    let total = (last.number * block + last.samples).to_be_bytes();
    let field = &mut body[TOTAL_SAMPLES_AT..TOTAL_SAMPLES_AT + 5];
    field[0] = (field[0] & 0xf0) | (total[3] & 0x0f);
    field[1..].copy_from_slice(&total[4..]);
}

struct FlacFrame {
    number: u64,
    samples: u64,
}

/// The last frame. Frames don't say how long they are, so it is looked for from the end: it
/// begins with a header whose checksum is right, and its own checksum is right at the body's end.
fn last_frame(frames: &[u8]) -> Option<FlacFrame> {
    (0..frames.len())
        .rev()
        .filter(|&at| frames[at..].starts_with(&[0xff, 0xf8]))
        .find_map(|at| {
            let frame = parse_header(&frames[at..])?;
            (crc16(&frames[at..]) == 0).then_some(frame)
        })
}

/// A frame header of constant block size: sync, codes, the frame's number, and what the codes
/// say follows.
fn parse_header(frame: &[u8]) -> Option<FlacFrame> {
    let (block_code, rate_code) = (frame.get(2)? >> 4, frame.get(2)? & 0x0f);
    let number_at = 4;
    // The number is written as UTF-8 would write a character.
    let number_bytes = match frame.get(number_at)?.leading_ones() {
        0 => 1,
        ones @ 2..=6 => ones as usize,
        _ => return None,
    };
    let rest_at = number_at + number_bytes;
    let (first, following) = frame.get(number_at..rest_at)?.split_first()?;
    let first_bits = if number_bytes == 1 {
        u64::from(*first)
    } else {
        u64::from(first & (0x7f >> number_bytes))
    };
    let number = following.iter().fold(first_bits, |number, byte| {
        number << 6 | u64::from(byte & 0x3f)
    });
    let (samples, block_bytes) = match block_code {
        1 => (192, 0),
        2..=5 => (576 << (block_code - 2), 0),
        6 => (u64::from(*frame.get(rest_at)?) + 1, 1),
        7 => {
            let bytes = [*frame.get(rest_at)?, *frame.get(rest_at + 1)?];
            (u64::from(u16::from_be_bytes(bytes)) + 1, 2)
        }
        8..=15 => (256 << (block_code - 8), 0),
        _ => return None,
    };
    let rate_bytes = match rate_code {
        12 => 1,
        13 | 14 => 2,
        _ => 0,
    };
    let header = frame.get(..=rest_at + block_bytes + rate_bytes)?;
    (crc8(header) == 0).then_some(FlacFrame { number, samples })
}

/// The checksum of a frame's header; 0 over the header with its checksum.
fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| (crc << 1) ^ ((crc >> 7) * 0x07))
    })
}

/// The checksum of a whole frame; 0 over the frame with its checksum.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
            (crc << 1) ^ ((crc >> 15) * 0x8005)
        })
    })
}
