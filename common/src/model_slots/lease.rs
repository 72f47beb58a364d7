//! What a request holds of a model: first a claim, then a lease.

use std::ops::Deref;
use std::sync::Arc;

use super::inner::Inner;
use super::loader::ModelLoader;

/// A loaded model in use. It can't be unloaded before the last lease is dropped, so a lease
/// moves into the blocking job beside the permit.
pub struct Lease<L: ModelLoader> {
    id: String,
    /// Always there until the lease is dropped.
    model: Option<Arc<L::Model>>,
    slots: Arc<Inner<L>>,
}

impl<L: ModelLoader> Lease<L> {
    /// The state has counted it.
    pub(super) fn new(slots: Arc<Inner<L>>, id: &str, model: Arc<L::Model>) -> Self {
        Self {
            id: id.to_string(),
            model: Some(model),
            slots,
        }
    }
}

impl<L: ModelLoader> Deref for Lease<L> {
    type Target = L::Model;

    fn deref(&self) -> &L::Model {
        self.model.as_deref().expect("taken in drop only")
    }
}

impl<L: ModelLoader> Drop for Lease<L> {
    fn drop(&mut self) {
        // Before the lease is returned: an unload that follows must find the last reference.
        self.model = None;
        self.slots.state.lock().return_lease(&self.id);
        self.slots.changed.notify_waiters();
    }
}

/// A request's announcement that it is going to lease a model; see
/// [`ModelSlots::claim`](super::ModelSlots::claim).
#[must_use = "a claim counts while it is held"]
pub struct Claim<L: ModelLoader> {
    id: String,
    slots: Arc<Inner<L>>,
}

impl<L: ModelLoader> Claim<L> {
    pub(super) fn new(slots: Arc<Inner<L>>, id: &str) -> Self {
        slots.state.lock().claim(id);
        let id = id.to_string();
        Self { id, slots }
    }
}

impl<L: ModelLoader> Drop for Claim<L> {
    fn drop(&mut self) {
        self.slots.state.lock().return_claim(&self.id);
    }
}

/// Counts a request that waits for room; gives up its wish when dropped.
pub(super) struct WaitingForRoom<'a, L: ModelLoader>(&'a Inner<L>);

impl<'a, L: ModelLoader> WaitingForRoom<'a, L> {
    pub(super) fn new(slots: &'a Inner<L>) -> Self {
        slots.state.lock().want_room();
        Self(slots)
    }
}

impl<L: ModelLoader> Drop for WaitingForRoom<'_, L> {
    fn drop(&mut self) {
        self.0.state.lock().no_longer_want_room();
    }
}
