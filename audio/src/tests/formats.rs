//! Every container and codec: the fixture's tone comes back, where it was and as loud.

use super::signal::{amplitude, loud_span_seconds, rms};
use super::{decoded, never};
use crate::{DecodeLimits, decode};

pub(super) struct Fixture {
    pub(super) name: &'static str,
    pub(super) bytes: &'static [u8],
    /// What the codec puts in front, where the format has no way to say so.
    delay_seconds: f64,
    /// Padding at the end that the format cannot mark, or that demuxers do not report.
    padding_seconds: f64,
}

macro_rules! fixture {
    ($name:literal) => {
        fixture!($name, delay 0.0, padding 0.0)
    };
    ($name:literal, padding $padding:literal) => {
        fixture!($name, delay 0.0, padding $padding)
    };
    ($name:literal, delay $delay:literal, padding $padding:literal) => {
        Fixture {
            name: $name,
            bytes: include_bytes!(concat!("../fixtures/", $name)),
            delay_seconds: $delay,
            padding_seconds: $padding,
        }
    };
}

/// One second each: silence to 0.25 s, a 1 kHz tone at amplitude 0.5 to 0.75 s, silence.
pub(super) const FIXTURES: &[Fixture] = &[
    fixture!("tone-flac.flac"),
    fixture!("tone-flac.oga"),
    fixture!("tone-id3.mp3"),
    fixture!("tone-vbr.mp3"),
    fixture!("tone-8k.mp3"),
    fixture!("tone-vorbis.ogg"),
    fixture!("tone-opus.ogg"),
    fixture!("tone-opus.webm", padding 0.02),
    fixture!("tone-vorbis.webm", padding 0.025),
    fixture!("tone-aac.m4a", padding 0.025),
    fixture!("tone-aac-faststart.m4a", padding 0.025),
    fixture!("tone-aac-22k.m4a", padding 0.05),
    fixture!("tone-he-aac.m4a", padding 0.05),
    fixture!("tone-aac-fragmented.mp4", delay 0.0232, padding 0.025),
    fixture!("tone-aac.aac", delay 0.0232, padding 0.025),
    fixture!("tone-alac.m4a"),
    fixture!("tone-alac.caf"),
    fixture!("tone-pcm.aiff"),
    fixture!("tone-adpcm.wav", padding 0.025),
    fixture!("tone-mp3.wav", delay 0.069, padding 0.05),
    fixture!("tone-video.mp4", padding 0.025),
    fixture!("tone-video.webm", padding 0.02),
];

const OPUS: &[u8] = include_bytes!("../fixtures/tone-opus.ogg");

#[test]
fn every_format_keeps_the_tone_its_loudness_and_its_place() {
    for Fixture {
        name,
        bytes,
        delay_seconds,
        padding_seconds,
    } in FIXTURES
    {
        let audio = decoded(*bytes);

        let extra = audio.duration_seconds() - 1.0 - delay_seconds;
        assert!(
            (-0.001..padding_seconds + 0.001).contains(&extra),
            "{name}: {extra} s too long"
        );

        let (start, end) = loud_span_seconds(&audio.samples, 0.5);
        assert!(
            (start - delay_seconds - 0.25).abs() < 0.006,
            "{name}: starts at {start}"
        );
        assert!(
            (end - delay_seconds - 0.75).abs() < 0.006,
            "{name}: ends at {end}"
        );

        let middle = &audio.samples[6_000..10_000];
        let level = amplitude(middle, 16_000, 1_000.0);
        assert!((level - 0.5).abs() < 0.03, "{name}: amplitude {level}");
        // Nothing but the tone: its energy accounts for everything.
        let rest = (rms(middle).powi(2) - level.powi(2) / 2.0).max(0.0).sqrt();
        assert!(rest < 0.05, "{name}: {rest} of something else");
    }
}

#[test]
fn the_name_an_upload_was_sent_under_decides_nothing() {
    let limits = DecodeLimits {
        max_audio_seconds: 30.0,
    };
    for hint in [
        None,
        Some("song.wav"),
        Some("audio/flac"),
        Some("../../etc/passwd"),
        Some(""),
    ] {
        let audio = decode(OPUS, hint, limits, &never).expect("content decides");
        assert_eq!(audio, decoded(OPUS), "{hint:?}");
    }
}

#[test]
fn chained_ogg_streams_are_played_one_after_the_other() {
    let chained = [OPUS, include_bytes!("../fixtures/tone-vorbis.ogg"), OPUS].concat();

    let audio = decoded(chained);

    assert!(
        (audio.duration_seconds() - 3.0).abs() < 0.005,
        "{}",
        audio.duration_seconds()
    );
    for second in 0..3 {
        let part = &audio.samples[second * 16_000 + 1_000..(second + 1) * 16_000 - 1_000];
        let (start, _) = loud_span_seconds(part, 0.5);
        assert!(
            (start + 0.0625 - 0.25).abs() < 0.006,
            "second {second} starts at {start}"
        );
    }
}

#[test]
fn an_mp3_cut_out_of_a_broadcast_starts_at_its_first_whole_frame() {
    let mp3 = include_bytes!("../fixtures/tone-vbr.mp3");
    let audio = decoded(&mp3[700..]);
    assert!(
        (0.8..1.1).contains(&audio.duration_seconds()),
        "{}",
        audio.duration_seconds()
    );
}
