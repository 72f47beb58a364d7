//! Transcribes a turn, at once if somebody waits and else when nobody does.

use std::pin::pin;
use std::sync::Arc;

use tokio::sync::watch;

use super::guesses::Slots;
use crate::failure::Failure;
use crate::speech::{Recogniser, Transcript};

pub(super) struct Transcription {
    pub(super) recogniser: Recogniser,
    pub(super) slots: Arc<Slots>,
    pub(super) samples: Vec<i16>,
    pub(super) language: String,
}

impl Transcription {
    /// `is_awaited` turns true when somebody begins to wait.
    pub(super) async fn run(
        self,
        mut is_awaited: watch::Receiver<bool>,
    ) -> Result<Transcript, Failure> {
        let Self {
            recogniser,
            slots,
            samples,
            language,
        } = self;
        while !*is_awaited.borrow() {
            let guess = tokio::select! {
                biased;
                () = wait(&mut is_awaited) => break,
                guess = slots.guess() => guess,
            };
            let mut work = pin!(recogniser.guess(&samples, &language));
            tokio::select! {
                heard = &mut work => {
                    drop(guess);
                    if let Some(heard) = heard {
                        return Ok(heard);
                    }
                    // The service has no slot to spare: it is asked again by who waits.
                    wait(&mut is_awaited).await;
                }
                // Dropped, it frees its slot; it is asked for again when there is room.
                () = guess.preempted() => {}
                () = wait(&mut is_awaited) => {
                    let _slot = guess.awaited();
                    if let Some(heard) = work.await {
                        return Ok(heard);
                    }
                }
            }
        }
        let _slot = slots.awaited();
        recogniser.recognise(&samples, &language).await
    }
}

async fn wait(is_awaited: &mut watch::Receiver<bool>) {
    if is_awaited.wait_for(|it| *it).await.is_err() {
        // Whoever could begin to wait is gone, and this job is about to be ended.
        std::future::pending::<()>().await;
    }
}
