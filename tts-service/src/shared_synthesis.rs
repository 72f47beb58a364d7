//! Single-shared: audio that is being made once, for all requests that want the same. What is
//! ready can be read at once, and its maker stays at most so far ahead of its readers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::watch;
use voice_common::ApiError;
use voice_common::admission::{Priority, Urgency};
use voice_common::cancellation::{CancelCause, Cancellation};

/// Utterances that may be ready and unread. Some two minutes of audio: a client that reads
/// as fast as it plays doesn't keep the slot for as long as it plays.
const MOST_AHEAD: usize = 32;

/// What a finished piece of speech consists of.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    /// The whole body, exact in its headers; only where the cache will keep it.
    pub whole: Option<Bytes>,
    /// Duration of the audio.
    pub audio_seconds: f64,
}

#[derive(Debug, Default)]
struct State {
    pieces: Vec<Bytes>,
    /// Of the reader that is ahead of the others.
    read: usize,
    readers: usize,
    waited: Duration,
    end: Option<Result<Finished, ApiError>>,
}

/// What readers and the maker wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Progress {
    made: usize,
    ended: bool,
}

/// See the module's documentation. Its maker holds this, each reader a [`Reader`].
#[derive(Debug)]
pub(crate) struct SharedSynthesis {
    state: Mutex<State>,
    made: watch::Sender<Progress>,
    read: watch::Sender<usize>,
    cancellation: Cancellation,
    urgency: Urgency,
}

impl SharedSynthesis {
    /// One that nothing was made of yet, and its first reader. It is cancelled when its last
    /// reader leaves.
    pub(crate) fn new(cancellation: Cancellation) -> (Arc<Self>, Reader) {
        let shared = Arc::new(Self {
            state: Mutex::default(),
            made: watch::Sender::default(),
            read: watch::Sender::default(),
            cancellation,
            urgency: Urgency::default(),
        });
        let reader = shared.reader(&mut shared.state.lock());
        (shared, reader)
    }

    fn reader(self: &Arc<Self>, state: &mut State) -> Reader {
        state.readers += 1;
        Reader {
            synthesis: Arc::clone(self),
            made: self.made.subscribe(),
            next: 0,
        }
    }

    /// One more reader, from the beginning; `None` if all others have left, which has stopped
    /// it, or if it failed.
    pub(crate) fn join(self: &Arc<Self>) -> Option<Reader> {
        let mut state = self.state.lock();
        let is_lost = match &state.end {
            None => self.cancellation.is_cancelled(),
            Some(end) => end.is_err(),
        };
        (!is_lost).then(|| self.reader(&mut state))
    }

    /// Stops the making of it.
    pub(crate) fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }

    /// How urgent it is to the most urgent of its readers.
    pub(crate) fn urgency(&self) -> &Urgency {
        &self.urgency
    }

    /// The request left the queue after this time.
    pub(crate) fn admitted(&self, waited: Duration) {
        self.state.lock().waited = waited;
    }

    /// One more piece is ready. Waits while too many are unread; called on a blocking thread.
    ///
    /// # Errors
    /// It was cancelled meanwhile.
    pub(crate) fn push(&self, piece: Bytes, runtime: &Handle) -> Result<(), Cancelled> {
        let made = {
            let mut state = self.state.lock();
            state.pieces.push(piece);
            state.pieces.len()
        };
        self.made.send_modify(|it| it.made = made);
        let mut read = self.read.subscribe();
        runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.cancellation.cancelled() => Err(Cancelled),
                // The sender is its own: it is there as long as `self`.
                _ = read.wait_for(|read| made < read + MOST_AHEAD) => Ok(()),
            }
        })
    }

    /// The last piece, which may be empty, and the end.
    pub(crate) fn finish(&self, last: Bytes, finished: Finished) {
        let made = {
            let mut state = self.state.lock();
            if state.end.is_some() {
                return;
            }
            if !last.is_empty() {
                state.pieces.push(last);
            }
            state.end = Some(Ok(finished));
            state.pieces.len()
        };
        self.made.send_replace(Progress { made, ended: true });
    }

    /// There will be no more. The first end is the one that counts.
    pub(crate) fn fail(&self, error: ApiError) {
        self.state.lock().end.get_or_insert(Err(error));
        self.made.send_modify(|it| it.ended = true);
    }
}

/// It was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cancelled;

/// Reads it from its beginning to its end. Dropping the last reader stops what is unfinished.
#[derive(Debug)]
pub(crate) struct Reader {
    synthesis: Arc<SharedSynthesis>,
    made: watch::Receiver<Progress>,
    next: usize,
}

/// What a reader finds.
#[derive(Debug)]
pub(crate) enum Next {
    /// More of the body.
    Piece(Bytes),
    /// Nothing more.
    End(Finished),
}

impl Reader {
    /// How urgent it is to the client of this reader.
    pub(crate) fn is_wanted(&self, priority: Priority) {
        self.synthesis.urgency.also(priority);
    }

    /// The next piece, as soon as it is there.
    ///
    /// # Errors
    /// Why there will be none.
    pub(crate) async fn next(&mut self) -> Result<Next, ApiError> {
        let next = self.next;
        let waited = self.made.wait_for(|it| it.ended || it.made > next).await;
        drop(waited.map_err(ApiError::internal)?);
        let mut state = self.synthesis.state.lock();
        if let Some(piece) = state.pieces.get(next).cloned() {
            self.next += 1;
            state.read = state.read.max(self.next);
            let read = state.read;
            drop(state);
            self.synthesis.read.send_replace(read);
            return Ok(Next::Piece(piece));
        }
        match &state.end {
            Some(Ok(finished)) => Ok(Next::End(finished.clone())),
            Some(Err(error)) => Err(error.clone()),
            None => Err(ApiError::internal("speech ended without an end")),
        }
    }

    /// The whole body, if it is finished and was kept.
    pub(crate) fn whole(&self) -> Option<Bytes> {
        match &self.synthesis.state.lock().end {
            Some(Ok(finished)) => finished.whole.clone(),
            _ => None,
        }
    }

    /// Time that the request which makes it spent in the queue.
    pub(crate) fn waited(&self) -> Duration {
        self.synthesis.state.lock().waited
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let is_abandoned = {
            let mut state = self.synthesis.state.lock();
            state.readers -= 1;
            if state.readers == 0 && state.end.is_none() {
                // Under the lock: no request joins what is about to stop.
                self.synthesis
                    .cancellation
                    .cancel(CancelCause::Disconnected);
                true
            } else {
                false
            }
        };
        if is_abandoned {
            tracing::debug!("the last reader left");
        }
    }
}

#[cfg(test)]
mod tests;
