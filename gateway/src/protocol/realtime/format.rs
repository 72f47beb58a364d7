//! Audio as it goes over the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use voice_resample::Resampler;

use super::fields::Field;
use super::g711::{from_alaw, from_mulaw, to_alaw, to_mulaw};
use super::problem::Problem;

/// Of everything that is not a telephone line, and of what the pipeline speaks.
pub(super) const RATE_HZ: u32 = 24_000;

/// How samples are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// 16 bits, little-endian, 24 kHz.
    Pcm,
    /// µ-law, 8 kHz.
    Pcmu,
    /// A-law, 8 kHz.
    Pcma,
}

const NAMES: [(&str, Format); 3] = [
    ("audio/pcm", Format::Pcm),
    ("audio/pcmu", Format::Pcmu),
    ("audio/pcma", Format::Pcma),
];
const BETA_NAMES: [(&str, Format); 3] = [
    ("pcm16", Format::Pcm),
    ("g711_ulaw", Format::Pcmu),
    ("g711_alaw", Format::Pcma),
];

impl Format {
    /// An object, or a word in the beta dialect.
    pub(super) fn read(field: &Field<'_>) -> Result<Self, Problem> {
        if !field.is_object() {
            return field.one_of(&BETA_NAMES);
        }
        let format = field.required("type")?.one_of(&NAMES)?;
        if let Some(rate) = field.given("rate")?
            && format == Self::Pcm
            && rate.integer(0..=u64::MAX)? != u64::from(RATE_HZ)
        {
            return Err(Problem::unsupported(&rate.path, "another rate than 24000"));
        }
        Ok(format)
    }

    pub(super) fn to_json(self) -> Value {
        match self {
            Self::Pcm => json!({"type": "audio/pcm", "rate": RATE_HZ}),
            Self::Pcmu => json!({"type": "audio/pcmu"}),
            Self::Pcma => json!({"type": "audio/pcma"}),
        }
    }

    pub(super) fn rate_hz(self) -> u32 {
        match self {
            Self::Pcm => RATE_HZ,
            Self::Pcmu | Self::Pcma => 8_000,
        }
    }

    pub(super) fn beta_name(self) -> &'static str {
        BETA_NAMES[self as usize].0
    }
}

/// Samples of the wire, at its rate.
pub(super) fn decode(bytes: &[u8], format: Format) -> Result<Vec<i16>, Problem> {
    match format {
        Format::Pcm if bytes.len() % 2 == 1 => {
            let message = "Invalid audio: 16-bit samples have an even number of bytes.";
            Err(Problem::value("audio", message))
        }
        Format::Pcm => {
            let (samples, _) = bytes.as_chunks();
            Ok(samples.iter().copied().map(i16::from_le_bytes).collect())
        }
        Format::Pcmu => Ok(bytes.iter().copied().map(from_mulaw).collect()),
        Format::Pcma => Ok(bytes.iter().copied().map(from_alaw).collect()),
    }
}

/// From samples at 24 kHz to the wire.
#[derive(Debug, Clone)]
pub(super) struct Encoder {
    format: Format,
    resampler: Resampler,
}

impl Encoder {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            resampler: Resampler::new(RATE_HZ, format.rate_hz()),
        }
    }

    /// In base64. Empty while the samples are too few for one of the wire.
    pub(super) fn encode(&mut self, samples: &[i16]) -> String {
        if self.format == Format::Pcm {
            let bytes: Vec<u8> = samples.iter().flat_map(|it| it.to_le_bytes()).collect();
            return STANDARD.encode(bytes);
        }
        let samples: Vec<f32> = samples.iter().copied().map(f32::from).collect();
        let mut narrow = Vec::new();
        self.resampler.push(&samples, &mut narrow);
        self.compress(&narrow)
    }

    /// What the last samples were held back for.
    pub(super) fn finish(&mut self) -> String {
        let mut narrow = Vec::new();
        if self.format != Format::Pcm {
            self.resampler.finish(&mut narrow);
        }
        self.compress(&narrow)
    }

    fn compress(&self, samples: &[f32]) -> String {
        let law = match self.format {
            Format::Pcma => to_alaw,
            Format::Pcm | Format::Pcmu => to_mulaw,
        };
        let bytes: Vec<u8> = samples.iter().map(|it| law(*it as i16)).collect();
        STANDARD.encode(bytes)
    }
}

/// Bytes of what the client sends in base64.
pub(super) fn from_base64(text: &str, param: &str) -> Result<Vec<u8>, Problem> {
    let bytes = STANDARD.decode(text);
    bytes.map_err(|cause| Problem::value(param, format!("Invalid base64: {cause}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_brings_sound_through_at_its_own_rate() {
        for (format, count) in [
            (Format::Pcm, 2_400),
            (Format::Pcmu, 800),
            (Format::Pcma, 800),
        ] {
            let sample = |it: i32| ((f64::from(it) / 10.0).sin() * 9_000.0) as i16;
            let samples: Vec<i16> = (0..2_400).map(sample).collect();
            let mut encoder = Encoder::new(format);
            let texts: Vec<String> = samples.chunks(700).map(|it| encoder.encode(it)).collect();
            let texts = texts.into_iter().chain([encoder.finish()]);
            let pieces = texts.map(|it| from_base64(&it, "audio").unwrap());
            let heard: Vec<i16> = pieces.flat_map(|it| decode(&it, format).unwrap()).collect();
            assert_eq!(heard.len(), count, "{format:?}");
            let loud = heard.iter().map(|it| it.abs()).max().unwrap();
            assert!((8_000..10_000).contains(&loud), "{format:?}: {loud}");
        }
    }
}
