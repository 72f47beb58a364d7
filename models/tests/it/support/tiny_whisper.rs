//! A made-up Whisper model, a few kilobytes large, in `CTranslate2`'s layout.

use half::f16;

pub(crate) const STATE: u32 = 32;
pub(crate) const TOKENS: u32 = 40;
const MELS: u32 = 80;
const AUDIO_CONTEXT: u32 = 4;
const TEXT_CONTEXT: u32 = 3;

/// The bytes of its `model.bin`.
pub(crate) fn model() -> Vec<u8> {
    let mut file = File::default();
    let s = STATE;
    file.halves("decoder/embeddings/weight", &[TOKENS, s]);
    file.halves("decoder/position_encodings/encodings", &[TEXT_CONTEXT, s]);
    file.int16("decoder/num_heads", 2);
    file.layer("decoder", true);
    file.norm("decoder/layer_norm");
    file.halves("encoder/position_encodings/encodings", &[AUDIO_CONTEXT, s]);
    file.halves("encoder/conv1/weight", &[s, MELS, 3]);
    file.halves("encoder/conv1/bias", &[s]);
    file.halves("encoder/conv2/weight", &[s, s, 3]);
    file.halves("encoder/conv2/bias", &[s]);
    file.int16("encoder/num_heads", 2);
    file.layer("encoder", false);
    file.norm("encoder/layer_norm");
    file.finish()
}

/// Its `vocabulary.txt`: 30 plain tokens, then special ones.
pub(crate) fn vocabulary() -> String {
    let plain = (0..30_u8).map(|i| format!("Ġ{}\n", char::from(b'A' + i)));
    let special = (30..TOKENS).map(|i| match i {
        30 => "<|endoftext|>\n".to_owned(),
        _ => format!("<|{i}|>\n"),
    });
    plain.chain(special).collect()
}

/// Element `index` of the array of that name: small numbers that look random, always the same.
pub(crate) fn element(name: &str, index: u32) -> f16 {
    let seed = name
        .bytes()
        .fold(17_u32, |hash, byte| hash.wrapping_mul(31) ^ u32::from(byte));
    let mixed = (seed ^ index.wrapping_mul(0x9e37_79b9)).wrapping_mul(0x85eb_ca6b) >> 16;
    f16::from_f32((mixed as f32 - 32768.0) / 16384.0)
}

#[derive(Default)]
struct File {
    count: u32,
    variables: Vec<u8>,
}

impl File {
    fn layer(&mut self, side: &str, cross: bool) {
        let s = STATE;
        let at = |part: &str| format!("{side}/layer_0/{part}");
        self.norm(&at("ffn/layer_norm"));
        self.linear(&at("ffn/linear_0"), 4 * s, s);
        self.linear(&at("ffn/linear_1"), s, 4 * s);
        self.norm(&at("self_attention/layer_norm"));
        self.halves(&at("self_attention/linear_0/weight"), &[3 * s, s]);
        self.bias_without_key(&at("self_attention/linear_0/bias"), 3 * s, s..2 * s);
        self.linear(&at("self_attention/linear_1"), s, s);
        if cross {
            self.norm(&at("attention/layer_norm"));
            self.linear(&at("attention/linear_0"), s, s);
            self.halves(&at("attention/linear_1/weight"), &[2 * s, s]);
            self.bias_without_key(&at("attention/linear_1/bias"), 2 * s, 0..s);
            self.linear(&at("attention/linear_2"), s, s);
        }
    }

    fn norm(&mut self, name: &str) {
        self.halves(&format!("{name}/gamma"), &[STATE]);
        self.halves(&format!("{name}/beta"), &[STATE]);
    }

    fn linear(&mut self, name: &str, rows: u32, columns: u32) {
        self.halves(&format!("{name}/weight"), &[rows, columns]);
        self.halves(&format!("{name}/bias"), &[rows]);
    }

    fn bias_without_key(&mut self, name: &str, length: u32, key: std::ops::Range<u32>) {
        let value = |i| {
            if key.contains(&i) {
                f16::ZERO
            } else {
                element(name, i)
            }
        };
        let data: Vec<u8> = (0..length).flat_map(|i| value(i).to_le_bytes()).collect();
        self.variable(name, &[length], 4, &data);
    }

    fn halves(&mut self, name: &str, dims: &[u32]) {
        let length = dims.iter().product();
        let data: Vec<u8> = (0..length)
            .flat_map(|i| element(name, i).to_le_bytes())
            .collect();
        self.variable(name, dims, 4, &data);
    }

    fn int16(&mut self, name: &str, value: i16) {
        self.variable(name, &[], 2, &value.to_le_bytes());
    }

    fn variable(&mut self, name: &str, dims: &[u32], type_id: u8, data: &[u8]) {
        self.count += 1;
        self.variables.extend(string(name));
        self.variables.push(dims.len() as u8);
        for dim in dims {
            self.variables.extend(dim.to_le_bytes());
        }
        self.variables.push(type_id);
        self.variables.extend((data.len() as u32).to_le_bytes());
        self.variables.extend(data);
    }

    fn finish(self) -> Vec<u8> {
        let mut file = 6_u32.to_le_bytes().to_vec();
        file.extend(string("WhisperSpec"));
        file.extend(3_u32.to_le_bytes());
        file.extend(self.count.to_le_bytes());
        file.extend(self.variables);
        file.extend(1_u32.to_le_bytes());
        file.extend(string("decoder/projection/weight"));
        file.extend(string("decoder/embeddings/weight"));
        file
    }
}

fn string(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u16 + 1).to_le_bytes().to_vec();
    bytes.extend(text.bytes());
    bytes.push(0);
    bytes
}
