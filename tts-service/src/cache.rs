//! Finished speech that is kept for requests that come again, and speech that several
//! requests want at once, which is made for all of them once.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use moka::sync::Cache;
use parking_lot::Mutex;
use voice_common::ApiError;

use crate::metrics::{CacheOutcome, SpeechMetrics};
use crate::request::SpeechKey;
use crate::shared_synthesis::{Finished, Reader, SharedSynthesis};

/// What an entry takes beside its audio and its text, about.
const ENTRY_OVERHEAD_BYTES: u64 = 256;

/// Finished and unfinished speech by all that it depends on.
pub(crate) struct SpeechCache {
    /// `None` where nothing is to be kept.
    finished: Option<Cache<Arc<SpeechKey>, Kept>>,
    /// Requests that ask for the same join one of these.
    running: Mutex<HashMap<Arc<SpeechKey>, Weak<SharedSynthesis>>>,
    metrics: SpeechMetrics,
}

/// A body with what its events tell.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// The whole body.
    pub body: Bytes,
    /// Duration of the audio.
    pub audio_seconds: f64,
}

/// How a request gets its speech.
pub(crate) enum Found {
    /// It was kept.
    Kept(Kept),
    /// Another request makes it now.
    Joined(Reader),
    /// The caller makes it.
    Begun(Arc<SharedSynthesis>, Reader),
}

impl SpeechCache {
    /// A cache of at most `most_bytes`; 0 = nothing is kept and nothing shared.
    pub(crate) fn new(most_bytes: u64, metrics: SpeechMetrics) -> Self {
        let finished = (most_bytes > 0).then(|| {
            let left = metrics.clone();
            Cache::builder()
                .max_capacity(most_bytes)
                .weigher(weight)
                .eviction_listener(move |key: Arc<Arc<SpeechKey>>, kept, _| {
                    left.cache_bytes_changed(-i64::from(weight(&key, &kept)));
                })
                .build()
        });
        Self {
            finished,
            running: Mutex::default(),
            metrics,
        }
    }

    /// Whether what is made will be kept.
    pub(crate) fn keeps(&self) -> bool {
        self.finished.is_some()
    }

    /// The speech of `key` that is there or on its way, or else what `begin` starts.
    /// Until [`Self::keep`] or [`Self::forget`], others that ask for the same join it.
    ///
    /// # Errors
    /// Those of `begin`.
    pub(crate) fn find_or_begin(
        &self,
        key: &Arc<SpeechKey>,
        begin: impl FnOnce() -> Result<(Arc<SharedSynthesis>, Reader), ApiError>,
    ) -> Result<Found, ApiError> {
        let Some(finished) = &self.finished else {
            let (shared, reader) = begin()?;
            return Ok(Found::Begun(shared, reader));
        };
        // Held all the time: of two that ask for the same, one begins. What is finished is
        // kept before it stops running, so it is found in one of the two.
        let mut running = self.running.lock();
        let joined = || running.get(key).and_then(Weak::upgrade)?.join();
        if let Some(kept) = finished.get(key) {
            self.metrics.cache_asked(CacheOutcome::Hit);
            return Ok(Found::Kept(kept));
        }
        if let Some(reader) = joined() {
            self.metrics.cache_asked(CacheOutcome::Joined);
            return Ok(Found::Joined(reader));
        }
        let (shared, reader) = begin()?;
        self.metrics.cache_asked(CacheOutcome::Miss);
        running.insert(Arc::clone(key), Arc::downgrade(&shared));
        Ok(Found::Begun(shared, reader))
    }

    /// The synthesis came to its end: what it made is kept if it isn't too large.
    pub(crate) fn keep(
        &self,
        key: &Arc<SpeechKey>,
        shared: &Arc<SharedSynthesis>,
        made: &Finished,
    ) {
        if let (Some(finished), Some(body)) = (&self.finished, &made.whole) {
            let kept = Kept {
                body: body.clone(),
                audio_seconds: made.audio_seconds,
            };
            let bytes = weight(key, &kept);
            // One that fills the cache alone would throw out all others and stay alone.
            if u64::from(bytes) <= finished.policy().max_capacity().unwrap_or(0) / 2 {
                self.metrics.cache_bytes_changed(i64::from(bytes));
                finished.insert(Arc::clone(key), kept);
            }
        }
        self.forget(key, shared);
    }

    /// The synthesis is over, with or without success.
    pub(crate) fn forget(&self, key: &Arc<SpeechKey>, shared: &Arc<SharedSynthesis>) {
        let mut running = self.running.lock();
        let is_this = |it: &Weak<SharedSynthesis>| std::ptr::eq(it.as_ptr(), Arc::as_ptr(shared));
        if running.get(key).is_some_and(is_this) {
            running.remove(key);
        }
    }
}

fn weight(key: &Arc<SpeechKey>, kept: &Kept) -> u32 {
    let bytes = kept.body.len() as u64 + key.text.len() as u64 + ENTRY_OVERHEAD_BYTES;
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
