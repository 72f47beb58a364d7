use super::*;

const RATE_HZ: u32 = 24_000;
const PCM: AudioFormatName = AudioFormatName::Pcm {
    sample_rate_hz: RATE_HZ,
};
/// One to fifteen seconds long, with any voice.
const TEXT: &str = "The birch canoe slid on the smooth planks.";

/// Two seconds of a tone of this amplitude, cut off at full scale.
fn tone(amplitude: f64) -> Vec<f64> {
    (0..2 * RATE_HZ)
        .map(|it| f64::from(it) / f64::from(RATE_HZ))
        .map(|time| amplitude * (std::f64::consts::TAU * 220.0 * time).sin())
        .map(|it| it.clamp(-1.0, 1.0))
        .collect()
}

fn pcm(samples: &[f64]) -> Vec<u8> {
    samples
        .iter()
        .flat_map(|it| ((it * 32_767.0) as i16).to_le_bytes())
        .collect()
}

fn wav(samples: &[f64]) -> Vec<u8> {
    let data = pcm(samples);
    let len = data.len() as u32;
    let header: [&[u8]; 9] = [
        b"RIFF",
        &(len + 36).to_le_bytes(),
        b"WAVEfmt \x10\0\0\0\x01\0\x01\0",
        &RATE_HZ.to_le_bytes(),
        &(RATE_HZ * 2).to_le_bytes(),
        b"\x02\0\x10\0",
        b"data",
        &len.to_le_bytes(),
        &data,
    ];
    header.concat()
}

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../../audio/src/fixtures/", $name)).as_slice()
    };
}

#[track_caller]
fn fault(body: &[u8], format: AudioFormatName) -> SpeechFault {
    check(body, format, TEXT).expect_err("this is no speech")
}

#[test]
fn sound_of_the_right_length_passes() {
    for (body, format) in [
        (pcm(&tone(0.5)), PCM),
        (wav(&tone(0.5)), AudioFormatName::Wav),
    ] {
        let heard = check(&body, format, TEXT).expect("this may be speech");
        assert!((heard.audio_seconds - 2.0).abs() < 0.01, "{heard:?}");
        assert_eq!(heard.sample_rate_hz, RATE_HZ);
        assert!((heard.peak - 0.5).abs() < 0.01, "{heard:?}");
        assert!((heard.rms_dbfs + 9.03).abs() < 0.1, "{heard:?}");
    }
}

#[test]
fn every_format_is_read() {
    // A second with half a second of a tone in the middle.
    for (body, format, rate_hz) in [
        (fixture!("tone-vbr.mp3"), AudioFormatName::Mp3, 48_000),
        (fixture!("tone-id3.mp3"), AudioFormatName::Mp3, 44_100),
        (fixture!("tone-8k.mp3"), AudioFormatName::Mp3, 8_000),
        (fixture!("tone-opus.ogg"), AudioFormatName::Opus, 48_000),
        (fixture!("tone-aac.aac"), AudioFormatName::Aac, 44_100),
        (fixture!("tone-flac.flac"), AudioFormatName::Flac, 44_100),
    ] {
        let heard = check(body, format, "Good evening.").expect("this may be speech");
        assert!((0.9..1.2).contains(&heard.audio_seconds), "{heard:?}");
        assert_eq!(heard.sample_rate_hz, rate_hz, "{format}");
        assert!((0.4..0.6).contains(&heard.peak), "{format}: {heard:?}");
        assert!((-13.5..-11.0).contains(&heard.rms_dbfs), "{heard:?}");
    }
}

#[test]
fn another_format_than_the_one_asked_for_is_a_fault() {
    use AudioFormatName::{Aac, Flac, Mp3, Opus, Wav};
    let wav = wav(&tone(0.5));
    for (body, asked, found) in [
        (wav.as_slice(), Mp3, "wav"),
        (&wav, Opus, "wav"),
        (&wav, PCM, "wav"),
        (fixture!("tone-vbr.mp3"), Wav, "mp3"),
        (fixture!("tone-vbr.mp3"), Aac, "mp3"),
        (fixture!("tone-id3.mp3"), PCM, "mp3"),
        (fixture!("tone-aac.aac"), Mp3, "aac"),
        (fixture!("tone-flac.flac"), Wav, "flac"),
        (fixture!("tone-flac.oga"), Flac, "Ogg FLAC"),
        (fixture!("tone-vorbis.ogg"), Opus, "Ogg Vorbis"),
        (fixture!("tone-opus.ogg"), PCM, "Ogg"),
        (fixture!("tone-adpcm.wav"), Wav, "WAV of compressed samples"),
        // The right codec in another container.
        (fixture!("tone-aac.m4a"), Aac, "something else"),
        (fixture!("tone-opus.webm"), Opus, "something else"),
    ] {
        match check(body, asked, "Good evening.") {
            Err(SpeechFault::WrongFormat { asked: a, found: f }) => {
                assert_eq!((a, f), (asked, found));
            }
            other => panic!("{asked} {found}: {other:?}"),
        }
    }
}

