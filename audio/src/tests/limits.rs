//! What is refused, with which error, and in which words.

use std::io::{Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::formats::FIXTURES;
use super::signal::{float_wav, tone};
use super::{LIMITS, decoded, fixture, invalid, never, place_of, unsupported};
use crate::{Audio, AudioError, AudioSource, DecodeLimits, decode, decode_headerless_s16le_16khz};

/// Ten minutes in nine KB, and two in 33.
const BOMBS: [&[u8]; 2] = [
    include_bytes!("../fixtures/silence-10min.flac"),
    include_bytes!("../fixtures/silence-2min.opus"),
];

#[test]
fn audio_beyond_the_limit_is_too_long_however_small_the_file() {
    for bomb in BOMBS {
        let limits = DecodeLimits {
            max_audio_seconds: 60.0,
        };
        let error = decode(bomb, None, limits, &never).expect_err("longer than a minute");
        assert!(
            matches!(
                error,
                AudioError::TooLong {
                    max_audio_seconds: 60.0
                }
            ),
            "{error:?}"
        );
        assert!(error.to_string().contains("60 seconds"), "{error}");
    }
}

#[test]
fn audio_of_exactly_the_limit_is_accepted() {
    for rate_hz in [16_000, 44_100, 48_000] {
        let second = float_wav(rate_hz, 1, &tone(rate_hz, 1.0, 440.0, 0.5));
        let limit = |max_audio_seconds| DecodeLimits { max_audio_seconds };
        assert!(
            decode(second.clone(), None, limit(1.0), &never).is_ok(),
            "{rate_hz}"
        );
        let error = decode(second, None, limit(0.999), &never).expect_err("a millisecond more");
        assert!(
            matches!(error, AudioError::TooLong { .. }),
            "{rate_hz}: {error:?}"
        );
    }
}

#[test]
fn a_limit_that_is_no_number_admits_nothing() {
    for max_audio_seconds in [f64::NAN, -1.0, 0.0] {
        let result = decode(BOMBS[0], None, DecodeLimits { max_audio_seconds }, &never);
        assert!(
            matches!(result, Err(AudioError::TooLong { .. })),
            "{max_audio_seconds}"
        );
    }
}

#[test]
fn cancelling_stops_within_a_second_of_audio() {
    for bomb in BOMBS {
        let asked = AtomicUsize::new(0);
        let is_cancelled = || asked.fetch_add(1, Ordering::Relaxed) >= 20;
        let limits = DecodeLimits {
            max_audio_seconds: 7_200.0,
        };
        let result = decode(bomb, None, limits, &is_cancelled);
        assert!(matches!(result, Err(AudioError::Cancelled)), "{result:?}");
        assert!(
            asked.into_inner() < 40,
            "asked again and again after the answer was yes"
        );
    }
}

#[test]
fn an_empty_upload_says_so() {
    assert!(invalid(Vec::new()).contains("the upload is empty"));
}

#[test]
fn what_is_not_audio_is_unsupported_and_named() {
    let cases: [(&[u8], &str); 7] = [
        (b"%PDF-1.7 and so on", "PDF"),
        (b"PK\x03\x04 and so on", "ZIP"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG"),
        (b"<!doctype html>", "HTML"),
        (b"{\"file\": 1}", "JSON"),
        (b"Call me Ishmael. Some years ago", "known container"),
    ];
    for (bytes, word) in cases {
        let message = unsupported(bytes.to_vec());
        assert!(message.contains(word), "{message}");
        assert!(message.contains("accepted formats: WAV"), "{message}");
    }
}

#[test]
fn only_a_plain_word_of_the_hint_is_repeated() {
    for (hint, repeated) in [
        ("talk.amr", Some("amr")),
        ("a.<script>", None),
        ("x.ö", None),
    ] {
        let error = decode(b"nothing".to_vec(), Some(hint), LIMITS, &never).expect_err("text");
        let message = error.to_string();
        assert_eq!(message.contains("sent as"), repeated.is_some(), "{message}");
        assert!(
            repeated.is_none_or(|word| message.contains(word)),
            "{message}"
        );
    }
}

#[test]
fn a_known_container_with_nothing_in_it_is_invalid() {
    for magic in [
        &b"fLaC"[..],
        b"OggS",
        b"\x1a\x45\xdf\xa3",
        b"caff",
        b"\x00\x00\x00\x18ftypM4A ",
    ] {
        let message = invalid(magic.to_vec());
        assert!(
            !message.contains('/') || message.contains("WebM/Matroska"),
            "{message}"
        );
        invalid([magic, &[0; 64]].concat());
        invalid([magic, &[0xff; 4096]].concat());
    }
}

#[test]
fn a_codec_without_a_decoder_is_unsupported() {
    for (name, codec) in [
        ("tone-video.mp4", &b"mp4a"[..]),
        ("tone-opus.webm", b"A_OPUS"),
    ] {
        let mut file = fixture(name).to_vec();
        let at = place_of(&file, codec);
        file[at + codec.len() - 1] = b'_';
        let message = unsupported(file);
        assert!(message.contains("codec"), "{name}: {message}");
    }
}

#[test]
fn a_fragment_that_claims_millions_of_samples_is_invalid_at_once() {
    let mut file = fixture("tone-aac-fragmented.mp4").to_vec();
    let run = place_of(&file, b"trun");
    // No fields for each sample, and as many as can be claimed.
    file[run + 4..run + 12].copy_from_slice(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    assert!(invalid(file).contains("more samples than the file can hold"));
}

#[test]
fn a_file_on_disk_gives_the_same_as_its_bytes_from_wherever_it_stands() {
    for fixture in FIXTURES {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(fixture.bytes).expect("writable");
        file.seek(SeekFrom::Start(7)).expect("seekable");
        assert_eq!(decoded(file), decoded(fixture.bytes), "{}", fixture.name);
    }
}

#[test]
fn headerless_samples_are_taken_as_they_are() {
    let headerless = |bytes: &[u8]| {
        decode_headerless_s16le_16khz(AudioSource::from(bytes.to_vec()), LIMITS, &never)
    };
    let bytes = [0x00, 0x40, 0x00, 0x80, 0xff, 0x7f];
    let expected = Audio {
        samples: vec![0.5, -1.0, 32_767.0 / 32_768.0],
    };
    assert_eq!(headerless(&bytes).expect("three samples"), expected);
    assert_eq!(
        headerless(&[&bytes[..], &[9]].concat()).expect("and half a one"),
        expected
    );
    for nothing in [&[][..], &[1]] {
        assert!(matches!(
            headerless(nothing),
            Err(AudioError::Invalid { .. })
        ));
    }
    let too_long = headerless(&vec![0; 31 * 32_000]);
    assert!(
        matches!(too_long, Err(AudioError::TooLong { .. })),
        "{too_long:?}"
    );
    let result = decode_headerless_s16le_16khz(vec![0; 32_000], LIMITS, &|| true);
    assert!(matches!(result, Err(AudioError::Cancelled)), "{result:?}");
}
