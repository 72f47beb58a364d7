//! Whatever the bytes, the answer is audio within the limits or one of the errors.

use proptest::prelude::*;

use super::formats::FIXTURES;
use super::signal::{float_wav, tone};
use super::{fixture, never};
use crate::{AudioError, DecodeLimits, decode};

const LIMITS: DecodeLimits = DecodeLimits {
    max_audio_seconds: 5.0,
};

fn answers(bytes: &[u8]) -> Result<(), TestCaseError> {
    match decode(bytes.to_vec(), Some("upload.bin"), LIMITS, &never) {
        Ok(audio) => {
            prop_assert!(!audio.samples.is_empty() && audio.duration_seconds() <= 5.0);
            prop_assert!(
                audio
                    .samples
                    .iter()
                    .all(|sample| (-1.0..=1.0).contains(sample))
            );
        }
        Err(
            error @ (AudioError::Invalid { .. }
            | AudioError::Unsupported { .. }
            | AudioError::TooLong { .. }),
        ) => {
            let message = error.to_string();
            prop_assert!(
                !message.contains(".rs") && message.len() < 400,
                "{}",
                message
            );
        }
        Err(other) => prop_assert!(false, "{other:?}"),
    }
    Ok(())
}

fn seeds() -> Vec<Vec<u8>> {
    let wav = float_wav(44_100, 2, &tone(44_100, 0.2, 440.0, 0.5));
    FIXTURES
        .iter()
        .map(|fixture| fixture.bytes.to_vec())
        .chain([wav])
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn files_with_flipped_bytes_are_answered(
        mut file in prop::sample::select(seeds()),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        for (at, value) in flips {
            let at = at.index(file.len());
            file[at] = value;
        }
        answers(&file)?;
    }

    #[test]
    fn files_with_broken_headers_are_answered(
        mut file in prop::sample::select(seeds()),
        at in 0_usize..600,
        value in prop::sample::select(vec![0, 1, 0xffff, 0x7fff_ffff, 0x8000_0000, u32::MAX]),
    ) {
        let at = at.min(file.len() - 4);
        file[at..at + 4].copy_from_slice(&value.to_be_bytes());
        answers(&file)?;
    }

    #[test]
    fn files_that_were_cut_are_answered(
        file in prop::sample::select(seeds()),
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let (from, to) = (from.index(file.len()), to.index(file.len()));
        answers(&file[..to])?;
        answers(&[&file[..from.min(to)], &file[from.max(to)..]].concat())?;
    }

    #[test]
    fn noise_behind_a_magic_number_is_answered(
        magic in prop::sample::select(vec![
            &b"RIFF\xff\xff\xff\xffWAVEfmt "[..], b"fLaC\x00\x00\x00\x22", b"OggS\x00\x02",
            b"\x1a\x45\xdf\xa3", b"\x00\x00\x00\x10ftypM4A ", b"FORM\x00\x00\x10\x00AIFF", b"caff",
            b"ID3\x04\x00\x00\x00\x00\x00\x0a", b"\xff\xfb\x90\x00", b"\xff\xf1\x50\x80", b"",
        ]),
        noise in prop::collection::vec(any::<u8>(), 0..2_000),
    ) {
        answers(&[magic, &noise].concat())?;
    }
}

#[test]
fn a_damaged_stretch_costs_only_itself() {
    for (name, kept_seconds) in [
        ("tone-id3.mp3", 0.8),
        ("tone-aac.aac", 0.8),
        ("tone-opus.ogg", 0.5),
        ("tone-flac.flac", 0.5),
    ] {
        let mut file = fixture(name).to_vec();
        let middle = file.len() / 2;
        file[middle..middle + 40].fill(0x55);
        let audio = decode(file, None, LIMITS, &never).expect(name);
        let seconds = audio.duration_seconds();
        assert!(
            (kept_seconds..1.1).contains(&seconds),
            "{name}: {seconds} s are left"
        );
    }
}

#[test]
fn a_file_that_ends_too_early_gives_what_was_there() {
    for fixture in FIXTURES {
        // Where the index stands behind the sound, or the only fragment is cut, nothing can
        // be found any more.
        if [".m4a", ".mp4", ".caf"]
            .iter()
            .any(|extension| fixture.name.ends_with(extension))
        {
            continue;
        }
        let cut = &fixture.bytes[..fixture.bytes.len() * 3 / 4];
        let audio = decode(cut, None, LIMITS, &never).expect(fixture.name);
        let seconds = audio.duration_seconds();
        assert!(
            (0.2..1.1).contains(&seconds),
            "{}: {seconds} s",
            fixture.name
        );
    }
}

#[test]
fn a_chain_of_tags_does_not_hold_the_decoder() {
    let tags = b"ID3\x04\x00\x00\x00\x00\x00\x00".repeat(10_000);
    assert!(matches!(
        decode(tags, None, LIMITS, &never),
        Err(AudioError::Invalid { .. })
    ));
}

#[test]
fn known_malformed_files_are_answered() {
    // Headers with a zero rate, a truncated format and sizes beyond the file.
    let Ok(folder) = std::fs::read_dir("../shared/audio/malformed") else {
        return;
    };
    for entry in folder {
        let bytes = std::fs::read(entry.expect("listed").path()).expect("readable");
        answers(&bytes).expect("answered");
    }
}
