//! Raw samples without a container, as media servers send them.

use crate::collect::Collector;
use crate::source::{Access, AudioSource, Upload};
use crate::watch::Watch;
use crate::wav::{self, SampleLayout};
use crate::{Audio, AudioError, DecodeLimits, IsCancelled};

/// Takes a body as headerless signed 16-bit little-endian mono samples at 16 kHz.
///
/// An odd last byte is dropped: half a sample says nothing.
///
/// # Errors
/// [`AudioError::Invalid`] without a single whole sample, [`AudioError::TooLong`] past the
/// limit, [`AudioError::Cancelled`], [`AudioError::Unreadable`].
pub fn decode_headerless_s16le_16khz(
    source: impl Into<AudioSource>,
    limits: DecodeLimits,
    is_cancelled: IsCancelled<'_>,
) -> Result<Audio, AudioError> {
    let watch = Watch::new(is_cancelled);
    let upload = Upload::open(source.into(), &watch)?;
    if upload.len_bytes() == 0 {
        return Err(AudioError::invalid("the upload is empty"));
    }
    let reader = upload
        .reader(0, Access::Stream)
        .map_err(AudioError::Unreadable)?;
    let mut collector = Collector::new(limits, &watch);
    collector.set_rate(crate::SAMPLE_RATE_HZ)?;
    let read = wav::decode_frames(reader, u64::MAX, 1, SampleLayout::S16, &mut collector);
    upload.explain(read.and_then(|()| collector.finish()))
}
