//! What has to be known about an MP4 file before its demuxer opens it.
//!
//! - **Where its tracks start.** AAC encoders begin with one or two frames of warm-up (23 to
//!   48 ms), and an edit list says from where to play. The demuxer does not act on it, so
//!   without this every timestamp of such a file would be late.
//! - **Whether its fragments are honest.** A fragment may claim four thousand million
//!   samples of no size in twenty bytes, and the demuxer would count them all without once
//!   reading, so without a chance to be cancelled.

use std::io::{self, Read, Seek, SeekFrom};

use super::AudioError;
use super::source::{Access, Upload, UploadReader};

/// Index of a long recording; what is beyond is left to the demuxer.
const MAX_INDEX_BYTES: u64 = 32 << 20;

/// Start of one track inside its own samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TrackStart {
    pub(super) track_id: u32,
    pub(super) seconds: f64,
}

/// Reads the edit lists of an MP4 upload and counts what its fragments claim.
///
/// What is missing or broken otherwise counts as "plays from the start": judging the file
/// is the demuxer's job.
pub(super) fn inspect(upload: &Upload<'_>) -> Result<Vec<TrackStart>, AudioError> {
    let mut reader = upload
        .reader(0, Access::Random)
        .map_err(AudioError::Unreadable)?;
    let mut starts = Vec::new();
    let mut samples = 0_u64;
    // An end inside a header is the end of the file; a failing disk is reported anyway.
    while let Ok(Some(top)) = next_top_level(&mut reader) {
        match &top.kind {
            b"mdat" => {}
            b"moov" => {
                let Ok(index) = top.read_body(&mut reader) else {
                    break;
                };
                let traks = boxes(&index).filter(|found| found.kind == b"trak");
                starts.extend(traks.filter_map(|trak| start(trak.body)));
                samples = samples.saturating_add(claimed_samples(&index));
            }
            _ => {
                let Ok(body) = top.read_body(&mut reader) else {
                    break;
                };
                samples = samples.saturating_add(claimed_samples(&body));
            }
        }
        // No sample is smaller than a byte.
        if samples > upload.len_bytes() {
            return Err(AudioError::invalid(
                "its index lists more samples than the file can hold",
            ));
        }
        if reader.seek(SeekFrom::Start(top.end)).is_err() {
            break;
        }
    }
    Ok(starts)
}

struct TopLevel {
    kind: [u8; 4],
    body_start: u64,
    end: u64,
}

/// Reads the next box header, leaving `reader` at its body.
fn next_top_level(reader: &mut UploadReader<'_>) -> io::Result<Option<TopLevel>> {
    let start = reader.stream_position()?;
    let mut header = [0; 16];
    reader.read_exact(&mut header[..8])?;
    let mut body_start = start.saturating_add(8);
    let end = match be_u32(&header, 0) {
        // Zero means "to the end of the file".
        Some(0) => u64::MAX,
        Some(1) => {
            reader.read_exact(&mut header[8..])?;
            body_start = body_start.saturating_add(8);
            start.saturating_add(be_u64(&header, 8).unwrap_or(0))
        }
        len_bytes => start.saturating_add(u64::from(len_bytes.unwrap_or(0))),
    };
    let kind = [header[4], header[5], header[6], header[7]];
    Ok((end >= body_start).then_some(TopLevel {
        kind,
        body_start,
        end,
    }))
}

impl TopLevel {
    fn read_body(&self, reader: &mut UploadReader<'_>) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        let body_bytes = (self.end - self.body_start).min(MAX_INDEX_BYTES);
        reader.take(body_bytes).read_to_end(&mut body)?;
        Ok(body)
    }
}

/// Sum of the sample counts of all track runs in `bytes`, at whatever depth: searched for
/// by name, so that no trick with nesting hides one.
fn claimed_samples(bytes: &[u8]) -> u64 {
    bytes
        .windows(12)
        .filter(|window| window.starts_with(b"trun"))
        .filter_map(|run| be_u32(run, 8))
        .fold(0, |sum, count| sum.saturating_add(u64::from(count)))
}

fn start(trak: &[u8]) -> Option<TrackStart> {
    let header = child(trak, "tkhd")?;
    let track_id = be_u32(header, if is_long(header) { 20 } else { 12 })?;
    let media = child(child(trak, "mdia")?, "mdhd")?;
    let ticks_per_second = be_u32(media, if is_long(media) { 20 } else { 12 })?;
    let edits = child(child(trak, "edts")?, "elst")?;
    let (entry_bytes, time_at) = if is_long(edits) { (20, 8) } else { (12, 4) };
    // Entries with a negative time are pauses before the sound; the first other one counts.
    let ticks = edits
        .get(8..)?
        .chunks_exact(entry_bytes)
        .find_map(|entry| {
            let ticks = if is_long(edits) {
                be_u64(entry, time_at)?.cast_signed()
            } else {
                i64::from(be_u32(entry, time_at)?.cast_signed())
            };
            u64::try_from(ticks).ok()
        })?;
    (ticks_per_second > 0).then(|| TrackStart {
        track_id,
        seconds: ticks as f64 / f64::from(ticks_per_second),
    })
}

struct Nested<'a> {
    kind: &'a [u8],
    body: &'a [u8],
}

/// The boxes that lie one after the other in `bytes`.
fn boxes(bytes: &[u8]) -> impl Iterator<Item = Nested<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let len_bytes = be_u32(rest, 0)? as usize;
        let found = Nested {
            kind: rest.get(4..8)?,
            body: rest.get(8..len_bytes)?,
        };
        rest = rest.get(len_bytes..)?;
        Some(found)
    })
}

fn child<'a>(parent: &'a [u8], kind: &str) -> Option<&'a [u8]> {
    boxes(parent)
        .find(|found| found.kind == kind.as_bytes())
        .map(|found| found.body)
}

/// Version 1 boxes store times in 64 bits.
fn is_long(body: &[u8]) -> bool {
    body.first() == Some(&1)
}

fn be_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..at.checked_add(4)?)?
        .try_into()
        .ok()
        .map(u32::from_be_bytes)
}

fn be_u64(bytes: &[u8], at: usize) -> Option<u64> {
    bytes
        .get(at..at.checked_add(8)?)?
        .try_into()
        .ok()
        .map(u64::from_be_bytes)
}
