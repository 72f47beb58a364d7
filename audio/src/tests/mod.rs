//! What the decoder promises, format by format and limit by limit.

mod bombs;
mod formats;
mod hostile;
mod limits;
mod resampling;
mod signal;
mod tags;
mod wav;

use self::formats::FIXTURES;
use crate::{Audio, AudioError, AudioSource, DecodeLimits, decode};

const LIMITS: DecodeLimits = DecodeLimits {
    max_audio_seconds: 30.0,
};

fn never() -> bool {
    false
}

/// The file of a fixture.
#[track_caller]
fn fixture(name: &str) -> &'static [u8] {
    let fixture = FIXTURES.iter().find(|fixture| fixture.name == name);
    fixture.expect("listed").bytes
}

/// Where `name` begins in a file.
#[track_caller]
fn place_of(file: &[u8], name: &[u8]) -> usize {
    let place = file.windows(name.len()).position(|it| it == name);
    place.expect("it is there")
}

fn try_decode(source: impl Into<AudioSource>) -> Result<Audio, AudioError> {
    decode(source, None, LIMITS, &never)
}

#[track_caller]
fn decoded(source: impl Into<AudioSource>) -> Audio {
    try_decode(source).expect("this upload decodes")
}

#[track_caller]
fn invalid(source: impl Into<AudioSource>) -> String {
    match try_decode(source) {
        Err(error @ AudioError::Invalid { .. }) => error.to_string(),
        other => panic!("expected Invalid, got {}", summary(&other)),
    }
}

#[track_caller]
fn unsupported(source: impl Into<AudioSource>) -> String {
    match try_decode(source) {
        Err(error @ AudioError::Unsupported { .. }) => error.to_string(),
        other => panic!("expected Unsupported, got {}", summary(&other)),
    }
}

fn summary(result: &Result<Audio, AudioError>) -> String {
    match result {
        Ok(audio) => format!("{} samples", audio.samples.len()),
        Err(error) => format!("{error:?}"),
    }
}
