//! WAV: every sample layout, and headers as recorders really write them.

use super::signal::{amplitude, float_wav, format_chunk, tone, wav};
use super::{decoded, invalid, unsupported};

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;

/// A quarter second of a 1 kHz tone at amplitude 0.5.
fn signal() -> Vec<f32> {
    tone(16_000, 0.25, 1_000.0, 0.5)
}

fn s16_bytes(samples: &[f32]) -> Vec<u8> {
    samples
        .iter()
        .flat_map(|sample| ((sample * 32_767.0) as i16).to_le_bytes())
        .collect()
}

/// G.711 by search: the code word whose value is nearest.
fn companded(sample: f32, expand: fn(u8) -> f32) -> u8 {
    (0..=u8::MAX)
        .min_by(|a, b| {
            (expand(*a) - sample)
                .abs()
                .total_cmp(&(expand(*b) - sample).abs())
        })
        .expect("there are 256 code words")
}

#[test]
fn every_sample_layout_gives_the_same_tone() {
    use crate::companding::{a_law, mu_law};
    type Encode = fn(f32) -> Vec<u8>;
    let layouts: [(&str, u16, u16, Encode); 8] = [
        ("u8", PCM, 8, |x| vec![(x * 127.0 + 128.0) as u8]),
        ("s16", PCM, 16, |x| {
            ((x * 32_767.0) as i16).to_le_bytes().to_vec()
        }),
        ("s24", PCM, 24, |x| {
            ((x * 8_388_607.0) as i32).to_le_bytes()[..3].to_vec()
        }),
        ("s32", PCM, 32, |x| {
            ((f64::from(x) * 2_147_483_647.0) as i32)
                .to_le_bytes()
                .to_vec()
        }),
        ("f32", FLOAT, 32, |x| x.to_le_bytes().to_vec()),
        ("f64", FLOAT, 64, |x| f64::from(x).to_le_bytes().to_vec()),
        ("A-law", A_LAW, 8, |x| vec![companded(x, a_law)]),
        ("µ-law", MU_LAW, 8, |x| vec![companded(x, mu_law)]),
    ];
    for (name, tag, bits, encode) in layouts {
        let data: Vec<u8> = signal().into_iter().flat_map(encode).collect();

        let audio = decoded(wav(
            &format_chunk(tag, 1, 16_000, bits),
            data.len() as u32,
            &data,
        ));

        assert_eq!(audio.samples.len(), 4_000, "{name}");
        for (ours, original) in audio.samples.iter().zip(signal()) {
            assert!(
                (ours - original).abs() < 0.02,
                "{name}: {ours} is not {original}"
            );
        }
    }
}

