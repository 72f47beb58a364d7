//! G.711: the µ-law and A-law of telephone lines, 8 bits a sample.

const MULAW_BIAS: i32 = 0x84;
const MULAW_CLIP: i32 = 32_635;

pub(super) fn from_mulaw(byte: u8) -> i16 {
    let byte = !byte;
    let exponent = i32::from(byte >> 4 & 7);
    let mantissa = i32::from(byte & 15);
    let size = (((mantissa << 3) + MULAW_BIAS) << exponent) - MULAW_BIAS;
    signed(size, byte & 0x80 != 0)
}

pub(super) fn to_mulaw(sample: i16) -> u8 {
    let size = i32::from(sample).abs().min(MULAW_CLIP) + MULAW_BIAS;
    // The bias makes bit 7 the lowest that the highest bit can be.
    let exponent = size.ilog2() - 7;
    let mantissa = (size >> (exponent + 3)) & 15;
    let sign = if sample < 0 { 0x80 } else { 0 };
    !(sign | (exponent as u8) << 4 | mantissa as u8)
}

pub(super) fn from_alaw(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let exponent = byte >> 4 & 7;
    let mantissa = i32::from(byte & 15) << 4;
    let size = match exponent {
        0 => mantissa + 8,
        _ => (mantissa + 0x108) << (exponent - 1),
    };
    signed(size, byte & 0x80 == 0)
}

pub(super) fn to_alaw(sample: i16) -> u8 {
    let is_negative = sample < 0;
    let size = if is_negative {
        !i32::from(sample)
    } else {
        i32::from(sample)
    };
    let exponent = size.max(1).ilog2().saturating_sub(7);
    let mantissa = (size >> (exponent.max(1) + 3)) & 15;
    let sign = if is_negative { 0 } else { 0x80 };
    (sign | (exponent as u8) << 4 | mantissa as u8) ^ 0x55
}

fn signed(size: i32, is_negative: bool) -> i16 {
    let sample = if is_negative { -size } else { size };
    sample as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_codes_are_as_in_the_standard() {
        for (byte, sample) in [(0xFF, 0), (0x7F, 0), (0x00, -32_124), (0x80, 32_124)] {
            assert_eq!(from_mulaw(byte), sample, "{byte:#x}");
        }
        for (byte, sample) in [(0xD5, 8), (0x55, -8), (0xAA, 32_256), (0x2A, -32_256)] {
            assert_eq!(from_alaw(byte), sample, "{byte:#x}");
        }
    }

    #[test]
    fn each_code_is_the_one_of_its_own_sample() {
        for byte in 0..=u8::MAX {
            let again = to_mulaw(from_mulaw(byte));
            // There are two zeros.
            assert!(again == byte || (byte, again) == (0x7F, 0xFF), "{byte:#x}");
            assert_eq!(to_alaw(from_alaw(byte)), byte, "{byte:#x}");
        }
    }

    #[test]
    fn no_sample_is_further_off_than_the_steps_are_wide() {
        for sample in i16::MIN..=i16::MAX {
            let size = i32::from(sample).abs();
            for again in [from_mulaw(to_mulaw(sample)), from_alaw(to_alaw(sample))] {
                let off = (i32::from(again) - i32::from(sample)).abs();
                assert!(off <= 16 + size / 16, "{sample} became {again}");
            }
        }
    }
}
