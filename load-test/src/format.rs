//! Formats of speech: what a command line calls them, and what the size of a body tells.

use crate::score::speech::AudioFormatName;

/// What the services speak at as raw samples, as OpenAI's clients expect.
const PCM_RATE_HZ: u32 = 24_000;

/// Bytes of a WAV file before its samples, as the services write it.
pub(crate) const WAV_HEADER_BYTES: usize = 44;

/// The format of this name.
///
/// # Errors
/// There is none; says which there are.
pub(crate) fn parse(name: &str) -> Result<AudioFormatName, String> {
    match name {
        "mp3" => Ok(AudioFormatName::Mp3),
        "opus" => Ok(AudioFormatName::Opus),
        "aac" => Ok(AudioFormatName::Aac),
        "flac" => Ok(AudioFormatName::Flac),
        "wav" => Ok(AudioFormatName::Wav),
        "pcm" => Ok(AudioFormatName::Pcm {
            sample_rate_hz: PCM_RATE_HZ,
        }),
        _ => Err("not mp3, opus, aac, flac, wav or pcm".into()),
    }
}

/// The duration of a whole body, where its size tells: uncompressed mono samples of 16 bits.
pub(crate) fn audio_seconds_by_size(format: AudioFormatName, body: &[u8]) -> Option<f64> {
    let (samples, rate_hz) = match format {
        AudioFormatName::Wav => {
            let rate = body.get(24..28)?.first_chunk()?;
            let rate_hz = u32::from_le_bytes(*rate);
            (body.len().checked_sub(WAV_HEADER_BYTES)? / 2, rate_hz)
        }
        AudioFormatName::Pcm { sample_rate_hz } => (body.len() / 2, sample_rate_hz),
        _ => return None,
    };
    (rate_hz > 0).then(|| samples as f64 / f64::from(rate_hz))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::synthetic;

    #[test]
    fn the_size_of_uncompressed_sound_tells_its_duration() {
        let wav = synthetic::silence(1.5);
        assert_eq!(audio_seconds_by_size(AudioFormatName::Wav, &wav), Some(1.5));
        let pcm = parse("pcm").unwrap();
        assert_eq!(audio_seconds_by_size(pcm, &vec![0; 48_000]), Some(1.0));
        assert_eq!(audio_seconds_by_size(AudioFormatName::Mp3, &[0; 480]), None);
    }

    #[test]
    fn what_is_no_wav_file_has_no_duration() {
        for body in [&b""[..], b"RIFF", &[0; 43], &[0; 64]] {
            assert_eq!(audio_seconds_by_size(AudioFormatName::Wav, body), None);
        }
    }

    #[test]
    fn names_are_those_of_the_services() {
        for name in ["mp3", "opus", "aac", "flac", "wav", "pcm"] {
            assert_eq!(parse(name).unwrap().to_string(), name);
        }
        assert!(parse("MP3").is_err());
    }
}
