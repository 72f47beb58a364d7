//! Models in memory: loaded once for all requests, at most so many at a time, and only where
//! they fit; unloaded when idle.
//!
//! A slot is `Unloaded → Loading → Ready → Unloading`. A load belongs to the slot, not to
//! the request that caused it, so a client that leaves doesn't stop what others wait for.
//! The state of a slot, the requests that use it and those that are going to are decided on
//! under one lock.

mod idle;
mod inner;
mod lease;
mod load;
mod loader;
mod options;
mod slot;
mod state;
mod status;
mod unload;

use std::sync::Arc;

use tokio::sync::Notify;

pub use self::lease::{Claim, Lease};
pub use self::loader::{FRESH_READING, LoadError, ModelLoader, RoomCheck, SlotOptions};
pub use self::options::ModelOptions;
pub use self::status::{InUse, ModelState, ModelStatus};

use self::idle::unload_idle;
use self::inner::Inner;
use self::lease::WaitingForRoom;
use self::load::Load;
use self::state::{Decision, State};
use self::unload::Unload;
use crate::ApiError;
use crate::concurrency::{Instant, Mutex, sleep_until, spawn};
use crate::metrics::ModelMetrics;

/// All models of a service. Clones share the same slots.
pub struct ModelSlots<L: ModelLoader>(Arc<Inner<L>>);

impl<L: ModelLoader> Clone for ModelSlots<L> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What a request that has the turn does next.
enum Next<M> {
    Use(Arc<M>),
    Fail(ApiError),
    /// Look again when something has changed.
    Wait,
    /// Look again when something has changed, or then.
    WaitUntil(Instant),
    /// Every loaded model is in use; look again when one is free.
    WaitForRoom,
}

impl<L: ModelLoader> ModelSlots<L> {
    /// Must be called on a tokio runtime.
    pub fn new(loader: L, options: SlotOptions, metrics: ModelMetrics) -> Self {
        let slots = Self(Arc::new(Inner {
            loader,
            max_loaded: options.max_loaded.max(1),
            room: options.room,
            state: Mutex::new(State::default()),
            turn: tokio::sync::Mutex::new(()),
            changed: Notify::new(),
            metrics,
        }));
        if !options.idle_timeout.is_zero() {
            spawn(unload_idle(Arc::downgrade(&slots.0), options.idle_timeout));
        }
        slots
    }

    /// The loader that the slots were made with.
    pub fn loader(&self) -> &L {
        &self.0.loader
    }

    /// Announces a request that is going to lease `id`, for as long as the claim is held.
    /// Until then the model doesn't leave for being idle or by [`Self::unload`]. It still
    /// makes room for another model, or two models would keep each other out for ever.
    pub fn claim(&self, id: &str) -> Claim<L> {
        Claim::new(Arc::clone(&self.0), id)
    }

    /// The model, loaded if it wasn't. Waits for a load, an unload, or for room.
    ///
    /// # Errors
    /// [`ApiError::ModelUnavailable`] when the model can't be loaded,
    /// [`ApiError::ResourceExhausted`] when it doesn't fit into memory.
    pub async fn lease(&self, id: &str) -> Result<Lease<L>, ApiError> {
        let ready = self.0.state.lock().lease_unless_room_is_wanted(id);
        if let Some(model) = ready {
            return Ok(Lease::new(Arc::clone(&self.0), id, model));
        }
        // What is loaded for this request must not leave before it is taken.
        let _claim = self.claim(id);
        let _turn = self.0.turn.lock().await;
        let mut room: Option<WaitingForRoom<'_, L>> = None;
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that no change is missed in between.
            changed.as_mut().enable();
            match self.next(id) {
                Next::Use(model) => return Ok(Lease::new(Arc::clone(&self.0), id, model)),
                Next::Fail(error) => return Err(error),
                Next::Wait => changed.await,
                Next::WaitUntil(then) => {
                    tokio::select! { biased; () = changed => {}, () = sleep_until(then) => {} }
                }
                Next::WaitForRoom => {
                    room.get_or_insert_with(|| WaitingForRoom::new(&self.0));
                    changed.await;
                }
            }
        }
    }

    fn next(&self, id: &str) -> Next<L::Model> {
        let decision = self.0.state.lock().decide(id, self.0.max_loaded);
        self.act_on(id, decision)
    }

    /// Outside of the lock: a runtime that shuts down drops what is spawned on the spot, and
    /// that takes the lock.
    fn act_on(&self, id: &str, decision: Decision<L::Model>) -> Next<L::Model> {
        match decision {
            Decision::Use(model) => Next::Use(model),
            Decision::Fail(error) => Next::Fail(error),
            Decision::LoadIfItFits => {
                let decision = self.load_if_it_fits(id);
                self.act_on(id, decision)
            }
            Decision::Load => {
                Load::start(Arc::clone(&self.0), id);
                Next::Wait
            }
            Decision::Unload(other, model) => {
                Unload::start(Arc::clone(&self.0), other, model);
                Next::Wait
            }
            Decision::Wait => Next::Wait,
            Decision::WaitUntil(then) => Next::WaitUntil(then),
            Decision::WaitForRoom => Next::WaitForRoom,
        }
    }

    /// The caller has the turn and nothing else loads, so no other load counts on the memory
    /// that is free now.
    fn load_if_it_fits(&self, id: &str) -> Decision<L::Model> {
        let Some(bytes) = self.0.loader.footprint_bytes(id) else {
            return self.0.state.lock().begin_load(id);
        };
        let stale_until = self.0.state.lock().last_load_unseen_until();
        if let Some(then) = stale_until {
            return Decision::WaitUntil(then);
        }
        match (self.0.room)(bytes) {
            Ok(()) => self.0.state.lock().begin_load(id),
            Err(figures) => {
                let message = format!("Model '{id}' was not loaded: {figures}");
                let decision = self.0.state.lock().make_room_or_refuse(id, message);
                if let Decision::Fail(refusal) = &decision {
                    tracing::warn!(model = id, %refusal, "model not loaded");
                    self.0.metrics.load_refused(id);
                }
                decision
            }
        }
    }

    /// Takes the model out of memory and waits until it is gone. True if it was there.
    ///
    /// # Errors
    /// Requests use it or wait for it, or it is just being loaded.
    pub async fn unload(&self, id: &str) -> Result<bool, InUse> {
        let begun = self.0.state.lock().unload_if_unused(id)?;
        match begun {
            state::Unloadable::NotLoaded => return Ok(false),
            state::Unloadable::Begun(model) => {
                Unload::start(Arc::clone(&self.0), id.to_string(), model);
            }
            state::Unloadable::Leaving => {}
        }
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if !self.0.state.lock().is_unloading(id) {
                return Ok(true);
            }
            changed.await;
        }
    }

    /// All models that are not simply unloaded, by name. A failure counts until the next
    /// request may try again: only a request would clear it.
    pub fn status(&self) -> Vec<ModelStatus> {
        self.0.state.lock().statuses()
    }
}

#[cfg(test)]
mod double;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
