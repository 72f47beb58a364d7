//! One load, on a blocking thread.

use std::sync::Arc;

use super::inner::Inner;
use super::loader::{LoadError, ModelLoader};
use crate::concurrency::{Instant, spawn_blocking};

/// A load that has begun: its slot is loading. However it ends, the slot learns of it, or
/// all requests for the model would wait for ever.
pub(super) struct Load<L: ModelLoader> {
    slots: Arc<Inner<L>>,
    id: String,
    started: Instant,
    ended: bool,
}

impl<L: ModelLoader> Load<L> {
    pub(super) fn start(slots: Arc<Inner<L>>, id: &str) {
        let load = Self {
            slots,
            id: id.to_string(),
            started: Instant::now(),
            ended: false,
        };
        spawn_blocking(move || load.run());
    }

    fn run(mut self) {
        let loaded = self.slots.loader.load(&self.id);
        self.end(loaded);
    }

    fn end(&mut self, loaded: Result<L::Model, LoadError>) {
        self.ended = true;
        let (took, model) = (self.started.elapsed(), self.id.as_str());
        match &loaded {
            Ok(_) => {
                self.slots.metrics.loaded(model, took);
                tracing::info!(model, seconds = took.as_secs_f64(), "model loaded");
            }
            Err(error) => {
                self.slots.metrics.load_failed(model);
                tracing::error!(model, %error, "model failed to load");
            }
        }
        self.slots.state.lock().end_load(&self.id, loaded);
        self.slots.changed.notify_waiters();
    }
}

impl<L: ModelLoader> Drop for Load<L> {
    fn drop(&mut self) {
        // The loader panicked, or the runtime shut down before it ran.
        if !self.ended {
            self.end(Err(LoadError("the engine failed while loading".into())));
        }
    }
}
