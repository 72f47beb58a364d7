//! Small files that claim or unfold to far more than they are.

use crate::synthetic::wav;

/// A file and what is wrong with it.
pub struct Bomb {
    /// For messages.
    pub name: &'static str,
    /// The file.
    pub file: Vec<u8>,
}

const RATE: u32 = 16_000;
/// The longest frame that FLAC knows.
const FLAC_FRAME_SAMPLES: u32 = 65_535;

/// All of them. Those of long silence hold an hour or more.
pub fn all() -> Vec<Bomb> {
    [
        ("an hour of silence in FLAC", flac_silence(900)),
        ("an hour of silence in Ogg Opus", opus_silence(30_000)),
        ("an hour of silence in MP4", mp4_silence(900)),
        ("a WAV of four gigabytes", wav_that_claims(u32::MAX - 8)),
        ("a WAV of two gigabytes", wav_that_claims(0x7fff_ff00)),
        ("a CAF packet of gigabytes", caf(u32::MAX, &[])),
        (
            "a CAF index of gigabytes",
            caf(0, &[(b"pakt", &[0x7f; 64])]),
        ),
        ("a FLAC with a million tags", tagged_flac(200_000)),
        ("an MP4 of many tracks and fragments", mp4_of_notes()),
        ("Vorbis codebooks of gigabytes", vorbis_codebooks()),
        ("Ogg pages inside of Ogg pages", ogg_of_nested_pages()),
    ]
    .map(|(name, file)| Bomb { name, file })
    .into()
}

fn wav_that_claims(data_bytes: u32) -> Vec<u8> {
    let mut file = wav(&vec![0.0; 8_000]);
    file[4..8].copy_from_slice(&data_bytes.wrapping_add(36).to_le_bytes());
    file[40..44].copy_from_slice(&data_bytes.to_le_bytes());
    file
}

/// One frame of digital silence: every channel is a constant.
fn flac_silent_frame(number: u32) -> Vec<u8> {
    // Fixed block size, 16 bits of length follow; rate and bits as in the header; one channel.
    let mut frame = vec![0xff, 0xf8, 0x70, 0x00];
    frame.extend(utf8_number(number));
    frame.extend((FLAC_FRAME_SAMPLES as u16 - 1).to_be_bytes());
    frame.push(crc(&frame, 8, 0x07) as u8);
    frame.extend([0, 0, 0]);
    let sum = crc(&frame, 16, 0x8005) as u16;
    frame.extend(sum.to_be_bytes());
    frame
}

/// Numbers below 2¹⁶ in FLAC's use of UTF-8.
fn utf8_number(number: u32) -> Vec<u8> {
    match number {
        0..0x80 => vec![number as u8],
        0x80..0x800 => vec![0xc0 | (number >> 6) as u8, 0x80 | (number & 0x3f) as u8],
        _ => vec![
            0xe0 | (number >> 12) as u8,
            0x80 | (number >> 6 & 0x3f) as u8,
            0x80 | (number & 0x3f) as u8,
        ],
    }
}

fn flac_stream_info() -> Vec<u8> {
    let block = FLAC_FRAME_SAMPLES as u16;
    let mut info = [block.to_be_bytes(), block.to_be_bytes()].concat();
    info.extend([0; 6]);
    // Rate, channels − 1, bits − 1, number of samples (unknown).
    info.extend((u64::from(RATE) << 44 | 15 << 36).to_be_bytes());
    info.extend([0; 16]);
    info
}

fn flac(blocks: &[(u8, Vec<u8>)], frames: u32) -> Vec<u8> {
    let mut file = b"fLaC".to_vec();
    for (index, (kind, body)) in blocks.iter().enumerate() {
        let last = if index + 1 == blocks.len() { 0x80 } else { 0 };
        let size = (body.len() as u32).to_be_bytes();
        file.extend([kind | last, size[1], size[2], size[3]]);
        file.extend(body);
    }
    file.extend((0..frames).flat_map(flac_silent_frame));
    file
}

/// Silence of about four seconds a frame, in 14 to 16 bytes each.
pub fn flac_silence(frames: u32) -> Vec<u8> {
    flac(&[(0, flac_stream_info())], frames)
}

fn tagged_flac(tags: u32) -> Vec<u8> {
    let mut comments = vec![0; 4];
    comments.extend(tags.to_le_bytes());
    comments.extend(b"\x02\0\0\0A=".repeat(tags as usize));
    flac(&[(0, flac_stream_info()), (4, comments)], 1)
}

