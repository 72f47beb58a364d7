//! Conversions of made-up models.

use std::io::{Cursor, Write as _};

use half::f16;
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::ConvertError;
use super::silero::silero_to_ggml;
use super::whisper::ctranslate2_to_ggml;
use crate::form::ModelForm;

#[allow(dead_code, reason = "the tests of the real files read the rest")]
#[path = "../../tests/it/support/ggml.rs"]
mod ggml;
#[path = "../../tests/it/support/tiny_whisper.rs"]
mod tiny_whisper;

use ggml::Tensor;
use tiny_whisper::{STATE, element};

fn convert(model: &[u8], vocabulary: &str, form: ModelForm) -> Result<Vec<u8>, ConvertError> {
    let mut out = Vec::new();
    ctranslate2_to_ggml(Cursor::new(model), vocabulary, form, &mut out).map(|()| out)
}

fn converted(form: ModelForm) -> (ggml::Head, Vec<Tensor>) {
    let file = convert(&tiny_whisper::model(), &tiny_whisper::vocabulary(), form).unwrap();
    ggml::whisper(&file)
}

fn find<'a>(tensors: &'a [Tensor], name: &str) -> &'a Tensor {
    tensors.iter().find(|tensor| tensor.name == name).unwrap()
}

fn halves(source: &str, elements: std::ops::Range<u32>) -> Vec<f16> {
    elements.map(|i| element(source, i)).collect()
}

#[test]
fn the_head_has_the_shape_the_filters_and_the_plain_tokens() {
    let (head, _) = converted(ModelForm::F16);
    assert_eq!(head.numbers, [40, 4, 32, 2, 1, 3, 32, 2, 1, 80, 1]);
    assert_eq!(head.filters.len(), 80 * 201);
    assert_eq!(head.tokens.len(), 30);
    assert_eq!(head.tokens[1], b" B");
}

#[test]
fn fused_projections_are_split_and_the_key_bias_is_left_out() {
    let (_, tensors) = converted(ModelForm::F16);
    let square = STATE * STATE;
    for (name, source, start) in [
        (
            "encoder.blocks.0.attn.query.weight",
            "encoder/layer_0/self_attention/linear_0/weight",
            0,
        ),
        (
            "encoder.blocks.0.attn.key.weight",
            "encoder/layer_0/self_attention/linear_0/weight",
            1,
        ),
        (
            "decoder.blocks.0.attn.value.weight",
            "decoder/layer_0/self_attention/linear_0/weight",
            2,
        ),
        (
            "decoder.blocks.0.cross_attn.query.weight",
            "decoder/layer_0/attention/linear_0/weight",
            0,
        ),
        (
            "decoder.blocks.0.cross_attn.value.weight",
            "decoder/layer_0/attention/linear_1/weight",
            1,
        ),
    ] {
        let expected: Vec<u8> = halves(source, start * square..(start + 1) * square)
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        assert!(
            find(&tensors, name).data == expected,
            "{name} is not rows {start} of {source}"
        );
    }
    assert!(
        !tensors
            .iter()
            .any(|tensor| tensor.name.ends_with("key.bias"))
    );
}

#[test]
fn vectors_and_positions_become_f32() {
    let (_, tensors) = converted(ModelForm::F16);
    for (name, source, dims) in [
        (
            "decoder.positional_embedding",
            "decoder/position_encodings/encodings",
            vec![32, 3],
        ),
        ("encoder.conv2.bias", "encoder/conv2/bias", vec![1, 32]),
        (
            "encoder.ln_post.weight",
            "encoder/layer_norm/gamma",
            vec![32],
        ),
    ] {
        let tensor = find(&tensors, name);
        assert_eq!((tensor.kind, &tensor.dims), (0, &dims), "{name}");
        let count = dims.iter().product::<i32>().unsigned_abs();
        let expected: Vec<u8> = halves(source, 0..count)
            .iter()
            .flat_map(|x| x.to_f32().to_le_bytes())
            .collect();
        assert!(tensor.data == expected, "{name}");
    }
}

#[test]
fn q8_0_is_for_matrices_only() {
    let (head, quantised) = converted(ModelForm::Q8_0);
    assert_eq!(head.numbers[10], 2007);
    let (_, plain) = converted(ModelForm::F16);
    assert_eq!(quantised.len(), plain.len());
    for (quantised, plain) in quantised.iter().zip(&plain) {
        let matrix = plain.kind == 1 && plain.dims.len() == 2;
        assert_eq!(
            (&quantised.name, &quantised.dims),
            (&plain.name, &plain.dims)
        );
        if matrix {
            assert_eq!(quantised.kind, 8, "{}", plain.name);
        } else {
            assert!(
                quantised.kind == plain.kind && quantised.data == plain.data,
                "{}",
                plain.name
            );
        }
    }
}

