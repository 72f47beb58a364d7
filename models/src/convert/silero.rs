//! Silero's voice activity detector: the `TorchScript` archive of its package → whisper.cpp's
//! VAD file.
//!
//! Not the `safetensors` that lies beside it in the package: that holds other weights than the
//! archive and the ONNX files, which are what Silero itself runs.

use std::io::{Cursor, Read, Write};

use half::f16;
use zip::ZipArchive;

use super::conversion::{Conversion, ConvertError, Input, malformed};
use super::ggml::{self, TensorType};
use crate::form::ModelForm;

/// Silero's `TorchScript` archive.
pub(super) const CONVERSION: Conversion = Conversion {
    name: "silero-torchscript-to-ggml",
    inputs: &[Input {
        role: "weights",
        is_joined: false,
    }],
    forms: &[ModelForm::None],
    run: |inputs, _, mut out| silero_to_ggml(&inputs.read("weights")?, &mut out),
};

const MODEL_TYPE: &str = "silero-16k";
/// The release whose weights these are. whisper.cpp only reports it; it is what the published
/// file says, too.
const VERSION: [i32; 3] = [6, 2, 0];
/// New samples in each step, and samples of the step before that are seen again.
const WINDOW_SAMPLES: i32 = 512;
const CONTEXT_SAMPLES: i32 = 64;
const KERNEL: usize = 3;
const STFT_SAMPLES: usize = 256;
const STFT_CHANNELS: usize = 258;
/// Channels in and out of the four encoder layers.
const ENCODER: [(usize, usize); 4] = [(129, 128), (128, 64), (64, 64), (64, 128)];
const LSTM: usize = 128;

/// Writes the ggml form of `input`, a `silero_vad.jit`, to `out`.
///
/// The archive numbers its tensors. The numbers of the 16 kHz model are known here instead of
/// being worked out from the pickled program beside them, because the catalogue pins the file.
pub(super) fn silero_to_ggml(input: &[u8], out: &mut impl Write) -> Result<(), ConvertError> {
    let mut archive = Archive::open(input)?;
    write_head(out)?;
    let mut put = |name: &str, number: usize, shape: &[usize], kind| {
        put(&mut archive, out, name, number, shape, kind)
    };
    for (i, (inputs, outputs)) in ENCODER.iter().enumerate() {
        let to = format!("_model.encoder.{i}.reparam_conv");
        let kernel = [*outputs, *inputs, KERNEL];
        put(&format!("{to}.weight"), 3 + 2 * i, &kernel, TensorType::F16)?;
        put(
            &format!("{to}.bias"),
            4 + 2 * i,
            &[*outputs],
            TensorType::F32,
        )?;
    }
    for (number, part, shape) in [
        (11, "weight_ih", &[4 * LSTM, LSTM][..]),
        (12, "weight_hh", &[4 * LSTM, LSTM]),
        (13, "bias_ih", &[4 * LSTM]),
        (14, "bias_hh", &[4 * LSTM]),
    ] {
        put(
            &format!("_model.decoder.rnn.{part}"),
            number,
            shape,
            TensorType::F32,
        )?;
    }
    put(
        "_model.decoder.decoder.2.weight",
        15,
        &[1, LSTM, 1],
        TensorType::F16,
    )?;
    put("_model.decoder.decoder.2.bias", 16, &[1], TensorType::F32)?;
    let basis = [STFT_CHANNELS, 1, STFT_SAMPLES];
    put(
        "_model.stft.forward_basis_buffer",
        2,
        &basis,
        TensorType::F16,
    )
}

/// A `TorchScript` archive: a zip file with one folder, and in it a file for each tensor.
struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    folder: String,
}

impl<'a> Archive<'a> {
    fn open(input: &'a [u8]) -> Result<Self, ConvertError> {
        let zip = match ZipArchive::new(Cursor::new(input)) {
            Ok(zip) => zip,
            Err(error) => return malformed(format!("not a TorchScript archive: {error}")),
        };
        let folder = zip
            .file_names()
            .find_map(|name| Some(name.ok()?.strip_suffix("/data.pkl")?.to_owned()));
        match folder {
            Some(folder) => Ok(Self { zip, folder }),
            None => malformed("not a TorchScript archive: it has no data.pkl"),
        }
    }

    /// The raw bytes of tensor `number`, which must be `expected_bytes`.
    fn tensor(&mut self, number: usize, expected_bytes: usize) -> Result<Vec<u8>, ConvertError> {
        let file = match self.zip.by_name(&format!("{}/data/{number}", self.folder)) {
            Ok(file) => file,
            Err(error) => return malformed(format!("tensor {number}: {error}")),
        };
        let mut bytes = Vec::new();
        // One byte more than expected is enough to know that it is too long.
        if let Err(error) = file.take(expected_bytes as u64 + 1).read_to_end(&mut bytes) {
            return malformed(format!("tensor {number}: {error}"));
        }
        if bytes.len() != expected_bytes {
            return malformed(format!(
                "tensor {number} does not have {expected_bytes} bytes"
            ));
        }
        Ok(bytes)
    }
}

fn write_head(out: &mut impl Write) -> Result<(), ConvertError> {
    ggml::write_ints(out, &[ggml::MAGIC, MODEL_TYPE.len() as i32])?;
    out.write_all(MODEL_TYPE.as_bytes())?;
    ggml::write_ints(out, &VERSION)?;
    ggml::write_ints(
        out,
        &[WINDOW_SAMPLES, CONTEXT_SAMPLES, ENCODER.len() as i32],
    )?;
    for (inputs, outputs) in ENCODER {
        ggml::write_ints(out, &[inputs as i32, outputs as i32, KERNEL as i32])?;
    }
    // LSTM: inputs and width; last convolution: inputs and outputs.
    ggml::write_ints(out, &[LSTM as i32, LSTM as i32, LSTM as i32, 1])?;
    Ok(())
}

fn put(
    archive: &mut Archive<'_>,
    out: &mut impl Write,
    name: &str,
    number: usize,
    shape: &[usize],
    kind: TensorType,
) -> Result<(), ConvertError> {
    let bytes = archive.tensor(number, 4 * shape.iter().product::<usize>())?;
    ggml::write_tensor_header(out, name, kind, &dims_of(name, shape))?;
    if kind != TensorType::F16 {
        return Ok(out.write_all(&bytes)?);
    }
    for value in bytes.chunks_exact(4) {
        let value = f32::from_le_bytes([value[0], value[1], value[2], value[3]]);
        out.write_all(&f16::from_f32(value).to_le_bytes())?;
    }
    Ok(())
}

/// The shape in ggml's order and, as in the published file, without dimensions of one, except
/// for the transform's basis, which whisper.cpp wants in three.
fn dims_of(name: &str, shape: &[usize]) -> Vec<i32> {
    let keep_ones = name.contains("stft");
    shape
        .iter()
        .rev()
        .filter(|dim| keep_ones || **dim != 1)
        .map(|dim| *dim as i32)
        .collect()
}
