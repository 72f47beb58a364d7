//! Models in memory: loaded once for everybody, at most so many at a time, unloaded when idle.
//!
//! A slot is `Unloaded → Loading → Ready → Unloading`. A load belongs to the slot, not to
//! the request that caused it, so a client that leaves doesn't stop what others wait for.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::ApiError;
use crate::memory::release_free_pages;
use crate::metrics::ModelMetrics;

const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(30);

/// Brings a model into memory. Called on a blocking thread.
pub trait ModelLoader: Send + Sync + 'static {
    /// What a request computes with. Shared by all requests that use the model.
    type Model: Send + Sync + 'static;

    /// Loads `id`; dropping the result unloads it.
    ///
    /// # Errors
    /// The model can't be loaded. The message reaches clients: no paths.
    fn load(&self, id: &str) -> Result<Self::Model, LoadError>;
}

/// Why a model could not be loaded, in words for clients.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct LoadError(pub String);

/// Where a model is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelState {
    /// On its way into memory.
    Loading,
    /// Usable.
    Ready,
    /// On its way out of memory.
    Unloading,
    /// The last load failed; the next request after a pause tries again.
    Failed,
}

/// One model that is not simply unloaded.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModelStatus {
    /// The model's name.
    pub id: String,
    /// Where it is in its life.
    pub state: ModelState,
    /// Requests that use it now.
    pub in_use: usize,
    /// Seconds since a request last used it; absent unless it is ready.
    pub idle_seconds: Option<f64>,
    /// Why the last load failed.
    pub error: Option<String>,
}

/// The model could not be unloaded because requests use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the model is in use")]
pub struct InUse;

enum Slot<M> {
    Loading,
    Ready {
        model: Arc<M>,
        leases: usize,
        last_used: Instant,
    },
    Unloading,
    Failed {
        error: LoadError,
        retry_at: Instant,
        back_off: Duration,
    },
}

impl<M> Slot<M> {
    fn occupies_memory(&self) -> bool {
        !matches!(self, Self::Failed { .. })
    }
}

/// What a request that wants a model should do next.
enum Step<L: ModelLoader> {
    Use(Lease<L>),
    Fail(ApiError),
    /// Somebody loads or unloads; look again when that is done.
    Wait,
    /// Every loaded model is in use; look again when one is free.
    WaitForRoom,
}

struct Inner<L: ModelLoader> {
    loader: L,
    max_loaded: usize,
    /// `None`: models stay until they must make room.
    idle_timeout: Option<Duration>,
    slots: Mutex<HashMap<String, Slot<L::Model>>>,
    /// Requests that need a load or an unload pass one at a time, in the order they came.
    turn: tokio::sync::Mutex<()>,
    /// While a request waits for room, requests for the models in its way line up behind
    /// it, or a busy model would never leave.
    waiting_for_room: AtomicUsize,
    changed: Notify,
    metrics: ModelMetrics,
}

/// All models of a service. Clones share the same slots.
pub struct ModelSlots<L: ModelLoader>(Arc<Inner<L>>);

impl<L: ModelLoader> Clone for ModelSlots<L> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// A loaded model in use. It can't be unloaded before the last lease is dropped, so a lease
/// moves into the blocking job beside the permit.
pub struct Lease<L: ModelLoader> {
    id: String,
    /// Always there until the lease is dropped.
    model: Option<Arc<L::Model>>,
    slots: Arc<Inner<L>>,
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
        if let Some(Slot::Ready {
            leases, last_used, ..
        }) = self.slots.slots.lock().get_mut(&self.id)
        {
            debug_assert!(*leases > 0, "a lease is returned once");
            *leases -= 1;
            *last_used = Instant::now();
        }
        self.slots.changed.notify_waiters();
    }
}

impl<L: ModelLoader> ModelSlots<L> {
    /// At most `max_loaded` models (at least 1) stay in memory; one that nobody used for
    /// `idle_timeout` leaves (zero: never). Must be called on a tokio runtime.
    pub fn new(
        loader: L,
        max_loaded: usize,
        idle_timeout: Duration,
        metrics: ModelMetrics,
    ) -> Self {
        let slots = Self(Arc::new(Inner {
            loader,
            max_loaded: max_loaded.max(1),
            idle_timeout: (!idle_timeout.is_zero()).then_some(idle_timeout),
            slots: Mutex::new(HashMap::new()),
            turn: tokio::sync::Mutex::new(()),
            waiting_for_room: AtomicUsize::new(0),
            changed: Notify::new(),
            metrics,
        }));
        if let Some(idle_timeout) = slots.0.idle_timeout {
            tokio::spawn(unload_idle(Arc::downgrade(&slots.0), idle_timeout));
        }
        slots
    }