#[test]
fn extensible_headers_name_their_format_in_the_sub_format() {
    let mut format = format_chunk(0xfffe, 1, 16_000, 16);
    // Size of the extension, valid bits, channel mask, then the GUID of PCM.
    format.extend([22, 0, 16, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x10, 0]);
    format.extend([0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    let data = s16_bytes(&signal());
    assert_eq!(
        decoded(wav(&format, data.len() as u32, &data))
            .samples
            .len(),
        4_000
    );
}

#[test]
fn a_size_that_cannot_be_true_means_to_the_end_of_the_file() {
    let data = s16_bytes(&signal());
    for claimed in [0, u32::MAX, 0x7fff_ffff, data.len() as u32 + 1] {
        let file = wav(&format_chunk(PCM, 1, 16_000, 16), claimed, &data);
        assert_eq!(decoded(file).samples.len(), 4_000, "claimed {claimed}");
    }
}

#[test]
fn what_stands_behind_the_data_chunk_is_not_sound() {
    let data = s16_bytes(&signal());
    let mut file = wav(&format_chunk(PCM, 1, 16_000, 16), data.len() as u32, &data);
    file.extend(b"LIST\x04\x00\x00\x00INFO");
    assert_eq!(decoded(file).samples.len(), 4_000);
}

#[test]
fn chunks_before_the_format_are_skipped_with_their_padding() {
    let data = s16_bytes(&signal());
    let plain = wav(&format_chunk(PCM, 1, 16_000, 16), data.len() as u32, &data);
    let file = [&plain[..12], b"junk\x03\x00\x00\x00abc\x00", &plain[12..]].concat();
    assert_eq!(decoded(file).samples.len(), 4_000);
}

#[test]
fn rf64_files_carry_their_size_in_a_chunk_of_its_own() {
    let data = s16_bytes(&signal());
    let plain = wav(&format_chunk(PCM, 1, 16_000, 16), u32::MAX, &data);
    let mut sizes = b"ds64\x18\x00\x00\x00".to_vec();
    for size in [0_u64, data.len() as u64, 4_000] {
        sizes.extend(size.to_le_bytes());
    }
    let file = [
        b"RF64",
        &plain[4..12],
        &sizes,
        &plain[12..],
        b"LIST\x04\x00\x00\x00INFO",
    ]
    .concat();
    assert_eq!(decoded(file).samples.len(), 4_000);
}

#[test]
fn channels_are_averaged() {
    for channels in [2_u16, 3, 6, 64] {
        // The tone is on the first channel only.
        let frames: Vec<f32> = signal()
            .into_iter()
            .flat_map(|sample| {
                (0..channels).map(move |channel| if channel == 0 { sample } else { 0.0 })
            })
            .collect();
        let audio = decoded(float_wav(16_000, channels, &frames));
        let level = amplitude(&audio.samples, 16_000, 1_000.0);
        assert!(
            (level * f64::from(channels) - 0.5).abs() < 0.001,
            "{channels}: {level}"
        );
    }
}

#[test]
fn samples_at_the_output_rate_pass_unchanged() {
    assert_eq!(decoded(float_wav(16_000, 1, &signal())).samples, signal());
}

#[test]
fn non_finite_and_oversized_samples_are_tamed() {
    let wild = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        3.0e38,
        -7.0,
        0.25,
    ];
    let tame = [0.0, 0.0, 0.0, 1.0, -1.0, 0.25];
    assert_eq!(decoded(float_wav(16_000, 1, &wild)).samples, tame);
    // Through the filter as well: one NaN must not smear over a block.
    let mut long = tone(48_000, 0.5, 440.0, 1.0);
    long[5_000] = f32::NAN;
    assert!(
        decoded(float_wav(48_000, 1, &long))
            .samples
            .iter()
            .all(|x| x.abs() <= 1.0)
    );
}

#[test]
fn impossible_headers_are_invalid() {
    let data = s16_bytes(&signal());
    for (name, tag, channels, rate_hz, bits) in [
        ("no rate", PCM, 1, 0, 16),
        ("a rate beyond any recorder", PCM, 1, 768_001, 16),
        ("the largest rate", PCM, 1, u32::MAX, 16),
        (
            "a rate that shares nothing with the output's",
            PCM,
            1,
            191_999,
            16,
        ),
        ("no channels", PCM, 0, 16_000, 16),
        ("too many channels", PCM, 65_535, 16_000, 16),
        ("no width", PCM, 1, 16_000, 0),
        ("an odd width", PCM, 1, 16_000, 56),
        ("half floats", FLOAT, 1, 16_000, 16),
    ] {
        let file = wav(
            &format_chunk(tag, channels, rate_hz, bits),
            data.len() as u32,
            &data,
        );
        let message = invalid(file);
        assert!(
            message.contains("could not be decoded"),
            "{name}: {message}"
        );
    }
}

#[test]
fn a_codec_nobody_sends_is_unsupported() {
    let message = unsupported(wav(&format_chunk(0x31, 1, 8_000, 8), 4, &[0; 4]));
    assert!(message.contains("0x0031"), "{message}");
}

#[test]
fn a_header_without_sound_is_invalid() {
    let header = wav(&format_chunk(PCM, 1, 16_000, 16), 0, &[]);
    for len in [12, 20, 36, 40, 44] {
        invalid(header[..len].to_vec());
    }
    // One byte is half a sample.
    invalid([&header[..], &[1]].concat());
}
