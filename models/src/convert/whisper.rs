//! `CTranslate2`'s layout of a Whisper model → whisper.cpp's.
//!
//! `CTranslate2` fuses the query, key and value projections of self-attention (and key and value
//! of cross-attention) into one matrix with the rows stacked; whisper.cpp wants them apart and
//! has no key bias, because Whisper's is zero. Everything else is a matter of names and order.

use std::io::{Read, Seek, Write};

use half::f16;

use super::conversion::{Conversion, ConvertError, Input, malformed};
use super::ctranslate2::{Model, Weights};
use super::ggml::{self, TensorType};
use super::quantise::{BLOCK, q8_0};
use super::{mel, vocabulary};
use crate::form::ModelForm;

/// `CTranslate2`'s `model.bin` in float16 and its `vocabulary.txt`.
pub(super) const CONVERSION: Conversion = Conversion {
    name: "ctranslate2-to-ggml",
    inputs: &[
        Input {
            role: "weights",
            is_joined: true,
        },
        Input {
            role: "vocabulary",
            is_joined: false,
        },
    ],
    forms: &[ModelForm::F16, ModelForm::Q8_0],
    run: |inputs, form, mut out| {
        let vocabulary = inputs.read("vocabulary")?;
        let vocabulary = String::from_utf8_lossy(&vocabulary);
        ctranslate2_to_ggml(inputs.open("weights")?, &vocabulary, form, &mut out)
    },
};

const MAX_LAYERS: u32 = 64;

/// Shape parameters, in the names of whisper.cpp's header.
#[derive(Debug)]
struct Shape {
    vocabulary: i32,
    audio_context: i32,
    audio_heads: i32,
    audio_layers: u32,
    text_context: i32,
    text_heads: i32,
    text_layers: u32,
    state: i32,
    mels: i32,
}

/// Writes the ggml form of `model` with its `vocabulary` text to `out`.
///
/// Weights are read and written a few kilobytes at a time.
pub(super) fn ctranslate2_to_ggml(
    model: impl Read + Seek,
    vocabulary: &str,
    form: ModelForm,
    out: &mut impl Write,
) -> Result<(), ConvertError> {
    let (ftype, matrix) = match form {
        ModelForm::F16 => (ggml::FTYPE_F16, TensorType::F16),
        ModelForm::Q8_0 => (ggml::FTYPE_Q8_0, TensorType::Q8_0),
        other => return malformed(format!("no conversion to {other} is known")),
    };
    let mut model = Model::open(model)?;
    let shape = shape_of(&mut model)?;
    let tokens = vocabulary::listed_tokens(vocabulary, shape.vocabulary as usize)?;
    write_head(&shape, ftype, &tokens, out)?;
    Converter {
        model,
        matrix,
        out,
        state: shape.state as u64,
    }
    .tensors(&shape)
}

fn write_head(
    shape: &Shape,
    ftype: i32,
    tokens: &[Vec<u8>],
    out: &mut impl Write,
) -> Result<(), ConvertError> {
    ggml::write_ints(
        out,
        &[
            ggml::MAGIC,
            shape.vocabulary,
            shape.audio_context,
            shape.state,
            shape.audio_heads,
            shape.audio_layers.cast_signed(),
            shape.text_context,
            shape.state,
            shape.text_heads,
            shape.text_layers.cast_signed(),
            shape.mels,
            ftype,
            shape.mels,
            mel::BINS as i32,
        ],
    )?;
    for value in mel::filters(shape.mels as usize) {
        out.write_all(&value.to_le_bytes())?;
    }
    let count = i32::try_from(tokens.len()).expect("no more tokens than the header's i32 says");
    ggml::write_ints(out, &[count])?;
    for token in tokens {
        let Ok(length) = i32::try_from(token.len()) else {
            return malformed("a token of two gigabytes");
        };
        ggml::write_ints(out, &[length])?;
        out.write_all(token)?;
    }
    Ok(())
}

