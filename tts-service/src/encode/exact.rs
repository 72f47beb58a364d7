//! From a stream's body to a file's: what only the end could tell.

use super::flac;
use super::format::AudioFormat;
use super::pcm::{DATA_SIZE_AT, RIFF_SIZE_AT, RIFF_SIZE_EXCLUDES_BYTES, WAV_HEADER_BYTES};

/// Puts into the header of a finished body what its encoder could not know: the sizes of WAV,
/// the number of samples of FLAC. The other formats don't have them. A body that is not one of
/// [`super::encoder`]'s stays as it is.
pub fn make_exact(format: AudioFormat, body: &mut [u8]) {
    match format {
        AudioFormat::Wav => make_wav_exact(body),
        AudioFormat::Flac => flac::make_exact(body),
        AudioFormat::Mp3 | AudioFormat::Opus | AudioFormat::Aac | AudioFormat::Pcm => {}
    }
}

fn make_wav_exact(body: &mut [u8]) {
    if body.len() < WAV_HEADER_BYTES || !body.starts_with(b"RIFF") {
        return;
    }
    for (at, excluded) in [
        (RIFF_SIZE_AT, RIFF_SIZE_EXCLUDES_BYTES),
        (DATA_SIZE_AT, WAV_HEADER_BYTES),
    ] {
        // A body of more than 4 GiB keeps its "until the end".
        let size = u32::try_from(body.len() - excluded).unwrap_or(u32::MAX);
        body[at..at + 4].copy_from_slice(&size.to_le_bytes());
    }
}
