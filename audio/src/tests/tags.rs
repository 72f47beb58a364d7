//! Tags never reach a demuxer: not what they hold, nor what is wrong with them.

use super::{decoded, fixture, place_of};
use crate::ogg::{Pages, checksum};
use std::io::Read;

/// No tag of any format: whoever reads it fails.
const RUBBISH: &[u8] = &[0xff; 64];

fn with(file: &[u8], at: usize, inserted: &[u8]) -> Vec<u8> {
    [&file[..at], inserted, &file[at..]].concat()
}

/// The file with a chunk before the one of this name, and with the size that it then has.
fn with_chunk(file: &[u8], name: &[u8], chunk: &[u8], bytes: fn(u32) -> [u8; 4]) -> Vec<u8> {
    let mut tagged = with(file, place_of(file, name), chunk);
    let size = u32::try_from(tagged.len() - 8).expect("short");
    tagged[4..8].copy_from_slice(&bytes(size));
    tagged
}

#[track_caller]
fn assert_same_sound(tagged: Vec<u8>, name: &str) {
    assert!(decoded(tagged) == decoded(fixture(name)), "{name}");
}

#[test]
fn flac() {
    let file = fixture("tone-flac.flac");
    for kind in [2, 3, 4, 5, 6, 100] {
        let block = [&[kind, 0, 0, 64], RUBBISH].concat();
        // Behind the marker and the first block, which describes the sound.
        assert_same_sound(with(file, 42, &block), "tone-flac.flac");
    }
}

#[test]
fn aiff() {
    let file = fixture("tone-pcm.aiff");
    for name in [&b"ID3 "[..], b"COMT", b"MARK", b"APPL", b"NAME"] {
        let chunk = [name, &[0, 0, 0, 64], RUBBISH].concat();
        let tagged = with_chunk(file, b"SSND", &chunk, u32::to_be_bytes);
        assert_same_sound(tagged, "tone-pcm.aiff");
    }
}

#[test]
fn wav_with_a_codec() {
    let file = fixture("tone-adpcm.wav");
    let chunk = [b"LIST", &[64, 0, 0, 0], b"INFO", &RUBBISH[4..]].concat();
    let tagged = with_chunk(file, b"data", &chunk, u32::to_le_bytes);
    assert_same_sound(tagged, "tone-adpcm.wav");
}

#[test]
fn matroska() {
    const UNKNOWN_SIZE: [u8; 8] = [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    for name in ["tone-opus.webm", "tone-vorbis.webm"] {
        let mut file = fixture(name).to_vec();
        // The segment then holds whatever is inserted.
        let size = place_of(&file, b"\x18\x53\x80\x67") + 4;
        assert_eq!(file[size], 1, "its size takes eight bytes");
        file[size..size + 8].copy_from_slice(&UNKNOWN_SIZE);
        // Each holds one child that lacks all that it must have.
        for (tags, child) in [
            (b"\x12\x54\xc3\x67", &b"\x73\x73\x83\x67\xc8\x80"[..]),
            (b"\x10\x43\xa7\x70", b"\x45\xb9\x82\xb6\x80"),
            (b"\x19\x41\xa4\x69", b"\x61\xa7\x80"),
            (b"\x1c\x53\xbb\x6b", b"\xbb\x80"),
            (b"\x11\x4d\x9b\x74", b"\x4d\xbb\x80"),
        ] {
            let size = 0x80 | u8::try_from(child.len()).expect("short");
            let element = [&tags[..], &[size], child].concat();
            let at = place_of(&file, b"\x1f\x43\xb6\x75");
            assert_same_sound(with(&file, at, &element), name);
        }
    }
}

#[test]
fn mp4() {
    let name = "tone-aac.m4a";
    let file = fixture(name);
    // Behind the sound, so that no offset changes. The title ends before its text begins.
    let title = b"\0\0\0\x10\xa9nam\0\0\0\x08data";
    let list = [b"\0\0\0\x18ilst", &title[..]].concat();
    let meta = [b"\0\0\0\x24meta\0\0\0\0", &list[..]].concat();
    let user = [b"\0\0\0\x2cudta", &meta[..]].concat();
    let at = place_of(file, b"moov") - 4;
    let size = u32::from_be_bytes(file[at..at + 4].try_into().expect("four bytes"));
    let end = at + size as usize;
    let mut tagged = with(file, end, &user);
    tagged[at..at + 4].copy_from_slice(&(size + 0x2c).to_be_bytes());
    assert_same_sound(tagged, name);
}

#[test]
fn ogg() {
    for (name, signature) in [
        ("tone-vorbis.ogg", &b"\x03vorbis"[..]),
        ("tone-opus.ogg", b"OpusTags"),
        ("tone-flac.oga", b"\x84\0\0"),
    ] {
        let file = fixture(name);
        let shown = shown(file);
        assert_eq!(shown.len(), file.len(), "{name}");
        let at = place_of(file, signature);
        // FLAC has a length of three bytes there.
        let at = at + signature.len().max(4);
        assert_ne!(file[at..at + 4], [0; 4], "{name}: the vendor had a name");
        assert_eq!(shown[at..at + 8], [0; 8], "{name}");
        assert_same_sound(shown, name);
    }
}

#[test]
fn ogg_with_more_comments_than_it_holds() {
    let mut tagged = fixture("tone-opus.ogg").to_vec();
    let at = place_of(&tagged, b"OpusTags") + 8;
    let vendor_bytes = usize::from(tagged[at]);
    tagged[at + 4 + vendor_bytes..][..4].fill(0x7f);
    let page = tagged[..at].windows(4).rposition(|it| it == b"OggS");
    let page = page.expect("the tags are in a page");
    let end = at + place_of(&tagged[at..], b"OggS");
    let sum = checksum(&tagged[page..end]);
    tagged[page + 22..page + 26].copy_from_slice(&sum);
    assert_same_sound(tagged, "tone-opus.ogg");
}

fn shown(file: &[u8]) -> Vec<u8> {
    let mut shown = Vec::new();
    let mut pages = Pages::new(file);
    pages.read_to_end(&mut shown).expect("memory can be read");
    shown
}

#[test]
fn sound_pages_pass_and_nothing_between_them() {
    let first = b"OggS\0\x02\0\0\0\0\0\0\0\0ours\0\0\0\0\0\0\0\0\x01\x03abc";
    let mut first = first.to_vec();
    let sum = checksum(&first);
    first[22..26].copy_from_slice(&sum);
    let mut broken = first.clone();
    broken[30] ^= 1;
    let file = [
        b"Og",
        &first[..],
        b"OggOggSOggS",
        &broken,
        &first,
        b"OggS\0",
    ]
    .concat();
    assert_eq!(shown(&file), first.repeat(2));

    // Streams that only ever begin are no streams; those of a chain are.
    let mut later = first.clone();
    later[5] = 0;
    let sum = checksum(&later);
    later[22..26].copy_from_slice(&sum);
    assert_eq!(shown(&first.repeat(1000)).len(), 64 * first.len());
    let chain = [first, later].concat().repeat(1000);
    assert_eq!(shown(&chain), chain);
}

#[test]
fn pages_claimed_inside_of_broken_pages_cost_little() {
    // Each claims all that follows as its body, so looking into each would take hours.
    let mut nested = b"OggS\0\0\0\0\0\0\0\0\0\0ours\0\0\0\0\0\0\0\0\xff".to_vec();
    nested.extend([0xff; 9]);
    let file = nested.repeat(1 << 20);
    assert_eq!(shown(&file), b"");
}
