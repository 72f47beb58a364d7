//! One unload, on a blocking thread.

use std::sync::Arc;

use super::inner::Inner;
use super::loader::ModelLoader;
use crate::concurrency::spawn_blocking;
use crate::memory::release_free_pages;

/// A model on its way out of memory: its slot is unloading. The fields are dropped in this
/// order, also when dropping the model panics or the runtime shuts down first.
pub(super) struct Unload<L: ModelLoader> {
    /// The last reference.
    _model: Arc<L::Model>,
    _end: EndOfUnload<L>,
}

impl<L: ModelLoader> Unload<L> {
    pub(super) fn start(slots: Arc<Inner<L>>, id: String, model: Arc<L::Model>) {
        let unload = Self {
            _model: model,
            _end: EndOfUnload { slots, id },
        };
        spawn_blocking(move || drop(unload));
    }
}

struct EndOfUnload<L: ModelLoader> {
    slots: Arc<Inner<L>>,
    id: String,
}

impl<L: ModelLoader> Drop for EndOfUnload<L> {
    fn drop(&mut self) {
        release_free_pages();
        self.slots.metrics.unloaded(&self.id);
        tracing::info!(model = self.id, "model unloaded");
        self.slots.state.lock().end_unload(&self.id);
        self.slots.changed.notify_waiters();
    }
}
