//! The model of a Piper voice in ONNX: what goes in, and what every such model looks like.

use ort::session::Session;
use ort::value::{Tensor, TensorElementType};
use voice_onnx::Inputs;

/// The values of one run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Values<'a> {
    pub ids: &'a [i64],
    pub noise_scale: f32,
    pub length_scale: f32,
    pub noise_w_scale: f32,
    /// For models of several speakers only.
    pub speaker: Option<i64>,
}

/// Names and types as every Piper voice has them.
///
/// # Errors
/// It is none, of one or several speakers; in words.
pub(super) fn check(session: &Session, with_speaker: bool) -> Result<(), String> {
    use TensorElementType::{Float32, Int64};
    let mut expected = vec![
        ("input", Int64),
        ("input_lengths", Int64),
        ("scales", Float32),
    ];
    if with_speaker {
        expected.push(("sid", Int64));
    }
    let inputs = session.inputs();
    let fits = inputs.len() == expected.len()
        && expected.iter().all(|(name, element)| {
            (inputs.iter())
                .any(|it| it.name() == *name && it.dtype().tensor_type() == Some(*element))
        });
    if !fits {
        let names: Vec<_> = inputs.iter().map(ort::value::Outlet::name).collect();
        return Err(format!(
            "no Piper voice of {} speaker{}: its inputs are {}",
            if with_speaker { "several" } else { "one" },
            if with_speaker { "s" } else { "" },
            names.join(", ")
        ));
    }
    let output = session.outputs().first();
    match output.map(|it| it.dtype().tensor_type()) {
        Some(Some(Float32)) => Ok(()),
        _ => Err("no Piper voice: its first output is no sound".to_owned()),
    }
}

/// The inputs of a run.
///
/// # Errors
/// ONNX Runtime makes no values.
pub(super) fn inputs(values: &Values<'_>) -> ort::Result<Inputs> {
    let count = values.ids.len();
    let scales = vec![
        values.noise_scale,
        values.length_scale,
        values.noise_w_scale,
    ];
    let ids = Tensor::from_array(([1, count], values.ids.to_vec()))?;
    let lengths = Tensor::from_array(([1], vec![count as i64]))?;
    let scales = Tensor::from_array(([3], scales))?;
    let mut inputs = vec![
        (c"input", ids.into_dyn()),
        (c"input_lengths", lengths.into_dyn()),
        (c"scales", scales.into_dyn()),
    ];
    if let Some(speaker) = values.speaker {
        inputs.push((c"sid", Tensor::from_array(([1], vec![speaker]))?.into_dyn()));
    }
    Ok(inputs)
}

/// The inputs of the shortest run that there can be.
///
/// # Errors
/// ONNX Runtime makes no values.
pub(super) fn shortest_run(with_speaker: bool) -> ort::Result<Inputs> {
    inputs(&Values {
        ids: &[0; 3],
        noise_scale: 0.0,
        length_scale: 1.0,
        noise_w_scale: 0.0,
        speaker: with_speaker.then_some(0),
    })
}
