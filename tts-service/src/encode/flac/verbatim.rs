//! A frame whose samples are written as they are, for an end that is too short for more.

use super::checksum::{crc8, crc16};

/// The sync code of a stream of constant block size.
const SYNC: [u8; 2] = [0xff, 0xf8];
/// The block's size less one follows in one byte; the rate is that of the stream.
const CODES_SIZE_AND_RATE: u8 = 0x60;
/// One channel, 16 bits.
const CODES_CHANNELS_AND_BITS: u8 = 0x08;
const SUBFRAME_VERBATIM: u8 = 0x02;

/// Appends the frame numbered `number` (below 2^31) of at most 256 16-bit samples.
pub(super) fn write_frame(samples: &[i32], number: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&SYNC);
    out.extend_from_slice(&[CODES_SIZE_AND_RATE, CODES_CHANNELS_AND_BITS]);
    write_number(number as u32, out);
    out.push((samples.len() - 1) as u8);
    out.push(crc8(&out[start..]));
    out.push(SUBFRAME_VERBATIM);
    out.extend(samples.iter().flat_map(|&s| (s as i16).to_be_bytes()));
    let crc = crc16(&out[start..]);
    out.extend_from_slice(&crc.to_be_bytes());
}

/// As UTF-8 would write a character, in up to 6 bytes.
fn write_number(number: u32, out: &mut Vec<u8>) {
    if number < 0x80 {
        out.push(number as u8);
        return;
    }
    // Each byte that follows holds 6 bits, and takes one from the first.
    let following = (1..=5)
        .find(|following| number < 1 << (6 * following + 6 - following))
        .unwrap_or(5);
    let ones = !(0xff_u8 >> (following + 1));
    out.push(ones | (number >> (6 * following)) as u8);
    for index in (0..following).rev() {
        out.push(0x80 | (number >> (6 * index) & 0x3f) as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_characters_are() {
        for number in [0, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10_000, 0x10_ffff] {
            let mut written = Vec::new();
            write_number(number, &mut written);
            let character = char::from_u32(number).unwrap();
            assert_eq!(written, character.to_string().as_bytes(), "{number:#x}");
        }
    }

    #[test]
    fn the_largest_numbers_take_six_bytes() {
        let mut written = Vec::new();
        write_number(0x7fff_ffff, &mut written);
        assert_eq!(written, [0xfd, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf]);
    }
}
