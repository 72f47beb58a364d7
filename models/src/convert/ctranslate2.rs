//! Reads the index of a `CTranslate2` `model.bin`; the weights stay on disk until asked for.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};

use super::conversion::{ConvertError, malformed};

/// The version of the container that all current converters write.
const VERSION: u32 = 6;
const SPECIFICATION: &str = "WhisperSpec";
/// Far above the largest Whisper model (about 1,100).
const MAX_VARIABLES: u32 = 20_000;
const MAX_RANK: u8 = 4;

const TYPE_INT16: u8 = 2;
const TYPE_FLOAT16: u8 = 4;

/// One named array in the file.
#[derive(Debug, Clone)]
struct Variable {
    dims: Vec<u64>,
    type_id: u8,
    offset: u64,
    bytes: u64,
}

/// An opened model: its index, and the file to read weights from.
#[derive(Debug)]
pub(super) struct Model<R> {
    input: R,
    variables: HashMap<String, Variable>,
}

/// A `float16` array in the file, or a run of its rows.
#[derive(Debug, Clone)]
pub(super) struct Weights {
    /// Row-major shape, outermost first.
    pub(super) dims: Vec<u64>,
    offset: u64,
}

impl Weights {
    /// Number of elements.
    pub(super) fn elements(&self) -> u64 {
        self.dims.iter().product()
    }

    /// Rows `start .. start + count` of the outermost dimension.
    pub(super) fn rows(&self, start: u64, count: u64) -> Result<Self, ConvertError> {
        let Some((&rows, inner)) = self.dims.split_first() else {
            return malformed("a scalar has no rows");
        };
        if start.checked_add(count).is_none_or(|end| end > rows) {
            return malformed(format!("rows {start}+{count} asked of an array of {rows}"));
        }
        let row_bytes = 2 * inner.iter().product::<u64>();
        let mut dims = self.dims.clone();
        dims[0] = count;
        Ok(Self {
            dims,
            offset: self.offset + start * row_bytes,
        })
    }
}

impl<R: Read + Seek> Model<R> {
    /// Reads the index and checks that every array lies inside the file.
    pub(super) fn open(mut input: R) -> Result<Self, ConvertError> {
        let length = input.seek(SeekFrom::End(0))?;
        input.seek(SeekFrom::Start(0))?;
        Self::read_index(input, length).map_err(|error| match error {
            ConvertError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                ConvertError::Malformed("the model file ends inside its index".into())
            }
            other => other,
        })
    }

    fn read_index(mut input: R, length: u64) -> Result<Self, ConvertError> {
        let version = read_u32(&mut input)?;
        if version != VERSION {
            return malformed(format!(
                "not a CTranslate2 model: container version {version}, expected {VERSION}"
            ));
        }
        let specification = read_string(&mut input)?;
        if specification != SPECIFICATION {
            return malformed(format!(
                "a CTranslate2 model of kind {specification:?}, expected {SPECIFICATION:?}"
            ));
        }
        let _revision = read_u32(&mut input)?;
        let count = read_u32(&mut input)?;
        if count > MAX_VARIABLES {
            return malformed(format!("{count} variables: no Whisper model has as many"));
        }
        let mut variables = HashMap::new();
        for _ in 0..count {
            let name = read_string(&mut input)?;
            let [rank] = read_bytes(&mut input)?;
            if rank > MAX_RANK {
                return malformed(format!("{name} has {rank} dimensions"));
            }
            let mut dims = Vec::with_capacity(usize::from(rank));
            for _ in 0..rank {
                dims.push(u64::from(read_u32(&mut input)?));
            }
            let [type_id] = read_bytes(&mut input)?;
            let bytes = u64::from(read_u32(&mut input)?);
            let offset = input.stream_position()?;
            let end = offset + bytes;
            if end > length {
                return malformed(format!(
                    "{name} ends at byte {end} of a file of {length} bytes"
                ));
            }
            input.seek(SeekFrom::Start(end))?;
            let variable = Variable {
                dims,
                type_id,
                offset,
                bytes,
            };
            if variables.insert(name.clone(), variable).is_some() {
                return malformed(format!("{name} is there twice"));
            }
        }
        // Aliases follow (the output projection is the token embedding); whisper.cpp knows that
        // by itself, so they are not read.
        Ok(Self { input, variables })
    }

    /// Whether the model has an array of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.variables.contains_key(name)
    }

    fn variable(&self, name: &str) -> Result<&Variable, ConvertError> {
        match self.variables.get(name) {
            Some(variable) => Ok(variable),
            None => malformed(format!("the model has no {name}")),
        }
    }

    /// A `float16` array.
    pub(super) fn weights(&self, name: &str) -> Result<Weights, ConvertError> {
        let variable = self.variable(name)?;
        if variable.type_id != TYPE_FLOAT16 {
            return malformed(format!("{name} is not float16 (type {})", variable.type_id));
        }
        let bytes = variable
            .dims
            .iter()
            .try_fold(2_u64, |all, dim| all.checked_mul(*dim));
        if bytes != Some(variable.bytes) {
            return malformed(format!(
                "{name} has {} bytes, not what its shape {:?} needs",
                variable.bytes, variable.dims
            ));
        }
        Ok(Weights {
            dims: variable.dims.clone(),
            offset: variable.offset,
        })
    }

    /// A single `int16`.
    pub(super) fn int16(&mut self, name: &str) -> Result<i16, ConvertError> {
        let variable = self.variable(name)?.clone();
        if variable.type_id != TYPE_INT16 || variable.bytes != 2 {
            return malformed(format!("{name} is not one int16"));
        }
        self.input.seek(SeekFrom::Start(variable.offset))?;
        Ok(i16::from_le_bytes(read_bytes(&mut self.input)?))
    }

    /// Hands the raw `float16` bytes of `weights` to `consume`, a bounded piece at a time.
    /// Every piece but the last is a multiple of 64 bytes (32 elements).
    pub(super) fn stream(
        &mut self,
        weights: &Weights,
        mut consume: impl FnMut(&[u8]) -> Result<(), ConvertError>,
    ) -> Result<(), ConvertError> {
        const PIECE_BYTES: usize = 64 * 1024;
        self.input.seek(SeekFrom::Start(weights.offset))?;
        let mut left = 2 * weights.elements();
        let mut buffer = vec![0; PIECE_BYTES];
        while left > 0 {
            let piece = usize::try_from(left)
                .unwrap_or(PIECE_BYTES)
                .min(PIECE_BYTES);
            self.input.read_exact(&mut buffer[..piece])?;
            consume(&buffer[..piece])?;
            left -= piece as u64;
        }
        Ok(())
    }
}

fn read_bytes<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn read_u32(input: &mut impl Read) -> io::Result<u32> {
    Ok(u32::from_le_bytes(read_bytes(input)?))
}

/// A string: its length with the closing zero in 16 bits, its bytes, the zero.
fn read_string(input: &mut impl Read) -> Result<String, ConvertError> {
    let length = usize::from(u16::from_le_bytes(read_bytes(input)?));
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes)?;
    if bytes.pop() != Some(0) {
        return malformed("a name in the model's index has no end");
    }
    match String::from_utf8(bytes) {
        Ok(name) => Ok(name),
        Err(_) => malformed("a name in the model's index is not text"),
    }
}
