//! What a track claims about itself, checked before a decoder takes memory for it.
//!
//! Decoders take room for the longest packet of a track when they are made. A hundred bytes
//! can ask for hundreds of gigabytes that way, and the allocator's answer to that is to end
//! the process.

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_VORBIS;
use symphonia::core::errors::Error;

use crate::collect::MAX_CHANNELS;

/// Samples of one packet, all channels together. FLAC may hold 65,535 frames of 8 channels;
/// nothing in use comes near it.
const MAX_PACKET_SAMPLES: u64 = 1 << 20;
/// Codec setup. Vorbis needs by far the most: a few KB.
const MAX_SETUP_BYTES: usize = 1 << 20;
/// Entries of all codebooks of a Vorbis track together. Encoders use up to 20,000. The decoder's
/// tables may take two KB for one, and a claimed entry costs a file next to nothing.
const MAX_CODEBOOK_ENTRIES: u64 = 64 * 1024;

/// Begins every Vorbis codebook, at any bit: "BCV", read from the least significant bit on.
const CODEBOOK_SYNC: u64 = 0x56_4342;

/// Refuses a track whose decoder would take more memory than any sound needs.
pub(crate) fn check(track: &AudioCodecParameters) -> Result<(), Error> {
    let channels = track.channels.as_ref().map_or(1, Channels::count);
    if channels > MAX_CHANNELS {
        return Err(Error::DecodeError("an impossible number of channels"));
    }
    let frames = track.max_frames_per_packet.unwrap_or(0);
    if frames.saturating_mul(channels as u64) > MAX_PACKET_SAMPLES {
        return Err(Error::DecodeError("an impossible packet length"));
    }
    let setup = track.extra_data.as_deref().unwrap_or_default();
    if setup.len() > MAX_SETUP_BYTES {
        return Err(Error::DecodeError("an impossible codec setup"));
    }
    if track.codec == CODEC_ID_VORBIS && codebook_entries(setup) > MAX_CODEBOOK_ENTRIES {
        return Err(Error::DecodeError("impossible codebooks"));
    }
    Ok(())
}

/// Sum of the entries that all codebooks in a Vorbis setup claim. Codebooks are looked for
/// at every bit, so that no trick with what stands before one hides it.
fn codebook_entries(setup: &[u8]) -> u64 {
    const SYNC_BITS: u32 = 24;
    const DIMENSION_BITS: u32 = 16;
    const ENTRY_BITS: u32 = 24;
    const MASK: u64 = (1 << 24) - 1;
    let mut entries: u64 = 0;
    // The 72 bits from the present byte on hold 64 from each of its bits on.
    for at in 0..setup.len() {
        let mut window = [0; 9];
        let held = &setup[at..setup.len().min(at + 9)];
        window[..held.len()].copy_from_slice(held);
        let [low @ .., high] = window;
        let low = u128::from(u64::from_le_bytes(low));
        let bits = low | u128::from(high) << 64;
        for shift in 0..8 {
            let bits = (bits >> shift) as u64;
            if bits & MASK == CODEBOOK_SYNC {
                entries += bits >> (SYNC_BITS + DIMENSION_BITS) & ((1 << ENTRY_BITS) - 1);
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A codebook header that starts at bit `shift`.
    fn codebook(shift: u32, entries: u64) -> Vec<u8> {
        let bits = u128::from(CODEBOOK_SYNC | 2 << 24 | entries << 40);
        (bits << shift).to_le_bytes().to_vec()
    }

    #[test]
    fn codebooks_are_found_at_every_bit() {
        for shift in 0..8 {
            let mut setup = b"\x05vorbis\x03".to_vec();
            setup.extend(codebook(shift, 131_072));
            setup.extend(codebook(shift, 625));
            assert_eq!(codebook_entries(&setup), 131_697, "bit {shift}");
        }
        assert_eq!(codebook_entries(b"\x05vorbis\x03BCV"), 0);
    }

    #[test]
    fn a_track_that_asks_for_gigabytes_is_refused() {
        let mut track = AudioCodecParameters::new();
        assert!(check(&track).is_ok());
        track.with_max_frames_per_packet(65_535);
        assert!(check(&track).is_ok());
        track.with_max_frames_per_packet(u64::from(u32::MAX));
        assert!(check(&track).is_err());
    }
}
