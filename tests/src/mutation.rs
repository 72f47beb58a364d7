//! Uploads that somebody broke on purpose, the same ones each time.
//!
//! An upload is made from a seed and a number alone, so that one that does harm can be made
//! again without those before it.

use crate::random::Random;
use crate::samples;

/// A broken file.
pub struct Mutated {
    /// What was done to which file.
    pub what: String,
    /// The result.
    pub file: Vec<u8>,
}

/// Files to break: every container and codec, most of them a tone, which costs little when
/// it still decodes.
pub struct Originals {
    files: Vec<(String, Vec<u8>)>,
    /// How many of them, from the start, are speech.
    speech: usize,
}

/// Of this many uploads, one is made from speech: transcribing is what takes time.
const SPEECH_EVERY: u64 = 60;
/// Names in front of or behind which a size, a count or a type stands.
const NAMES: [&[u8]; 40] = [
    b"RIFF",
    b"fmt ",
    b"fact",
    b"data",
    b"LIST",
    b"FORM",
    b"COMM",
    b"SSND",
    b"desc",
    b"pakt",
    b"kuki",
    b"fLaC",
    b"OggS",
    b"vorbis",
    b"OpusHead",
    b"OpusTags",
    b"FLAC",
    b"ftyp",
    b"moov",
    b"trak",
    b"tkhd",
    b"mdhd",
    b"elst",
    b"stsd",
    b"mp4a",
    b"alac",
    b"esds",
    b"stts",
    b"stsc",
    b"stsz",
    b"stco",
    b"moof",
    b"tfhd",
    b"trun",
    b"mdat",
    // Matroska: the file, segment, information, tracks, cluster.
    b"\x1a\x45\xdf\xa3",
    b"\x18\x53\x80\x67",
    b"\x15\x49\xa9\x66",
    b"\x16\x54\xae\x6b",
    b"\x1f\x43\xb6\x75",
];
const HOSTILE_NUMBERS: [u32; 10] = [
    0,
    1,
    2,
    7,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fff0,
    0xffff_ffff,
    0x00ff_ffff,
];

impl Originals {
    /// The formats that the decoder's own tests use, and a second and a half of speech.
    ///
    /// # Panics
    /// They can't be read.
    pub fn load() -> Self {
        let mut files = vec![
            ("speech.wav".into(), samples::jfk_clip_wav()),
            ("speech.flac".into(), samples::jfk_clip_flac()),
        ];
        let speech = files.len();
        files.extend(samples::every_format());
        Self { files, speech }
    }

    /// Upload number `index` of `seed`.
    pub fn mutated(&self, seed: u64, index: u64) -> Mutated {
        let mut random = Random::new(seed, index);
        let (name, original) = self.pick(&mut random, index);
        let mut file = original.clone();
        let done = match index % 8 {
            0 => flip_bits(&mut file, &mut random, usize::MAX),
            1 => flip_bits(&mut file, &mut random, 200),
            2 => cut(&mut file, &mut random),
            3 => lie_about_sizes(&mut file, &mut random),
            4 => lie_in_the_header(&mut file, &mut random),
            5 => move_pieces(&mut file, &mut random),
            6 => put_a_tag_before(&mut file, &mut random),
            _ => {
                let (other, tail) = &self.files[random.below(self.files.len())];
                graft(&mut file, tail, &mut random);
                format!("with the tail of {other}")
            }
        };
        Mutated {
            what: format!("{name} {done}"),
            file,
        }
    }

    fn pick(&self, random: &mut Random, index: u64) -> &(String, Vec<u8>) {
        let (speech, tones) = self.files.split_at(self.speech);
        // Counted by eights: every kind of damage gets its share of both.
        let from = if (index / 8).is_multiple_of(SPEECH_EVERY) {
            speech
        } else {
            tones
        };
        &from[random.below(from.len())]
    }
}

pub(crate) fn flip_bits(file: &mut [u8], random: &mut Random, within: usize) -> String {
    let within = within.min(file.len());
    let flips = 1 + random.below(32);
    for _ in 0..flips {
        file[random.below(within)] ^= 1 << random.below(8);
    }
    format!("with {flips} flipped bits in {within} bytes")
}