#[test]
fn what_is_no_audio_does_not_decode() {
    let error = br#"{"error": {"message": "The server is overloaded"}}"#;
    let head_of_flac = &fixture!("tone-flac.flac")[..60];
    for body in [
        b"".as_slice(),
        error,
        b"RIFF",
        b"OggS",
        b"fLaC",
        b"ID3",
        head_of_flac,
    ] {
        for format in [AudioFormatName::Mp3, AudioFormatName::Flac] {
            let fault = fault(body, format);
            assert!(
                matches!(
                    fault,
                    SpeechFault::DoesNotDecode(_) | SpeechFault::WrongFormat { .. }
                ),
                "{body:?}: {fault:?}"
            );
        }
    }
    assert!(matches!(
        fault(head_of_flac, AudioFormatName::Flac),
        SpeechFault::DoesNotDecode(_)
    ));
    for bytes in [0, 1, 48_001] {
        let fault = fault(&vec![0; bytes], PCM);
        assert!(
            matches!(fault, SpeechFault::NoSamples { bytes: b } if b == bytes),
            "{fault:?}"
        );
    }
}

#[test]
fn a_file_that_ends_too_early_is_too_short_for_its_text() {
    let wav = wav(&tone(0.5));
    for (body, format) in [
        (&wav[..wav.len() / 4], AudioFormatName::Wav),
        (&pcm(&tone(0.5))[..20_000], PCM),
        (fixture!("tone-flac.flac"), AudioFormatName::Flac),
    ] {
        let long = TEXT.repeat(3);
        match check(body, format, &long) {
            Err(SpeechFault::ImplausibleDuration {
                audio_seconds,
                expected,
            }) => assert!(audio_seconds < expected.shortest_seconds),
            other => panic!("{format}: {other:?}"),
        }
    }
}

#[test]
fn audio_that_does_not_end_is_too_long() {
    // Ten minutes of a few KB are not decoded to the end.
    let endless = fixture!("silence-10min.flac");
    for (body, format) in [
        (endless, AudioFormatName::Flac),
        (&pcm(&vec![0.1; 40 * RATE_HZ as usize]), PCM),
    ] {
        match check(body, format, TEXT) {
            Err(SpeechFault::ImplausibleDuration {
                audio_seconds,
                expected,
            }) => {
                assert!(audio_seconds > expected.longest_seconds);
                assert!(audio_seconds < 100.0);
            }
            other => panic!("{format}: {other:?}"),
        }
    }
}

#[test]
fn silence_is_no_speech() {
    for amplitude in [0.0, 0.0005] {
        let samples = tone(amplitude);
        for (body, format) in [(pcm(&samples), PCM), (wav(&samples), AudioFormatName::Wav)] {
            let fault = fault(&body, format);
            assert!(
                matches!(fault, SpeechFault::Silent { rms_dbfs } if rms_dbfs < -55.0),
                "{fault:?}"
            );
        }
    }
}

#[test]
fn clipping_is_found_at_any_rate() {
    for amplitude in [1.2, 2.0, 100.0] {
        let samples = tone(amplitude);
        for (body, format) in [(pcm(&samples), PCM), (wav(&samples), AudioFormatName::Wav)] {
            let fault = fault(&body, format);
            assert!(
                matches!(fault, SpeechFault::Clipped { share } if share > 0.1),
                "{amplitude}: {fault:?}"
            );
        }
    }
}

#[test]
fn a_few_peaks_at_full_scale_are_not_clipped() {
    let mut samples = tone(0.6);
    for sample in samples.iter_mut().step_by(1_000) {
        *sample = 1.0;
    }
    let heard = check(&pcm(&samples), PCM, TEXT).expect("this may be speech");
    assert!((heard.peak - 1.0).abs() < 0.001);
}

#[test]
fn durations_of_speakers_are_plausible() {
    for (text, seconds) in [
        ("Hi.", 0.25),
        ("Hi.", 2.0),
        (TEXT, 1.5),
        (TEXT, 2.6),
        (TEXT, 6.0),
        // Numbers are longer than they look.
        ("777,777", 4.5),
        ("$1,999.99", 5.0),
        ("WWW", 2.5),
        ("今天天气很好", 1.2),
        ("おはようございます", 1.1),
        ("안녕하세요 세계", 1.3),
        ("", 0.2),
    ] {
        let bounds = bounds(text);
        assert!(bounds.contain(seconds), "{text}: {seconds} s, {bounds}");
    }
}

#[test]
fn durations_of_other_texts_are_not() {
    for (text, seconds) in [
        ("Hi.", 0.01),
        ("Hi.", 7.0),
        (TEXT, 0.5),
        (TEXT, 20.0),
        ("今天天气很好", 0.2),
        ("今天天气很好", 12.0),
    ] {
        let bounds = bounds(text);
        assert!(!bounds.contain(seconds), "{text}: {seconds} s, {bounds}");
    }
}

#[test]
fn faults_say_what_is_wrong() {
    let silent = fault(&pcm(&tone(0.0)), PCM).to_string();
    assert_eq!(silent, "it is silent (-inf dBFS)");
    let other = fault(fixture!("tone-vbr.mp3"), AudioFormatName::Wav).to_string();
    assert_eq!(other, "wav was asked for, and it is mp3");
    let short = fault(&pcm(&tone(0.5)[..2_400]), PCM).to_string();
    assert!(
        short.starts_with("0.10 s is no plausible duration for the text, 0."),
        "{short}"
    );
}
