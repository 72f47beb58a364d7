//! G.711 telephone codecs: one byte a sample, logarithmic.

/// µ-law code word → sample in `-1.0..=1.0`.
pub(crate) fn mu_law(code: u8) -> f32 {
    const BIAS: i32 = 0x84;
    let code = !code;
    let exponent = i32::from((code >> 4) & 7);
    let mantissa = i32::from(code & 0x0f);
    let magnitude = (((mantissa << 3) + BIAS) << exponent) - BIAS;
    signed(magnitude, code & 0x80 != 0)
}

/// A-law code word → sample in `-1.0..=1.0`.
pub(crate) fn a_law(code: u8) -> f32 {
    let code = code ^ 0x55;
    let exponent = i32::from((code >> 4) & 7);
    let mantissa = i32::from(code & 0x0f);
    let magnitude = match exponent {
        0 => (mantissa << 4) + 8,
        _ => ((mantissa << 4) + 0x108) << (exponent - 1),
    };
    // In A-law a set sign bit means a positive sample.
    signed(magnitude, code & 0x80 == 0)
}

fn signed(magnitude: i32, negative: bool) -> f32 {
    let value = if negative { -magnitude } else { magnitude };
    value as f32 / 32_768.0
}
