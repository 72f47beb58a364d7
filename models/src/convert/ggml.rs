//! Writes the pieces of a ggml model file: little-endian integers, and tensor records.

use std::io::{self, Write};

/// First four bytes of every whisper.cpp model file.
pub(super) const MAGIC: i32 = 0x6767_6d6c;

/// `ftype` of a file whose matrices are 16-bit floats.
pub(super) const FTYPE_F16: i32 = 1;
/// `ftype` of a file whose matrices are `q8_0`: quantisation format version 2 (times 1000)
/// plus ggml's number for "mostly `q8_0`".
pub(super) const FTYPE_Q8_0: i32 = 2 * 1000 + 7;

/// How the elements of one tensor are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TensorType {
    F32,
    F16,
    Q8_0,
}

impl TensorType {
    /// ggml's number for the type.
    fn id(self) -> i32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Q8_0 => 8,
        }
    }
}

/// Writes 32-bit integers.
pub(super) fn write_ints(out: &mut impl Write, values: &[i32]) -> io::Result<()> {
    for value in values {
        out.write_all(&value.to_le_bytes())?;
    }
    Ok(())
}

/// Writes what stands before a tensor's data. `dims` are in ggml's order: the contiguous
/// dimension first.
pub(super) fn write_tensor_header(
    out: &mut impl Write,
    name: &str,
    kind: TensorType,
    dims: &[i32],
) -> io::Result<()> {
    let rank = i32::try_from(dims.len()).expect("a tensor has at most four dimensions");
    let name_length = i32::try_from(name.len()).expect("tensor names are short");
    write_ints(out, &[rank, name_length, kind.id()])?;
    write_ints(out, dims)?;
    out.write_all(name.as_bytes())
}