#[test]
fn a_key_bias_is_refused() {
    let source = "encoder/layer_0/self_attention/linear_0/bias";
    let mut model = tiny_whisper::model();
    let name = model
        .windows(source.len())
        .position(|part| part == source.as_bytes())
        .unwrap();
    // After the name: its zero, the rank, one dimension, the type, the length.
    let data = name + source.len() + 1 + 1 + 4 + 1 + 4;
    model[data + 2 * STATE as usize] = 1;
    let error = convert(&model, &tiny_whisper::vocabulary(), ModelForm::F16).unwrap_err();
    assert!(error.to_string().contains("key bias"), "{error}");
}

#[test]
fn other_models_and_recipes_are_refused() {
    let (model, vocabulary) = (tiny_whisper::model(), tiny_whisper::vocabulary());
    let mut other_spec = model.clone();
    other_spec[6] = b'w';
    let mut other_version = model.clone();
    other_version[0] = 5;
    for (model, form, why) in [
        (&other_spec, ModelForm::F16, "\"whisperSpec\""),
        (&other_version, ModelForm::F16, "version 5"),
        (&Vec::new(), ModelForm::F16, "ends inside its index"),
        (&model, ModelForm::Q5_0, "no conversion to q5_0"),
    ] {
        let error = convert(model, &vocabulary, form).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

/// A zip file with the tensors of a made-up detector.
fn silero_archive() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("some_name/data.pkl", stored).unwrap();
    let elements = [
        258 * 256,
        128 * 129 * 3,
        128,
        64 * 128 * 3,
        64,
        64 * 64 * 3,
        64,
        128 * 64 * 3,
        128,
        512 * 128,
        512 * 128,
        512,
        512,
        128,
        1,
    ];
    for (i, count) in elements.iter().enumerate() {
        zip.start_file(format!("some_name/data/{}", i + 2), stored)
            .unwrap();
        let value = (i as f32 + 2.0).to_le_bytes();
        zip.write_all(&value.repeat(*count)).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn the_detector_has_its_tensors_in_order() {
    let mut out = Vec::new();
    silero_to_ggml(&silero_archive(), &mut out).unwrap();
    let (numbers, tensors) = ggml::vad(&out);
    assert_eq!(numbers[..6], [6, 2, 0, 512, 64, 4]);
    // Each made-up tensor is filled with its number in the archive.
    let filled_with: Vec<f32> = tensors
        .iter()
        .map(|tensor| match tensor.kind {
            0 => f32::from_le_bytes(tensor.data[..4].try_into().unwrap()),
            _ => f16::from_le_bytes(tensor.data[..2].try_into().unwrap()).to_f32(),
        })
        .collect();
    let expected: Vec<f32> = (3_u8..=16).chain([2]).map(f32::from).collect();
    assert_eq!(filled_with, expected);
}

#[test]
fn a_detector_with_a_tensor_missing_or_of_another_size_is_refused() {
    let archive = silero_archive();
    for (name, other) in [
        (&b"data/16"[..], &b"data/99"[..]),
        (b"data.pkl", b"data.txt"),
    ] {
        let mut bytes = archive.clone();
        while let Some(at) = bytes.windows(name.len()).position(|part| part == name) {
            bytes[at..at + name.len()].copy_from_slice(other);
        }
        assert!(silero_to_ggml(&bytes, &mut Vec::new()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_truncated_model_is_an_error(part in 0.0..1.0_f64) {
        let model = tiny_whisper::model();
        // The aliases at the end are not read.
        let needed = model.len() - 64;
        let cut = &model[..(needed as f64 * part) as usize];
        prop_assert!(convert(cut, &tiny_whisper::vocabulary(), ModelForm::F16).is_err());
    }

    #[test]
    fn flipped_bytes_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), 1..=u8::MAX), 1..20)) {
        let mut model = tiny_whisper::model();
        for (at, mask) in flips {
            let at = at.index(model.len());
            model[at] ^= mask;
        }
        let _ = convert(&model, &tiny_whisper::vocabulary(), ModelForm::Q8_0);
    }

    /// The index has all that can go wrong: the same, aimed at it.
    #[test]
    fn flipped_bytes_in_headers_never_panic(header in any::<prop::sample::Index>(), offset in 0..24_usize, value in any::<u8>()) {
        let mut model = tiny_whisper::model();
        let ends: Vec<_> = model
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair[0].is_ascii_lowercase() && pair[1] == 0)
            .map(|(at, _)| at)
            .collect();
        let at = ends[header.index(ends.len())] + offset;
        if let Some(byte) = model.get_mut(at) {
            *byte = value;
        }
        let _ = convert(&model, &tiny_whisper::vocabulary(), ModelForm::F16);
    }

    #[test]
    fn any_vocabulary_never_panics(text in "\\PC{0,200}") {
        let _ = convert(&tiny_whisper::model(), &text, ModelForm::F16);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_damaged_detector_never_panics(cut in 0.0..1.0_f64, at in any::<prop::sample::Index>(), mask in any::<u8>()) {
        let mut archive = silero_archive();
        let at = at.index(archive.len());
        archive[at] ^= mask;
        let _ = silero_to_ggml(&archive, &mut Vec::new());
        let kept = (archive.len() as f64 * cut) as usize;
        let _ = silero_to_ggml(&archive[..kept], &mut Vec::new());
    }
}
