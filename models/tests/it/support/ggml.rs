//! Reads ggml files, written apart from the code that writes them.

/// A tensor of a ggml file.
#[derive(Debug)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) kind: i32,
    /// The contiguous dimension first.
    pub(crate) dims: Vec<i32>,
    pub(crate) data: Vec<u8>,
}

impl Tensor {
    /// One line: name, type, shape.
    pub(crate) fn line(&self) -> String {
        let kind = match self.kind {
            0 => "f32",
            1 => "f16",
            8 => "q8_0",
            _ => "unknown",
        };
        format!("{} {kind} {:?}", self.name, self.dims)
    }
}

/// What stands before the tensors of a Whisper model.
#[derive(Debug)]
pub(crate) struct Head {
    /// The eleven numbers after the magic.
    pub(crate) numbers: Vec<i32>,
    pub(crate) filters: Vec<f32>,
    pub(crate) tokens: Vec<Vec<u8>>,
}

/// Reads a whole Whisper model.
pub(crate) fn whisper(file: &[u8]) -> (Head, Vec<Tensor>) {
    let mut rest = file;
    assert_eq!(int(&mut rest), 0x6767_6d6c, "magic");
    let numbers: Vec<i32> = (0..11).map(|_| int(&mut rest)).collect();
    let length = int(&mut rest) * int(&mut rest);
    let filters = (0..length)
        .map(|_| f32::from_bits(int(&mut rest).cast_unsigned()))
        .collect();
    let count = int(&mut rest);
    let tokens = (0..count)
        .map(|_| {
            let length = int(&mut rest) as usize;
            take(&mut rest, length).to_vec()
        })
        .collect();
    (
        Head {
            numbers,
            filters,
            tokens,
        },
        tensors(rest),
    )
}

/// Reads a voice activity detector: the numbers of its head, and the tensors.
pub(crate) fn vad(file: &[u8]) -> (Vec<i32>, Vec<Tensor>) {
    let mut rest = file;
    assert_eq!(int(&mut rest), 0x6767_6d6c, "magic");
    let length = int(&mut rest) as usize;
    assert_eq!(take(&mut rest, length), b"silero-16k");
    let numbers = (0..6 + 4 * 3 + 4).map(|_| int(&mut rest)).collect();
    (numbers, tensors(rest))
}

fn tensors(mut rest: &[u8]) -> Vec<Tensor> {
    let mut tensors = Vec::new();
    while !rest.is_empty() {
        let (rank, length, kind) = (int(&mut rest), int(&mut rest), int(&mut rest));
        let dims: Vec<i32> = (0..rank).map(|_| int(&mut rest)).collect();
        let name = String::from_utf8(take(&mut rest, length as usize).to_vec()).unwrap();
        let elements: usize = dims.iter().map(|dim| *dim as usize).product();
        let bytes = match kind {
            0 => 4 * elements,
            1 => 2 * elements,
            8 => elements / 32 * 34,
            _ => panic!("{name} has the unknown type {kind}"),
        };
        let data = take(&mut rest, bytes).to_vec();
        tensors.push(Tensor {
            name,
            kind,
            dims,
            data,
        });
    }
    tensors
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(count);
    *rest = left;
    taken
}

fn int(rest: &mut &[u8]) -> i32 {
    i32::from_le_bytes(take(rest, 4).try_into().unwrap())
}
