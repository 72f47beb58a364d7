//! The number of samples of a finished stream, found in its last frame.

use super::checksum::{crc8, crc16};

/// Behind `fLaC` and the block's header; then the block sizes, of 2 bytes each.
const STREAM_INFO_AT: usize = 8;
const FLAC_HEADER_BYTES: usize = 42;
/// The 36-bit number of samples ends here; its first 4 bits share a byte with other fields.
const TOTAL_SAMPLES_AT: usize = STREAM_INFO_AT + 13;

pub(in crate::encode) fn make_exact(body: &mut [u8]) {
    if body.len() < FLAC_HEADER_BYTES || !body.starts_with(b"fLaC") {
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
