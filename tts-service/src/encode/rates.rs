//! Which sample rates a format can have.

use super::format::AudioFormat;

/// The lowest rate of input and output.
pub const MIN_RATE_HZ: u32 = 8_000;
/// The highest rate of input and output.
pub const MAX_RATE_HZ: u32 = 48_000;

/// The rates of MPEG-1, 2 and 2.5, which are also those of ADTS in our range.
const MPEG_RATES_HZ: &[u32] = &[
    8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000,
];
/// The rates that libopus takes.
const OPUS_RATES_HZ: &[u32] = &[8_000, 12_000, 16_000, 24_000, 48_000];

/// What OpenAI's clients take headerless samples for.
const OPENAI_PCM_RATE_HZ: u32 = 24_000;

/// The format can't have this rate; says which it can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a sample rate of {rate_hz} Hz is not possible for {format}; use {}",
    list(possible_hz)
)]
pub struct UnsupportedRate {
    /// The format that was asked for.
    pub format: AudioFormat,
    /// The rate that it can't have.
    pub rate_hz: u32,
    /// The rates that it can have; empty where these are all from [`MIN_RATE_HZ`] to
    /// [`MAX_RATE_HZ`].
    pub possible_hz: &'static [u32],
}

fn list(possible_hz: &[u32]) -> String {
    match possible_hz {
        [] => format!("{MIN_RATE_HZ} to {MAX_RATE_HZ}"),
        [one] => one.to_string(),
        [all @ .., last] => {
            let all: Vec<String> = all.iter().map(u32::to_string).collect();
            format!("{} or {last}", all.join(", "))
        }
    }
}

/// The rate that [`super::encoder`] encodes at.
///
/// # Errors
/// The format can't have it.
pub fn output_rate_hz(
    format: AudioFormat,
    input_rate_hz: u32,
    wanted_hz: Option<u32>,
) -> Result<u32, UnsupportedRate> {
    let in_range = MIN_RATE_HZ..=MAX_RATE_HZ;
    if !in_range.contains(&input_rate_hz) {
        return Err(UnsupportedRate {
            format,
            rate_hz: input_rate_hz,
            possible_hz: &[],
        });
    }
    let possible_hz: &[u32] = match format {
        AudioFormat::Mp3 | AudioFormat::Aac => MPEG_RATES_HZ,
        AudioFormat::Opus => OPUS_RATES_HZ,
        AudioFormat::Flac | AudioFormat::Wav | AudioFormat::Pcm => &[],
    };
    let is_possible = |rate_hz: u32| {
        in_range.contains(&rate_hz) && (possible_hz.is_empty() || possible_hz.contains(&rate_hz))
    };
    match (wanted_hz, format) {
        (Some(rate_hz), _) if is_possible(rate_hz) => Ok(rate_hz),
        (Some(rate_hz), _) => Err(UnsupportedRate {
            format,
            rate_hz,
            possible_hz,
        }),
        (None, AudioFormat::Pcm) => Ok(OPENAI_PCM_RATE_HZ),
        (None, AudioFormat::Opus) => Ok(MAX_RATE_HZ),
        // Upwards, so that nothing of the voice is lost; the lists end with the highest input.
        (None, _) => Ok(possible_hz
            .iter()
            .copied()
            .find(|&rate_hz| rate_hz >= input_rate_hz)
            .unwrap_or(input_rate_hz)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AudioFormat::{Aac, Flac, Mp3, Opus, Pcm, Wav};

    #[test]
    fn without_a_wish_the_format_decides() {
        let cases = [
            (Mp3, 22_050, 22_050),
            (Mp3, 16_000, 16_000),
            (Mp3, 20_000, 22_050),
            (Aac, 16_000, 16_000),
            (Aac, 47_000, 48_000),
            (Opus, 22_050, 48_000),
            (Flac, 22_050, 22_050),
            (Wav, 16_000, 16_000),
            (Pcm, 22_050, 24_000),
        ];
        for (format, input_hz, expected_hz) in cases {
            assert_eq!(
                output_rate_hz(format, input_hz, None),
                Ok(expected_hz),
                "{format} of {input_hz} Hz"
            );
        }
    }

    #[test]
    fn a_rate_that_the_format_has_is_taken() {
        for (format, wanted_hz) in [(Mp3, 44_100), (Opus, 24_000), (Pcm, 12_345), (Flac, 9_999)] {
            assert_eq!(
                output_rate_hz(format, 22_050, Some(wanted_hz)),
                Ok(wanted_hz)
            );
        }
    }

    #[test]
    fn a_rate_that_the_format_lacks_is_refused_with_those_that_it_has() {
        let message = output_rate_hz(Opus, 22_050, Some(22_050))
            .unwrap_err()
            .to_string();
        assert_eq!(
            message,
            "a sample rate of 22050 Hz is not possible for opus; use 8000, 12000, 16000, 24000 or 48000"
        );
        let message = output_rate_hz(Wav, 22_050, Some(96_000))
            .unwrap_err()
            .to_string();
        assert_eq!(
            message,
            "a sample rate of 96000 Hz is not possible for wav; use 8000 to 48000"
        );
    }

    #[test]
    fn a_voice_of_an_impossible_rate_is_refused() {
        for input_hz in [0, 7_999, 48_001, u32::MAX] {
            assert!(output_rate_hz(Wav, input_hz, None).is_err());
        }
    }
}