pub(crate) fn cut(file: &mut Vec<u8>, random: &mut Random) -> String {
    // Half of them within the headers.
    let within = if random.below(2) == 0 {
        300
    } else {
        file.len()
    };
    file.truncate(random.below(within.min(file.len())));
    format!("cut to {} bytes", file.len())
}

/// Overwrites what stands before or behind the name of a structure.
fn lie_about_sizes(file: &mut [u8], random: &mut Random) -> String {
    let named: Vec<(usize, usize)> = NAMES
        .iter()
        .flat_map(|name| {
            let places = file.windows(name.len()).enumerate();
            let found = places.filter(|(_, it)| it == name).map(|(at, _)| at);
            found.map(|at| (at, name.len())).collect::<Vec<_>>()
        })
        .collect();
    if named.is_empty() {
        return lie_in_the_header(file, random);
    }
    let (at, len) = named[random.below(named.len())];
    // MP4 has sizes before its names; counts and tables follow up to 30 bytes behind.
    let target = match random.below(4) {
        0 => at.saturating_sub(4),
        1 => at + len,
        _ => at + len + random.below(30),
    };
    overwrite(file, target, random)
}

fn lie_in_the_header(file: &mut [u8], random: &mut Random) -> String {
    let target = random.below(file.len().min(600));
    overwrite(file, target, random)
}

fn overwrite(file: &mut [u8], at: usize, random: &mut Random) -> String {
    let number = HOSTILE_NUMBERS[random.below(HOSTILE_NUMBERS.len())];
    let bytes = if random.below(2) == 0 {
        number.to_be_bytes()
    } else {
        number.to_le_bytes()
    };
    let width = 1 + random.below(4);
    for (target, byte) in file.iter_mut().skip(at).zip(&bytes[..width]) {
        *target = *byte;
    }
    format!("with {:02x?} at {at}", &bytes[..width])
}

/// Leaves out, repeats or blanks a piece.
pub(crate) fn move_pieces(file: &mut Vec<u8>, random: &mut Random) -> String {
    let from = random.below(file.len());
    let to = from + random.below(file.len() - from).min(4_000);
    match random.below(3) {
        0 => {
            file.drain(from..to);
            format!("without {from}..{to}")
        }
        1 => {
            let piece = file[from..to].repeat(1 + random.below(8));
            file.splice(from..from, piece);
            format!("with more of {from}..{to}")
        }
        _ => {
            file[from..to].fill([0, 0xff][random.below(2)]);
            format!("without what was in {from}..{to}")
        }
    }
}

fn put_a_tag_before(file: &mut Vec<u8>, random: &mut Random) -> String {
    let size: [u8; 4] = match random.below(3) {
        0 => [0x7f; 4],
        1 => [0xff; 4],
        _ => [0, 0, 0, random.below(128) as u8],
    };
    let version = 2 + random.below(4) as u8;
    let flags = [0, 0x10, 0xff][random.below(3)];
    let tag = [&b"ID3"[..], &[version, 0, flags], &size].concat();
    let times = 1 + random.below(12);
    file.splice(0..0, tag.repeat(times));
    format!("behind {times} tags of {size:02x?}")
}

pub(crate) fn graft(file: &mut Vec<u8>, tail: &[u8], random: &mut Random) {
    file.truncate(random.below(file.len()));
    file.extend(&tail[random.below(tail.len())..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_depends_on_seed_and_number_only() {
        let originals = Originals::load();
        let file = |seed, index| originals.mutated(seed, index).file;
        for index in 0..200 {
            assert!(file(1, index) == file(1, index));
        }
        assert!((0..200).filter(|&it| file(1, it) == file(2, it)).count() < 5);
        let names: std::collections::BTreeSet<String> = (0..2_000)
            .map(|index| originals.mutated(1, index).what)
            .map(|what| what.split(' ').next().unwrap_or_default().to_string())
            .collect();
        assert_eq!(
            names.len(),
            originals.files.len(),
            "all are used: {names:?}"
        );
    }
}
