//! Transcriptions that nobody waits for yet never take a slot of the recognition that somebody waits
//! for.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What runs at the recognition, of all conversations.
#[derive(Debug)]
pub(super) struct Slots {
    most: usize,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct State {
    awaited: usize,
    guesses: Vec<Guess>,
    last: u64,
}

#[derive(Debug)]
struct Guess {
    number: u64,
    preempted: CancellationToken,
}

/// A transcription that somebody waits for.
#[derive(Debug)]
pub(super) struct Awaited(Arc<Slots>);

/// A transcription that nobody waits for.
#[derive(Debug)]
pub(super) struct Guessing {
    slots: Arc<Slots>,
    number: u64,
    preempted: CancellationToken,
}

impl Slots {
    /// As many as the recognition computes at once.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most: most.max(1),
            state: Mutex::default(),
            freed: Notify::new(),
        })
    }

    /// Somebody waits: it is asked for whatever else runs, and the newest guess makes room.
    pub(super) fn awaited(self: &Arc<Self>) -> Awaited {
        let mut state = self.state.lock();
        state.awaited += 1;
        if state.awaited + state.guesses.len() > self.most
            && let Some(guess) = state.guesses.pop()
        {
            guess.preempted.cancel();
        }
        Awaited(Arc::clone(self))
    }

    /// Waits until a slot is free.
    pub(super) async fn guess(self: &Arc<Self>) -> Guessing {
        loop {
            let freed = self.freed.notified();
            if let Some(guess) = self.try_guess() {
                return guess;
            }
            freed.await;
        }
    }

    fn try_guess(self: &Arc<Self>) -> Option<Guessing> {
        let mut state = self.state.lock();
        if state.awaited + state.guesses.len() >= self.most {
            return None;
        }
        state.last += 1;
        let (number, preempted) = (state.last, CancellationToken::new());
        state.guesses.push(Guess {
            number,
            preempted: preempted.clone(),
        });
        Some(Guessing {
            slots: Arc::clone(self),
            number,
            preempted,
        })
    }
}

impl Guessing {
    /// Completes when the slot is needed by somebody who waits.
    pub(super) async fn preempted(&self) {
        self.preempted.cancelled().await;
    }

    /// Somebody waits for it now.
    pub(super) fn awaited(self) -> Awaited {
        let mut state = self.slots.state.lock();
        state.guesses.retain(|it| it.number != self.number);
        state.awaited += 1;
        drop(state);
        Awaited(Arc::clone(&self.slots))
    }
}

impl Drop for Guessing {
    fn drop(&mut self) {
        let mut state = self.slots.state.lock();
        state.guesses.retain(|it| it.number != self.number);
        self.slots.freed.notify_waiters();
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.0.state.lock().awaited -= 1;
        self.0.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn guesses_take_what_is_free_and_wait_for_more() {
        let slots = Slots::new(2);
        let awaited = slots.awaited();
        let first = slots.guess().await;
        let mut second = Box::pin(slots.guess());
        assert!(second.as_mut().now_or_never().is_none());
        drop(awaited);
        drop(second.await);
        drop(first);
    }

    #[tokio::test]
    async fn the_newest_guess_makes_room_for_who_waits() {
        let slots = Slots::new(2);
        let (old, new) = (slots.guess().await, slots.guess().await);
        let _waits = slots.awaited();
        assert!(new.preempted().now_or_never().is_some());
        assert!(old.preempted().now_or_never().is_none());
        drop(new);
        assert!(slots.guess().now_or_never().is_none(), "both are taken");
        let _promoted = old.awaited();
        let _third = slots.awaited();
        assert!(slots.guess().now_or_never().is_none());
    }
}