    /// The loader that the slots were made with.
    pub fn loader(&self) -> &L {
        &self.0.loader
    }

    /// The model, loaded if it wasn't. Waits for a load, an unload, or for room.
    ///
    /// # Errors
    /// [`ApiError::ModelUnavailable`] when the model can't be loaded.
    pub async fn lease(&self, id: &str) -> Result<Lease<L>, ApiError> {
        if self.0.waiting_for_room.load(Ordering::Acquire) == 0
            && let Some(lease) = self.lease_ready(id)
        {
            return Ok(lease);
        }
        let _turn = self.0.turn.lock().await;
        let mut room: Option<WaitingForRoom<'_>> = None;
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that no change is missed in between.
            changed.as_mut().enable();
            match self.step(id) {
                Step::Use(lease) => return Ok(lease),
                Step::Fail(error) => return Err(error),
                Step::Wait => {}
                Step::WaitForRoom => {
                    room.get_or_insert_with(|| WaitingForRoom::new(&self.0.waiting_for_room));
                }
            }
            changed.await;
        }
    }

    /// Takes a lease if the model is ready now.
    fn lease_ready(&self, id: &str) -> Option<Lease<L>> {
        match self.0.slots.lock().get_mut(id) {
            Some(Slot::Ready { model, leases, .. }) => {
                *leases += 1;
                Some(Lease {
                    id: id.to_string(),
                    model: Some(Arc::clone(model)),
                    slots: Arc::clone(&self.0),
                })
            }
            _ => None,
        }
    }

    fn step(&self, id: &str) -> Step<L> {
        if let Some(lease) = self.lease_ready(id) {
            return Step::Use(lease);
        }
        let mut slots = self.0.slots.lock();
        let last_back_off = match slots.get(id) {
            Some(Slot::Loading | Slot::Unloading | Slot::Ready { .. }) => return Step::Wait,
            Some(Slot::Failed {
                error,
                retry_at,
                back_off,
            }) => {
                let pause = retry_at.saturating_duration_since(Instant::now());
                if !pause.is_zero() {
                    return Step::Fail(ApiError::ModelUnavailable {
                        message: format!("Model '{id}' could not be loaded: {error}"),
                        retry_after_seconds: (pause.as_secs_f64().ceil() as u64).clamp(1, 60),
                    });
                }
                Some(*back_off)
            }
            None => None,
        };
        if slots.values().filter(|slot| slot.occupies_memory()).count() < self.0.max_loaded {
            slots.insert(id.to_string(), Slot::Loading);
            tokio::spawn(load(Arc::clone(&self.0), id.to_string(), last_back_off));
            return Step::Wait;
        }
        if slots
            .values()
            .any(|slot| matches!(slot, Slot::Loading | Slot::Unloading))
        {
            return Step::Wait;
        }
        let least_recently_used = slots
            .iter()
            .filter_map(|(id, slot)| match slot {
                Slot::Ready {
                    leases: 0,
                    last_used,
                    ..
                } => Some((*last_used, id.clone())),
                _ => None,
            })
            .min();
        match least_recently_used {
            Some((_, other)) => {
                begin_unload(&self.0, &mut slots, &other);
                Step::Wait
            }
            None => Step::WaitForRoom,
        }
    }

    /// Takes the model out of memory and waits until it is gone. True if it was there.
    ///
    /// # Errors
    /// Requests use it, or it is just being loaded.
    pub async fn unload(&self, id: &str) -> Result<bool, InUse> {
        {
            let mut slots = self.0.slots.lock();
            match slots.get(id) {
                None => return Ok(false),
                Some(Slot::Failed { .. }) => {
                    slots.remove(id);
                    return Ok(false);
                }
                Some(Slot::Loading | Slot::Ready { leases: 1.., .. }) => return Err(InUse),
                Some(Slot::Ready { .. }) => begin_unload(&self.0, &mut slots, id),
                Some(Slot::Unloading) => {}
            }
        }
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if !matches!(self.0.slots.lock().get(id), Some(Slot::Unloading)) {
                return Ok(true);
            }
            changed.await;
        }
    }

    /// All models that are not simply unloaded, by name. A failure counts until the next
    /// request may try again: nobody but a request would clear it.
    pub fn status(&self) -> Vec<ModelStatus> {
        let now = Instant::now();
        let mut all: Vec<ModelStatus> = self
            .0
            .slots
            .lock()
            .iter()
            .filter(|(_, slot)| !matches!(slot, Slot::Failed { retry_at, .. } if *retry_at <= now))
            .map(|(id, slot)| {
                let (state, in_use, idle_seconds, error) = match slot {
                    Slot::Loading => (ModelState::Loading, 0, None, None),
                    Slot::Unloading => (ModelState::Unloading, 0, None, None),
                    Slot::Ready {
                        leases, last_used, ..
                    } => {
                        let idle = last_used.elapsed().as_secs_f64();
                        (ModelState::Ready, *leases, Some(idle), None)
                    }
                    Slot::Failed { error, .. } => {
                        (ModelState::Failed, 0, None, Some(error.to_string()))
                    }
                };
                ModelStatus {
                    id: id.clone(),
                    state,
                    in_use,
                    idle_seconds,
                    error,
                }
            })
            .collect();
        all.sort_by(|one, other| one.id.cmp(&other.id));
        all
    }
}