fn shape_of(model: &mut Model<impl Read + Seek>) -> Result<Shape, ConvertError> {
    let [vocabulary, state] = dims(model, "decoder/embeddings/weight")?;
    let [audio_context, audio_state] = dims(model, "encoder/position_encodings/encodings")?;
    let [text_context, text_state] = dims(model, "decoder/position_encodings/encodings")?;
    let [conv_out, mels, _width] = dims(model, "encoder/conv1/weight")?;
    if [audio_state, text_state, conv_out]
        .iter()
        .any(|other| *other != state)
    {
        return malformed("the encoder and the decoder differ in width");
    }
    if mels != 80 && mels != 128 {
        return malformed(format!("{mels} mel bands, where Whisper has 80 or 128"));
    }
    let mut heads = |side: &str| match model.int16(&format!("{side}/num_heads"))? {
        heads if heads > 0 => Ok(i32::from(heads)),
        heads => malformed(format!("{heads} attention heads in the {side}")),
    };
    let (audio_heads, text_heads) = (heads("encoder")?, heads("decoder")?);
    Ok(Shape {
        vocabulary,
        audio_context,
        audio_heads,
        audio_layers: layers(model, "encoder")?,
        text_context,
        text_heads,
        text_layers: layers(model, "decoder")?,
        state,
        mels,
    })
}

/// The shape of an array of rank `N`.
fn dims<const N: usize>(
    model: &Model<impl Read + Seek>,
    name: &str,
) -> Result<[i32; N], ConvertError> {
    let dims = model.weights(name)?.dims;
    let small: Option<Vec<i32>> = dims
        .iter()
        .map(|dim| i32::try_from(*dim).ok().filter(|dim| *dim > 0))
        .collect();
    match small.and_then(|dims| dims.try_into().ok()) {
        Some(dims) => Ok(dims),
        None => malformed(format!(
            "{name} has the shape {dims:?}, expected {N} dimensions"
        )),
    }
}

fn layers(model: &Model<impl Read + Seek>, side: &str) -> Result<u32, ConvertError> {
    let count = (0..=MAX_LAYERS)
        .take_while(|i| model.has(&format!("{side}/layer_{i}/ffn/linear_0/weight")))
        .count() as u32;
    if count == 0 || count > MAX_LAYERS {
        return malformed(format!("{count} layers in the {side}"));
    }
    Ok(count)
}

/// Writes tensors one after the other.
struct Converter<'a, R, W> {
    model: Model<R>,
    /// How two-dimensional weights are stored; everything smaller stays `f32`.
    matrix: TensorType,
    out: &'a mut W,
    /// Width of the model.
    state: u64,
}