fn ogg_page(flags: u8, sequence: u32, end: u64, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend(end.to_le_bytes());
    page.extend(b"bomb");
    page.extend(sequence.to_le_bytes());
    page.extend([0; 4]);
    page.push(packets.len() as u8);
    page.extend(packets.iter().map(|packet| packet.len() as u8));
    page.extend(packets.concat());
    let sum = crc(&page, 32, 0x04c1_1db7);
    page[22..26].copy_from_slice(&sum.to_le_bytes());
    page
}

/// Packets of two bytes: 48 frames of 2.5 ms that hold nothing.
fn opus_silence(packets: u32) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01\0\0".to_vec();
    head.extend([0x80, 0xbb, 0, 0, 0, 0, 0]);
    let mut file = ogg_page(2, 0, 0, &[head]);
    file.extend(ogg_page(0, 1, 0, &[b"OpusTags\0\0\0\0\0\0\0\0".to_vec()]));
    for page in 0..packets / 200 {
        let silence = vec![vec![0x83, 48]; 200];
        let end = u64::from(page + 1) * 200 * 48_000 * 120 / 1_000;
        file.extend(ogg_page(0, page + 2, end, &silence));
    }
    file
}

fn vorbis_codebooks() -> Vec<u8> {
    let mut ident = b"\x01vorbis\0\0\0\0\x01".to_vec();
    ident.extend(RATE.to_le_bytes());
    ident.extend([0; 12]);
    ident.extend([0xb8, 1]);
    // One codebook: the sync word, 31 dimensions, 131,072 entries, all of 17 bits, and one
    // value for all of them. The decoder takes 150 MB for it.
    let fields: [(u64, u32); 9] = [
        (0, 8),
        (0x56_4342, 24),
        (31, 16),
        (131_072, 24),
        (1, 1),
        (16, 5),
        (131_072, 18),
        (1, 4),
        (0, 40),
    ];
    let (mut bits, mut len) = (0_u128, 0);
    let mut setup = b"\x05vorbis".to_vec();
    for (value, width) in fields {
        bits |= u128::from(value) << len;
        len += width;
        while len >= 8 {
            setup.push(bits as u8);
            bits >>= 8;
            len -= 8;
        }
    }
    setup.extend([bits as u8, 0, 0, 0, 0, 0]);
    let comments = b"\x03vorbis\0\0\0\0\0\0\0\0\x01".to_vec();
    let mut file = ogg_page(2, 0, 0, &[ident]);
    file.extend(ogg_page(0, 1, 0, &[comments, setup]));
    file.extend(ogg_page(4, 2, 4_096, &[vec![0; 4]]));
    file
}

fn ogg_of_nested_pages() -> Vec<u8> {
    let mut file = opus_silence(200);
    let mut nested = b"OggS\0\0".to_vec();
    nested.extend([0xff; 21]);
    file.extend(nested.repeat(20_000));
    file
}

fn caf(frames_per_packet: u32, chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut file = b"caff\0\x01\0\0desc\0\0\0\0\0\0\0\x20".to_vec();
    file.extend(f64::from(RATE).to_be_bytes());
    file.extend(b"lpcm");
    for number in [2, 2, frames_per_packet, 1, 16] {
        file.extend(number.to_be_bytes());
    }
    for (name, body) in chunks.iter().chain([&(b"data", &[0; 4_004][..])]) {
        file.extend(*name);
        file.extend((body.len() as u64).to_be_bytes());
        file.extend(*body);
    }
    file
}

fn mp4_box(name: &str, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let size = body.len() as u32 + 8;
    [&size.to_be_bytes(), name.as_bytes(), &body].concat()
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|it| it.to_be_bytes()).collect()
}

fn mp4_track(id: u32, table: &[u8]) -> Vec<u8> {
    let header = mp4_box("tkhd", &[&numbers(&[3, 0, 0, id]), &[0; 68]]);
    let media = mp4_box("mdhd", &[&numbers(&[0, 0, 0, RATE, u32::MAX, 0x55c4_0000])]);
    let kind = mp4_box("hdlr", &[&numbers(&[0, 0]), b"soun", &[0; 13]]);
    let sound = mp4_box("smhd", &[&[0; 8]]);
    let info = mp4_box("minf", &[&sound, table]);
    mp4_box(
        "trak",
        &[&header, &mp4_box("mdia", &[&media, &kind, &info])],
    )
}

