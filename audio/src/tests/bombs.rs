//! Small files that would cost much: gigabytes of memory or minutes of computing.
//!
//! Each of these once did. What they cost can't be asserted here without a clock, so the
//! tests say that the cause is seen before it takes effect.

use super::formats::FIXTURES;
use super::{LIMITS, decoded, fixture, invalid, never, summary};
use crate::watch::Watch;
use crate::{AudioError, AudioSource, decode, decode_watched, ogg};

/// A CAF file of 16-bit samples, with the number of frames that one packet is to hold, and
/// chunks before its sound.
fn caf(frames_per_packet: u32, channels: u32, chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut file = b"caff\0\x01\0\0desc\0\0\0\0\0\0\0\x20".to_vec();
    file.extend(16_000_f64.to_be_bytes());
    file.extend(b"lpcm");
    for number in [2, 2 * channels, frames_per_packet, channels, 16] {
        file.extend(number.to_be_bytes());
    }
    for (name, body) in chunks.iter().chain([&(b"data", &[0; 3_204][..])]) {
        file.extend(*name);
        file.extend((body.len() as u64).to_be_bytes());
        file.extend(*body);
    }
    file
}

/// Bits from the least significant on, as Vorbis stores them.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(&mut self, value: u64, bits: usize) {
        self.0.extend((0..bits).map(|bit| value >> bit & 1 == 1));
    }

    fn bytes(&self) -> Vec<u8> {
        let byte = |bits: &[bool]| {
            let bits = bits.iter().enumerate();
            bits.fold(0, |byte, (at, bit)| byte | u8::from(*bit) << at)
        };
        self.0.chunks(8).map(byte).collect()
    }
}

/// An Ogg page of whole packets, each shorter than 255 bytes.
fn page(flags: u8, sequence: u32, packets: &[&[u8]]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend([0; 8]);
    page.extend(b"ours");
    page.extend(sequence.to_le_bytes());
    page.extend([0; 4]);
    page.push(u8::try_from(packets.len()).expect("few"));
    page.extend(
        packets
            .iter()
            .map(|it| u8::try_from(it.len()).expect("short")),
    );
    page.extend(packets.concat());
    let checksum = ogg::checksum(&page);
    page[22..26].copy_from_slice(&checksum);
    page
}

/// A Vorbis stream with nothing but headers. A codebook takes 20 bytes here.
fn vorbis(codebooks: u64, entries: u64, dimensions: u64) -> Vec<u8> {
    let mut setup = Bits::default();
    setup.put(codebooks - 1, 8);
    for _ in 0..codebooks {
        setup.put(0x56_4342, 24);
        setup.put(dimensions, 16);
        setup.put(entries, 24);
        // Ordered by length: all of them have 17 bits.
        setup.put(1, 1);
        setup.put(16, 5);
        setup.put(entries, 18);
        // Every value is the same one.
        setup.put(1, 4);
        setup.put(0, 64);
        setup.put(0, 4 + 1 + 1);
    }
    let mut ident = b"\x01vorbis\0\0\0\0\x01".to_vec();
    ident.extend(44_100_u32.to_le_bytes());
    ident.extend([0; 12]);
    ident.extend([0xb8, 1]);
    let comments = b"\x03vorbis\0\0\0\0\0\0\0\0\x01";
    let setup = [b"\x05vorbis", &setup.bytes()[..]].concat();
    let headers = page(0, 1, &[comments, &setup]);
    [page(2, 0, &[&ident]), headers, page(4, 2, &[&[0; 4]])].concat()
}

fn mp4_box(name: &str, body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len() + 8).expect("short");
    [&size.to_be_bytes(), name.as_bytes(), body].concat()
}

#[test]
fn a_packet_length_of_gigabytes_is_refused() {
    assert!(decoded(caf(1, 1, &[])).duration_seconds() > 0.09);
    for frames in [1 << 30, u32::MAX] {
        let message = invalid(caf(frames, 1, &[]));
        assert!(message.contains("impossible packet length"), "{message}");
    }
}

#[test]
fn a_layout_of_thousands_of_channels_is_refused() {
    let mut layout = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0].to_vec();
    for index in 0..65_536_u32 {
        layout.extend((1 << 16 | index).to_be_bytes());
        layout.extend([0; 16]);
    }
    let message = invalid(caf(1, 1, &[(b"chan", &layout)]));
    assert!(message.contains("number of channels"), "{message}");
}

#[test]
fn an_index_that_swells_in_memory_is_refused() {
    let message = invalid(caf(1, 1, &[(b"pakt", &vec![0; 9 << 20])]));
    assert!(message.contains("index is too long"), "{message}");
}

#[test]
fn codebooks_that_swell_in_memory_are_refused() {
    // 150 MB each.
    for codebooks in [1, 4] {
        let message = invalid(vorbis(codebooks, 131_072, 31));
        assert!(message.contains("impossible codebooks"), "{message}");
    }
}

#[test]
fn a_panic_in_a_demuxer_says_that_the_file_is_damaged() {
    // 32 dimensions: a power that overflows, and an assertion about it.
    let message = invalid(vorbis(1, 131_072, 32));
    assert!(message.contains("the file is damaged;"), "{message}");
}

#[test]
fn notes_about_fragments_are_limited() {
    let tracks = mp4_box("moov", &mp4_box("trak", b"").repeat(65));
    assert!(invalid(tracks).contains("too many tracks"));

    let mut file = mp4_box("ftyp", b"isom\0\0\0\0");
    file.extend(mp4_box("moov", &mp4_box("trak", b"").repeat(64)));
    file.extend(mp4_box("moof", b"").repeat(100_000));
    assert!(invalid(file).contains("too many fragments"));
}

#[test]
fn an_index_that_takes_longer_than_its_sound_is_given_up() {
    let watch = Watch::without_grace(&never);
    let upload = AudioSource::from(fixture("tone-aac.m4a"));
    let result = decode_watched(upload, None, LIMITS, &watch);
    let error = result.expect_err("no time at all is too short");
    assert!(matches!(error, AudioError::Invalid { .. }), "{error:?}");
    assert!(error.to_string().contains("far too long"), "{error}");
}

#[test]
fn a_cancel_is_not_taken_for_the_end_of_the_file() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    for fixture in FIXTURES {
        for patience in 0..40 {
            let asked = AtomicUsize::new(0);
            let is_cancelled = || asked.fetch_add(1, Ordering::Relaxed) >= patience;
            let result = decode(fixture.bytes, None, LIMITS, &is_cancelled);
            assert!(
                matches!(result, Err(AudioError::Cancelled)) == (asked.into_inner() > patience),
                "{} {patience}: {}",
                fixture.name,
                summary(&result)
            );
        }
    }
}