/// Counts a request that waits for room; gives up its claim when dropped.
struct WaitingForRoom<'a>(&'a AtomicUsize);

impl<'a> WaitingForRoom<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for WaitingForRoom<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

async fn load<L: ModelLoader>(inner: Arc<Inner<L>>, id: String, last_back_off: Option<Duration>) {
    let started = Instant::now();
    let loaded = tokio::task::spawn_blocking({
        let (inner, id) = (Arc::clone(&inner), id.clone());
        move || inner.loader.load(&id)
    })
    .await
    .unwrap_or_else(|_panic| Err(LoadError("the engine failed while loading".into())));
    let slot = match loaded {
        Ok(model) => {
            inner.metrics.loaded(&id, started.elapsed());
            tracing::info!(
                model = id,
                seconds = started.elapsed().as_secs_f64(),
                "model loaded"
            );
            Slot::Ready {
                model: Arc::new(model),
                leases: 0,
                last_used: Instant::now(),
            }
        }
        Err(error) => {
            inner.metrics.load_failed(&id);
            tracing::error!(model = id, %error, "model failed to load");
            let back_off =
                last_back_off.map_or(FIRST_BACK_OFF, |last| (last * 2).min(LONGEST_BACK_OFF));
            Slot::Failed {
                error,
                retry_at: Instant::now() + back_off,
                back_off,
            }
        }
    };
    inner.slots.lock().insert(id, slot);
    inner.changed.notify_waiters();
}

/// The caller has checked that nobody holds the model.
fn begin_unload<L: ModelLoader>(
    inner: &Arc<Inner<L>>,
    slots: &mut HashMap<String, Slot<L::Model>>,
    id: &str,
) {
    let Some(Slot::Ready { model, leases, .. }) = slots.insert(id.to_string(), Slot::Unloading)
    else {
        unreachable!("only a ready model is unloaded");
    };
    debug_assert_eq!(leases, 0, "a model in use is not unloaded");
    let (inner, id) = (Arc::clone(inner), id.to_string());
    tokio::task::spawn_blocking(move || {
        drop(model);
        release_free_pages();
        inner.slots.lock().remove(&id);
        inner.metrics.unloaded(&id);
        tracing::info!(model = id, "model unloaded");
        inner.changed.notify_waiters();
    });
}

async fn unload_idle<L: ModelLoader>(inner: std::sync::Weak<Inner<L>>, idle_timeout: Duration) {
    loop {
        let next = {
            let Some(inner) = inner.upgrade() else { return };
            let mut slots = inner.slots.lock();
            let now = Instant::now();
            let mut next = now + idle_timeout;
            let mut expired = Vec::new();
            for (id, slot) in slots.iter() {
                if let Slot::Ready {
                    leases: 0,
                    last_used,
                    ..
                } = slot
                {
                    let due = *last_used + idle_timeout;
                    if due <= now {
                        expired.push(id.clone());
                    } else {
                        next = next.min(due);
                    }
                }
            }
            for id in expired {
                begin_unload(&inner, &mut slots, &id);
            }
            next
        };
        tokio::time::sleep_until(next).await;
    }
}

#[cfg(test)]
mod tests;