impl<R: Read + Seek, W: Write> Converter<'_, R, W> {
    /// All tensors, in the order of the published files.
    fn tensors(&mut self, shape: &Shape) -> Result<(), ConvertError> {
        for side in ["decoder", "encoder"] {
            let positions = self
                .model
                .weights(&format!("{side}/position_encodings/encodings"))?;
            let name = format!("{side}.positional_embedding");
            self.put(&name, TensorType::F32, &positions)?;
        }
        let embedding = self.model.weights("decoder/embeddings/weight")?;
        self.put("decoder.token_embedding.weight", self.matrix, &embedding)?;
        for layer in 0..shape.text_layers {
            self.block("decoder", layer)?;
        }
        self.layer_norm("decoder.ln", "decoder/layer_norm")?;
        for conv in ["conv1", "conv2"] {
            let kernel = self.model.weights(&format!("encoder/{conv}/weight"))?;
            self.put(&format!("encoder.{conv}.weight"), TensorType::F16, &kernel)?;
            let mut bias = self.model.weights(&format!("encoder/{conv}/bias"))?;
            // whisper.cpp adds it to a two-dimensional activation, one value a row.
            bias.dims.push(1);
            self.put(&format!("encoder.{conv}.bias"), TensorType::F32, &bias)?;
        }
        for layer in 0..shape.audio_layers {
            self.block("encoder", layer)?;
        }
        self.layer_norm("encoder.ln_post", "encoder/layer_norm")
    }

    fn block(&mut self, side: &str, layer: u32) -> Result<(), ConvertError> {
        let to = format!("{side}.blocks.{layer}");
        let from = format!("{side}/layer_{layer}");
        self.layer_norm(&format!("{to}.mlp_ln"), &format!("{from}/ffn/layer_norm"))?;
        self.linear(&format!("{to}.mlp.0"), &format!("{from}/ffn/linear_0"))?;
        self.linear(&format!("{to}.mlp.2"), &format!("{from}/ffn/linear_1"))?;

        let own = format!("{from}/self_attention");
        self.layer_norm(&format!("{to}.attn_ln"), &format!("{own}/layer_norm"))?;
        let attention = format!("{to}.attn");
        self.projection(&attention, "query", &format!("{own}/linear_0"), 0, 3)?;
        self.projection(&attention, "key", &format!("{own}/linear_0"), 1, 3)?;
        self.projection(&attention, "value", &format!("{own}/linear_0"), 2, 3)?;
        self.linear(&format!("{attention}.out"), &format!("{own}/linear_1"))?;

        if side == "decoder" {
            let cross = format!("{from}/attention");
            self.layer_norm(
                &format!("{to}.cross_attn_ln"),
                &format!("{cross}/layer_norm"),
            )?;
            let attention = format!("{to}.cross_attn");
            self.projection(&attention, "query", &format!("{cross}/linear_0"), 0, 1)?;
            self.projection(&attention, "key", &format!("{cross}/linear_1"), 0, 2)?;
            self.projection(&attention, "value", &format!("{cross}/linear_1"), 1, 2)?;
            self.linear(&format!("{attention}.out"), &format!("{cross}/linear_2"))?;
        }
        Ok(())
    }

    fn layer_norm(&mut self, to: &str, from: &str) -> Result<(), ConvertError> {
        let gamma = self.model.weights(&format!("{from}/gamma"))?;
        self.put(&format!("{to}.weight"), TensorType::F32, &gamma)?;
        let beta = self.model.weights(&format!("{from}/beta"))?;
        self.put(&format!("{to}.bias"), TensorType::F32, &beta)
    }

    fn linear(&mut self, to: &str, from: &str) -> Result<(), ConvertError> {
        let weight = self.model.weights(&format!("{from}/weight"))?;
        self.put(&format!("{to}.weight"), self.matrix, &weight)?;
        let bias = self.model.weights(&format!("{from}/bias"))?;
        self.put(&format!("{to}.bias"), TensorType::F32, &bias)
    }

    /// Part `index` of `parts` stacked projections.
    fn projection(
        &mut self,
        attention: &str,
        role: &str,
        from: &str,
        index: u64,
        parts: u64,
    ) -> Result<(), ConvertError> {
        let start = index * self.state;
        let weight = self.model.weights(&format!("{from}/weight"))?;
        let bias = self.model.weights(&format!("{from}/bias"))?;
        if weight.dims != [parts * self.state, self.state] || bias.dims != [parts * self.state] {
            return malformed(format!(
                "{from} has the shape {:?}, expected {parts} projections of width {}",
                weight.dims, self.state
            ));
        }
        let to = format!("{attention}.{role}");
        self.put(
            &format!("{to}.weight"),
            self.matrix,
            &weight.rows(start, self.state)?,
        )?;
        let bias = bias.rows(start, self.state)?;
        if role != "key" {
            return self.put(&format!("{to}.bias"), TensorType::F32, &bias);
        }
        self.model.stream(&bias, |bytes| {
            if f16s(bytes).all(|value| value == 0.0) {
                Ok(())
            } else {
                malformed(format!(
                    "{from} has a key bias, which whisper.cpp has no place for"
                ))
            }
        })
    }

    fn put(&mut self, name: &str, kind: TensorType, weights: &Weights) -> Result<(), ConvertError> {
        let dims: Option<Vec<i32>> = weights
            .dims
            .iter()
            .rev()
            .map(|dim| i32::try_from(*dim).ok())
            .collect();
        let Some(dims) = dims.filter(|dims| !dims.is_empty() && !dims.contains(&0)) else {
            return malformed(format!("{name} would have the shape {:?}", weights.dims));
        };
        if kind == TensorType::Q8_0 && !dims[0].unsigned_abs().is_multiple_of(BLOCK as u32) {
            return malformed(format!("{name}: rows of {} can't be quantised", dims[0]));
        }
        ggml::write_tensor_header(self.out, name, kind, &dims)?;
        let out = &mut *self.out;
        self.model.stream(weights, |bytes| {
            match kind {
                TensorType::F16 => out.write_all(bytes)?,
                TensorType::F32 => {
                    for value in f16s(bytes) {
                        out.write_all(&value.to_le_bytes())?;
                    }
                }
                TensorType::Q8_0 => {
                    for chunk in bytes.chunks_exact(2 * BLOCK) {
                        let mut block = [0.0; BLOCK];
                        for (to, from) in block.iter_mut().zip(f16s(chunk)) {
                            *to = from;
                        }
                        out.write_all(&q8_0(&block))?;
                    }
                }
            }
            Ok(())
        })
    }
}

fn f16s(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes
        .chunks_exact(2)
        .map(|pair| f16::from_le_bytes([pair[0], pair[1]]).to_f32())
}
