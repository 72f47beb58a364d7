//! Pages of one logical Ogg stream (RFC 3533).

/// Any number does for a stream that is alone in its file; a fixed one makes equal requests
/// give equal bodies.
const SERIAL: u32 = 0x766f_6963;

const FIRST_PAGE: u8 = 0x02;
const LAST_PAGE: u8 = 0x04;
const MAX_SEGMENTS: usize = 255;
const CRC_AT: usize = 22;

/// Collects packets and writes them as pages.
pub(super) struct OggWriter {
    sequence: u32,
    segments: Vec<u8>,
    payload: Vec<u8>,
    granule: u64,
}

impl OggWriter {
    pub(super) fn new() -> Self {
        Self {
            sequence: 0,
            segments: Vec::with_capacity(MAX_SEGMENTS),
            payload: Vec::new(),
            granule: 0,
        }
    }

    /// Adds a packet after which the stream is at `granule`; a full page goes to `out` before.
    /// Packets of this service are far below a page's 64 KiB and never span pages.
    pub(super) fn packet(&mut self, packet: &[u8], granule: u64, out: &mut Vec<u8>) {
        let segments = packet.len() / 255 + 1;
        debug_assert!(segments <= MAX_SEGMENTS, "a packet fits a page");
        if self.segments.len() + segments > MAX_SEGMENTS {
            self.flush(out);
        }
        self.segments.extend(std::iter::repeat_n(255, segments - 1));
        self.segments.push((packet.len() % 255) as u8);
        self.payload.extend_from_slice(packet);
        self.granule = granule;
    }

    /// Corrects where the stream is after the last packet.
    pub(super) fn set_granule(&mut self, granule: u64) {
        self.granule = granule;
    }

    /// Ends the page, if it holds anything.
    pub(super) fn flush(&mut self, out: &mut Vec<u8>) {
        if !self.segments.is_empty() {
            self.write(0, out);
        }
    }

    /// Ends the page and the stream.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        self.write(LAST_PAGE, out);
    }

    fn write(&mut self, flags: u8, out: &mut Vec<u8>) {
        let start = out.len();
        let first = if self.sequence == 0 { FIRST_PAGE } else { 0 };
        out.extend_from_slice(b"OggS");
        out.extend_from_slice(&[0, flags | first]);
        out.extend_from_slice(&self.granule.to_le_bytes());
        out.extend_from_slice(&SERIAL.to_le_bytes());
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.push(self.segments.len() as u8);
        out.append(&mut self.segments);
        out.append(&mut self.payload);
        let crc = crc32(&out[start..]);
        out[start + CRC_AT..start + CRC_AT + 4].copy_from_slice(&crc.to_le_bytes());
        self.sequence += 1;
    }
}

/// Ogg's own flavour: the usual polynomial, not reflected, starting from nothing.
fn crc32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |crc, &byte| {
        (crc << 8) ^ CRC_TABLE[usize::from((crc >> 24) as u8 ^ byte)]
    })
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = (index as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            let carry = crc >> 31;
            crc = (crc << 1) ^ (carry * 0x04c1_1db7);
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_format() {
        // The check value of POSIX cksum's CRC without its final inversion.
        assert_eq!(crc32(b"123456789"), 0x89a1_897f);
    }

    #[test]
    fn a_page_ends_where_its_segments_are_used_up() {
        let mut out = Vec::new();
        let mut ogg = OggWriter::new();
        for number in 0..300 {
            ogg.packet(&[7; 100], number, &mut out);
        }
        ogg.finish(&mut out);
        let pages: Vec<usize> = (0..out.len())
            .filter(|&at| out[at..].starts_with(b"OggS"))
            .collect();
        assert_eq!(pages.len(), 2);
        assert_eq!(out[26], 255);
        assert_eq!(out[pages[1] + 26], 45);
        assert_eq!(out[5], FIRST_PAGE);
        assert_eq!(out[pages[1] + 5], LAST_PAGE);
    }

    #[test]
    fn a_packet_of_whole_segments_ends_with_an_empty_one() {
        let mut out = Vec::new();
        let mut ogg = OggWriter::new();
        ogg.packet(&[1; 510], 0, &mut out);
        ogg.flush(&mut out);
        assert_eq!(out[26..30], [3, 255, 255, 0]);
    }
}
