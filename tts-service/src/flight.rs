//! Audio that is being made, for one reader or several: what is ready can be read at once,
//! and who makes it stays at most so far ahead of who reads.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::watch;
use voice_common::ApiError;
use voice_common::cancellation::{CancelCause, Cancellation};

/// Utterances that may be ready and unread. Some two minutes of audio: a client that reads
/// as fast as it plays doesn't keep the slot for as long as it plays.
const MOST_AHEAD: usize = 32;

/// What a finished piece of speech consists of.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The whole body, exact in its headers; only where somebody will want it.
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

/// See the module's documentation. Its maker holds the flight itself, each reader a [`Reader`].
#[derive(Debug)]
pub struct Flight {
    state: Mutex<State>,
    made: watch::Sender<Progress>,
    read: watch::Sender<usize>,
    cancellation: Cancellation,
}

impl Flight {
    /// A flight that nothing was made of yet, and its first reader. It is cancelled when its
    /// last reader leaves.
    pub fn new(cancellation: Cancellation) -> (Arc<Self>, Reader) {
        let flight = Arc::new(Self {
            state: Mutex::default(),
            made: watch::Sender::default(),
            read: watch::Sender::default(),
            cancellation,
        });
        let reader = flight.reader(&mut flight.state.lock());
        (flight, reader)
    }

    fn reader(self: &Arc<Self>, state: &mut State) -> Reader {
        state.readers += 1;
        Reader {
            flight: Arc::clone(self),
            made: self.made.subscribe(),
            next: 0,
        }
    }

    /// One more reader, from the beginning; `None` if all others have left, which has stopped
    /// the flight, or if it failed.
    pub fn join(self: &Arc<Self>) -> Option<Reader> {
        let mut state = self.state.lock();
        let is_lost = match &state.end {
            None => self.cancellation.is_cancelled(),
            Some(end) => end.is_err(),
        };
        (!is_lost).then(|| self.reader(&mut state))
    }

    /// Stops the making of it.
    pub fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }

    /// The request left the queue after this time.
    pub fn admitted(&self, waited: Duration) {
        self.state.lock().waited = waited;
    }

    /// One more piece is ready. Waits while too many are unread; called on a blocking thread.
    ///
    /// # Errors
    /// It was cancelled meanwhile.
    pub fn push(&self, piece: Bytes, runtime: &Handle) -> Result<(), Cancelled> {
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
                // The sender is the flight's own: it is there as long as the flight.
                _ = read.wait_for(|read| made < read + MOST_AHEAD) => Ok(()),
            }
        })
    }

    /// The last piece, which may be empty, and the end.
    pub fn finish(&self, last: Bytes, finished: Finished) {
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
    pub fn fail(&self, error: ApiError) {
        self.state.lock().end.get_or_insert(Err(error));
        self.made.send_modify(|it| it.ended = true);
    }
}

/// The flight was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled;

/// Reads a flight from its beginning to its end. Dropping the last reader of an unfinished
/// flight stops it.
#[derive(Debug)]
pub struct Reader {
    flight: Arc<Flight>,
    made: watch::Receiver<Progress>,
    next: usize,
}

/// What a reader finds.
#[derive(Debug)]
pub enum Next {
    /// More of the body.
    Piece(Bytes),
    /// Nothing more.
    End(Finished),
}

impl Reader {
    /// The next piece, as soon as it is there.
    ///
    /// # Errors
    /// Why there will be none.
    pub async fn next(&mut self) -> Result<Next, ApiError> {
        let next = self.next;
        let waited = self.made.wait_for(|it| it.ended || it.made > next).await;
        drop(waited.map_err(ApiError::internal)?);
        let mut state = self.flight.state.lock();
        if let Some(piece) = state.pieces.get(next).cloned() {
            self.next += 1;
            state.read = state.read.max(self.next);
            let read = state.read;
            drop(state);
            self.flight.read.send_replace(read);
            return Ok(Next::Piece(piece));
        }
        match &state.end {
            Some(Ok(finished)) => Ok(Next::End(finished.clone())),
            Some(Err(error)) => Err(error.clone()),
            None => Err(ApiError::internal("a flight ended without an end")),
        }
    }

    /// The whole body, if it is finished and was kept.
    pub fn whole(&self) -> Option<Bytes> {
        match &self.flight.state.lock().end {
            Some(Ok(finished)) => finished.whole.clone(),
            _ => None,
        }
    }

    /// Time that the request which makes it spent in the queue.
    pub fn waited(&self) -> Duration {
        self.flight.state.lock().waited
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let is_abandoned = {
            let mut state = self.flight.state.lock();
            state.readers -= 1;
            if state.readers == 0 && state.end.is_none() {
                // Under the lock: nobody joins what is about to stop.
                self.flight.cancellation.cancel(CancelCause::Disconnected);
                true
            } else {
                false
            }
        };
        if is_abandoned {
            tracing::debug!("nobody listens any more");
        }
    }
}

#[cfg(test)]
mod tests;
