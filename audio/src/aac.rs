//! HE-AAC as far as speech needs it.
//!
//! HE-AAC is plain AAC-LC at half the rate plus instructions for inventing the upper half
//! of the spectrum (SBR), and mono plus instructions for a stereo image (PS). The decoder
//! refuses a track that announces them, but the plain part alone already covers what is
//! left at 16 kHz. So such a track is presented as the AAC-LC stream it contains, whose
//! decoder skips the extensions.

const TYPE_LC: u32 = 2;
const TYPE_SBR: u32 = 5;
const TYPE_PS: u32 = 29;
/// Rate index that means "an explicit 24-bit rate follows".
const RATE_ESCAPE: u32 = 15;
/// Marks extensions announced behind the configuration, for decoders that look.
const SYNC_EXTENSION: u32 = 0x2b7;

/// The configuration of the AAC-LC stream inside an HE-AAC track, or `None` if the track
/// is something else (plain AAC-LC included).
pub(crate) fn low_complexity_core(config: &[u8]) -> Option<Box<[u8]>> {
    let mut bits = Bits {
        bytes: config,
        at: 0,
    };
    let announced = bits.take(5)?;
    let rate_index = bits.take(4)?;
    if rate_index == RATE_ESCAPE {
        return None;
    }
    let channels = bits.take(4)?;
    match announced {
        TYPE_SBR | TYPE_PS => {
            if bits.take(4)? == RATE_ESCAPE {
                bits.take(24)?;
            }
            if bits.take(5)? != TYPE_LC {
                return None;
            }
        }
        TYPE_LC => {
            // Announced behind the three flags of the plain configuration.
            let mut behind = Bits {
                bytes: config,
                at: bits.at + 3,
            };
            if behind.take(11)? != SYNC_EXTENSION {
                return None;
            }
        }
        _ => return None,
    }
    // Frames of 960 samples, a core coder, further extensions: none of them is plain.
    (bits.take(3)? == 0).then(|| plain(rate_index, channels))
}

fn plain(rate_index: u32, channels: u32) -> Box<[u8]> {
    let config = TYPE_LC << 11 | rate_index << 7 | channels << 3;
    Box::new([(config >> 8) as u8, config as u8])
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announced_extension_is_left_out() {
        // Type 5 over rate 7 (22.05 kHz), 1 channel, output rate 4, type 2.
        let explicit = [0x2b, 0x8a, 0x08, 0x00];
        // The same type 29, with parametric stereo: one core channel.
        let stereo = [0xeb, 0x8a, 0x08, 0x00];
        // Type 2 with the announcement behind it.
        let compatible = [0x13, 0x88, 0x56, 0xe5, 0xa0];
        for config in [&explicit[..], &stereo, &compatible] {
            assert_eq!(
                low_complexity_core(config).as_deref(),
                Some(&[0x13, 0x88][..])
            );
        }
    }

    #[test]
    fn plain_and_unknown_tracks_are_left_alone() {
        for config in [
            &[0x13, 0x88][..],
            &[0x12, 0x10],
            &[0x2b],
            &[],
            &[0xff; 8],
            &[0x0b, 0x88],
        ] {
            assert_eq!(low_complexity_core(config), None, "{config:?}");
        }
    }
}
