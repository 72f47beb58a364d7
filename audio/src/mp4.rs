//! What has to be known about an MP4 file before its demuxer opens it.
//!
//! - **Where its tracks start.** AAC encoders begin with one or two frames of warm-up (23 to
//!   48 ms), and an edit list says from where to play. The demuxer does not act on it, so
//!   without this every timestamp of such a file would be late.
//! - **Whether its index is honest.** A fragment may claim four thousand million samples of no
//!   size in twenty bytes, and the demuxer would count them all without once reading, so
//!   without a chance to be cancelled. For each of a million empty fragments it keeps notes
//!   about each of a thousand tracks.
//! - **Where its tags are**, to hide them as [`crate::tags`] does.

use std::io::{self, BufReader, Read, Seek};

use crate::AudioError;
use crate::patch::Patches;
use crate::source::{Access, Upload, UploadReader};
use crate::tags::MAX_TRACKS;

/// Index of a long film, or that of one fragment.
const MAX_INDEX_BYTES: u64 = 64 << 20;
/// Tag lists. There is one a file, or one a track.
const MAX_TAG_LISTS: usize = 1024;
/// What the demuxer keeps about fragments: 200 bytes for each of their boxes, and 40 for each
/// track and fragment. A day in fragments of a second has 100,000.
const MAX_FRAGMENT_NOTES: u64 = 1 << 20;

/// Start of one track inside its own samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TrackStart {
    pub(crate) track_id: u32,
    pub(crate) seconds: f64,
}

/// What [`inspect`] finds.
#[derive(Debug, Default)]
pub(crate) struct Inspected {
    pub(crate) starts: Vec<TrackStart>,
    /// Hides the tags.
    pub(crate) patches: Patches,
}

/// Reads the edit lists of an MP4 upload and weighs its index.
///
/// What is missing or broken otherwise counts as "plays from the start": judging the file
/// is the demuxer's job.
pub(crate) fn inspect(upload: &Upload<'_>) -> Result<Inspected, AudioError> {
    let reader = upload
        .reader(0, Access::Random)
        .map_err(AudioError::Unreadable)?;
    let mut reader = BufReader::new(reader);
    let mut found = Inspected::default();
    let mut weight = Weight::default();
    // An end inside a header is the end of the file; a failing disk is reported anyway.
    while let Ok(Some(top)) = next_top_level(&mut reader) {
        // The others have nothing that the demuxer looks into.
        if matches!(&top.kind, b"moov" | b"moof" | b"meta") {
            let Some(body) = top.read_body(&mut reader)? else {
                break;
            };
            if &top.kind == b"moov" {
                let traks = boxes(&body).filter(|found| found.kind == b"trak");
                found
                    .starts
                    .extend(traks.filter_map(|trak| start(trak.body)));
            }
            weight.add(top.kind, &body);
            for at in named(&body, *b"ilst") {
                found.patches.push(top.body_start + at as u64, *b"free");
            }
        }
        weight.check(upload.len_bytes())?;
        if found.patches.len() > MAX_TAG_LISTS {
            return Err(AudioError::invalid("it has too many lists of tags"));
        }
        if top.leave(&mut reader).is_err() {
            break;
        }
    }
    Ok(found)
}

/// What an index makes a demuxer count and keep. Found by name at whatever depth, so that no
/// trick with nesting hides it.
#[derive(Default)]
struct Weight {
    samples: u64,
    tracks: usize,
    fragments: u64,
    fragment_boxes: u64,
}

impl Weight {
    fn add(&mut self, kind: [u8; 4], body: &[u8]) {
        let runs = named(body, *b"trun").filter_map(|at| be_u32(body, at + 8));
        self.samples = runs.fold(self.samples, |sum, count| {
            sum.saturating_add(u64::from(count))
        });
        match &kind {
            b"moov" => self.tracks += named(body, *b"trak").count(),
            b"moof" => {
                self.fragments += 1;
                let parts = named(body, *b"traf").count() + named(body, *b"trun").count();
                self.fragment_boxes += 1 + parts as u64;
            }
            _ => {}
        }
    }

    fn check(&self, upload_bytes: u64) -> Result<(), AudioError> {
        let notes = self.fragment_boxes + self.fragments * self.tracks as u64 / 4;
        if self.samples > upload_bytes {
            // No sample is smaller than a byte.
            Err(AudioError::invalid(
                "its index lists more samples than the file can hold",
            ))
        } else if self.tracks > MAX_TRACKS {
            Err(AudioError::invalid("it has too many tracks"))
        } else if notes > MAX_FRAGMENT_NOTES {
            Err(AudioError::invalid("it has too many fragments"))
        } else {
            Ok(())
        }
    }
}

/// Where `name` stands in `bytes`.
fn named(bytes: &[u8], name: [u8; 4]) -> impl Iterator<Item = usize> {
    bytes
        .windows(name.len())
        .enumerate()
        .filter(move |(_, window)| **window == name)
        .map(|(at, _)| at)
}

struct TopLevel {
    kind: [u8; 4],
    body_start: u64,
    end: u64,
}

/// Reads the next box header, leaving `reader` at its body.
fn next_top_level(reader: &mut BufReader<UploadReader<'_>>) -> io::Result<Option<TopLevel>> {
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
    /// The body, or `None` where the file ends within it by failing.
    fn read_body(
        &self,
        reader: &mut BufReader<UploadReader<'_>>,
    ) -> Result<Option<Vec<u8>>, AudioError> {
        let mut body = Vec::new();
        let body_bytes = self.end - self.body_start;
        let read = reader
            .take(body_bytes.min(MAX_INDEX_BYTES + 1))
            .read_to_end(&mut body);
        if body.len() as u64 > MAX_INDEX_BYTES {
            return Err(AudioError::invalid("its index is too long"));
        }
        Ok(read.ok().map(|_| body))
    }

    /// Goes to its end without giving up what is buffered behind it.
    fn leave(&self, reader: &mut BufReader<UploadReader<'_>>) -> io::Result<()> {
        let rest = self.end.saturating_sub(reader.stream_position()?);
        reader.seek_relative(i64::try_from(rest).map_err(io::Error::other)?)
    }
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
    array(bytes, at).map(u32::from_be_bytes)
}

fn be_u64(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_be_bytes)
}

fn array<const BYTES: usize>(bytes: &[u8], at: usize) -> Option<[u8; BYTES]> {
    let end = at.checked_add(BYTES)?;
    bytes.get(at..end)?.try_into().ok()
}
