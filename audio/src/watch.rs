//! Who ends a decoding early: the caller, or its own slowness.
//!
//! Decoding is tens to hundreds of times faster than listening. A file that takes longer than
//! its sound is worth was made to: tables that a demuxer searches from the start for each
//! packet, packets that are thrown away, headers without end. No list of such tricks is ever
//! complete, so what counts is how much sound has come out after how much time.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::{AudioError, IsCancelled, SAMPLE_RATE_HZ};

/// For opening a file, and for everything on a machine that does ten other things.
const GRACE: Duration = Duration::from_secs(20);
/// Decoding may take this much of the sound's own length on top. An old single core with
/// other work to do decodes ten times as fast.
const SHARE: f64 = 0.25;

/// Asked at each read, each packet and each second of sound: one per upload.
pub(crate) struct Watch<'a> {
    is_cancelled: IsCancelled<'a>,
    started: Instant,
    grace: Duration,
    samples: AtomicU64,
    stop: OnceLock<Stop>,
}

/// Why decoding may not go on.
#[derive(Clone, Copy, Debug)]
enum Stop {
    Cancelled,
    TooSlow,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(is_cancelled: IsCancelled<'a>) -> Self {
        Self {
            is_cancelled,
            started: Instant::now(),
            grace: GRACE,
            samples: AtomicU64::new(0),
            stop: OnceLock::new(),
        }
    }

    /// Notes how much sound there is by now, in samples at [`SAMPLE_RATE_HZ`].
    pub(crate) fn produced(&self, samples: usize) {
        self.samples.store(samples as u64, Ordering::Relaxed);
    }

    /// Says whether decoding may go on. Once it may not, it never may again.
    pub(crate) fn check(&self) -> Result<(), AudioError> {
        if self.stop.get().is_none() {
            if (self.is_cancelled)() {
                let _ = self.stop.set(Stop::Cancelled);
            } else if self.is_too_slow() {
                let _ = self.stop.set(Stop::TooSlow);
            }
        }
        self.has_gone_on()
    }

    /// Says whether all checks so far let decoding go on.
    pub(crate) fn has_gone_on(&self) -> Result<(), AudioError> {
        match self.stop.get() {
            None => Ok(()),
            Some(Stop::Cancelled) => Err(AudioError::Cancelled),
            Some(Stop::TooSlow) => Err(AudioError::invalid(
                "the file takes far too long to read for the sound that it holds",
            )),
        }
    }

    fn is_too_slow(&self) -> bool {
        let seconds = self.samples.load(Ordering::Relaxed) as f64 / f64::from(SAMPLE_RATE_HZ);
        let allowed = self.grace + Duration::from_secs_f64(seconds * SHARE);
        self.started.elapsed() > allowed
    }
}

#[cfg(test)]
impl<'a> Watch<'a> {
    /// One without patience from the start.
    pub(crate) fn without_grace(is_cancelled: IsCancelled<'a>) -> Self {
        Self {
            grace: Duration::ZERO,
            ..Self::new(is_cancelled)
        }
    }
}