fn mp4(tracks: &[Vec<u8>], more: &[u8], behind: &[u8]) -> Vec<u8> {
    let header = mp4_box("mvhd", &[&numbers(&[0, 0, 0, 1_000, 0]), &[0; 80]]);
    let movie = mp4_box("moov", &[&header, &tracks.concat(), more]);
    [mp4_box("ftyp", &[b"isom\0\0\0\0"]), movie, behind.to_vec()].concat()
}

fn mp4_table(description: &[u8], samples: u32, sample_bytes: u32, offset: u32) -> Vec<u8> {
    let description = mp4_box("stsd", &[&numbers(&[0, 1]), description]);
    let times = mp4_box("stts", &[&numbers(&[0, 1, samples, FLAC_FRAME_SAMPLES])]);
    let chunks = mp4_box("stsc", &[&numbers(&[0, 1, 1, samples, 1])]);
    let sizes = mp4_box("stsz", &[&numbers(&[0, sample_bytes, samples])]);
    let offsets = mp4_box("stco", &[&numbers(&[0, 1, offset])]);
    mp4_box("stbl", &[&description, &times, &chunks, &sizes, &offsets])
}

/// The frames of [`flac_silence`], all of them the first one.
fn mp4_silence(samples: u32) -> Vec<u8> {
    let frame = flac_silent_frame(0);
    let mut entry = vec![0; 6];
    for number in [1, 0, 0, 0, 0, 1, 16, 0, 0, RATE as u16, 0] {
        entry.extend(u16::to_be_bytes(number));
    }
    let info = [&[0x80, 0, 0, 34][..], &flac_stream_info()].concat();
    let setup = mp4_box("dfLa", &[&[0; 4], &info]);
    let description = mp4_box("fLaC", &[&entry, &setup]);
    let with = |offset| {
        let table = mp4_table(&description, samples, frame.len() as u32, offset);
        let sound = mp4_box("mdat", &[&frame.repeat(samples as usize)]);
        mp4(&[mp4_track(1, &table)], &[], &sound)
    };
    let sound_bytes = frame.len() * samples as usize;
    let offset = with(0).len() - sound_bytes;
    with(offset as u32)
}

fn mp4_of_notes() -> Vec<u8> {
    let empty = mp4_table(&[], 0, 0, 0);
    let tracks: Vec<Vec<u8>> = (1..=1_000).map(|id| mp4_track(id, &empty)).collect();
    let extends = (1..=1_000).flat_map(|id| mp4_box("trex", &[&numbers(&[0, id, 1, 1, 1, 0])]));
    let extends = mp4_box("mvex", &[&extends.collect::<Vec<u8>>()]);
    let fragment = mp4_box("moof", &[&mp4_box("mfhd", &[&numbers(&[0, 1])])]);
    mp4(&tracks, &extends, &fragment.repeat(20_000))
}

/// The checksum with the given width and polynomial that starts at zero.
fn crc(bytes: &[u8], width: u32, polynomial: u32) -> u32 {
    let top = 1 << (width - 1);
    bytes.iter().fold(0, |mut register: u32, byte| {
        register ^= u32::from(*byte) << (width - 8);
        for _ in 0..8 {
            let carry = register & top != 0;
            register = register << 1 ^ if carry { polynomial } else { 0 };
        }
        if width == 32 {
            register
        } else {
            register & ((1 << width) - 1)
        }
    })
}

#[cfg(test)]
mod tests {
    use voice_stack_audio::{AudioError, DecodeLimits};

    use super::*;

    #[test]
    fn the_silences_are_hours_and_valid() {
        for (file, hours) in [
            (flac_silence(900), 1.0),
            (opus_silence(30_000), 1.0),
            (mp4_silence(900), 1.0),
        ] {
            let len = file.len();
            assert!(len < 100_000, "{len} bytes");
            let limits = DecodeLimits {
                max_audio_seconds: 7_200.0,
            };
            let audio = voice_stack_audio::decode(file, None, limits, &|| false).expect("valid");
            let found = audio.duration_seconds() / 3_600.0;
            assert!(
                (hours..hours + 0.1).contains(&found),
                "{len} bytes: {found} h"
            );
        }
    }

    #[test]
    fn all_are_refused_or_short() {
        let limits = DecodeLimits {
            max_audio_seconds: 60.0,
        };
        for Bomb { name, file } in all() {
            match voice_stack_audio::decode(file, None, limits, &|| false) {
                Ok(_) | Err(AudioError::TooLong { .. } | AudioError::Invalid { .. }) => {}
                Err(other) => panic!("{name}: {other}"),
            }
        }
    }
}
