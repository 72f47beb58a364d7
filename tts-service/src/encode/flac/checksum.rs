//! FLAC's checksums. Both are 0 over what they guard and themselves.

/// The checksum of a frame's header.
pub(super) fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| (crc << 1) ^ ((crc >> 7) * 0x07))
    })
}

/// The checksum of a whole frame.
pub(super) fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
            (crc << 1) ^ ((crc >> 15) * 0x8005)
        })
    })
}
