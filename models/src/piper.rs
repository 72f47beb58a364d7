//! What all of Piper's voices have in common.

/// The engine's name in the catalogue.
pub(crate) const ENGINE: &str = "piper";

/// Names of the entries that a voice can't speak without.
pub(crate) fn requirements() -> Vec<String> {
    ["onnxruntime", "espeak-ng-data"]
        .map(str::to_owned)
        .to_vec()
}
