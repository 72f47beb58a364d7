//! ggml's `q8_0` blocks.

use half::f16;

/// Elements in one block.
pub(super) const BLOCK: usize = 32;
/// Bytes of one block: an `f16` scale, then one signed byte for each element.
pub(super) const BLOCK_BYTES: usize = 2 + BLOCK;

/// Quantises one block the way ggml's reference does, so that the result is the file its own
/// tool would write: the scale is computed and inverted in `f32` and only then rounded to
/// `f16`, and halves round away from zero.
pub(super) fn q8_0(block: &[f32; BLOCK]) -> [u8; BLOCK_BYTES] {
    let largest = block.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
    let scale = largest / 127.0;
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    let mut out = [0; BLOCK_BYTES];
    out[..2].copy_from_slice(&f16::from_f32(scale).to_le_bytes());
    for (byte, x) in out[2..].iter_mut().zip(block) {
        *byte = ((x * inverse).round() as i8).to_le_bytes()[0];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dequantise(bytes: &[u8; BLOCK_BYTES]) -> Vec<f32> {
        let scale = f16::from_le_bytes([bytes[0], bytes[1]]).to_f32();
        bytes[2..]
            .iter()
            .map(|b| f32::from(b.cast_signed()) * scale)
            .collect()
    }

    #[test]
    fn a_block_of_zeros_stays_zero() {
        assert_eq!(q8_0(&[0.0; BLOCK]), [0; BLOCK_BYTES]);
    }

    #[test]
    fn the_largest_element_becomes_127_and_halves_round_away_from_zero() {
        let mut block = [0.0; BLOCK];
        block[0] = 127.0;
        block[1] = -127.0;
        block[2] = 0.5;
        block[3] = -2.5;
        let bytes = q8_0(&block);
        assert_eq!(f16::from_le_bytes([bytes[0], bytes[1]]), f16::ONE);
        let quants: Vec<i8> = bytes[2..6].iter().map(|b| b.cast_signed()).collect();
        assert_eq!(quants, [127, -127, 1, -3]);
    }

    proptest! {
        #[test]
        fn each_element_comes_back_within_a_step(values in prop::array::uniform32(-100.0_f32..100.0)) {
            let largest = values.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
            // Half a step of rounding, and the scale's own rounding to f16 (2^-11) at 127 steps.
            let tolerance = largest / 127.0 * 0.5 + largest / 2048.0 + 1e-6;
            for (before, after) in values.iter().zip(dequantise(&q8_0(&values))) {
                prop_assert!((before - after).abs() <= tolerance, "{before} became {after}");
            }
        }
    }
}
