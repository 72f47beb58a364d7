//! The state machine of all slots: what is decided under the lock, and nothing that waits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::loader::{FRESH_READING, LoadError};
use super::slot::{BackOff, Slot};
use super::status::{InUse, ModelStatus};
use crate::ApiError;
use crate::concurrency::Instant;

const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(30);
/// A refusal is answered again, without another look, for so long.
const REFUSAL_HOLDS: Duration = Duration::from_secs(1);

/// What is to be done for a request that wants a model. The state has changed accordingly;
/// the caller acts on it outside of the lock.
pub(super) enum Decision<M> {
    /// A lease has been counted.
    Use(Arc<M>),
    Fail(ApiError),
    /// There is a place for the model; nothing has changed yet.
    LoadIfItFits,
    /// The slot is loading: start the load.
    Load,
    /// The slot is unloading: drop the model.
    Unload(String, Arc<M>),
    /// A model is being loaded or unloaded; look again when that is done.
    Wait,
    WaitUntil(Instant),
    /// Every loaded model is in use; look again when one is free.
    WaitForRoom,
}

/// What an operator's wish to unload meets.
pub(super) enum Unloadable<M> {
    NotLoaded,
    /// On its way out already.
    Leaving,
    /// The slot is unloading: drop the model.
    Begun(Arc<M>),
}

/// All slots, and the requests that have an interest in them.
pub(super) struct State<M> {
    slots: BTreeMap<String, Slot<M>>,
    /// Requests that are going to lease a model, loaded or not; never zero.
    claims: BTreeMap<String, usize>,
    /// While a request waits for room, requests for the models in its way line up behind
    /// it, or a busy model would never leave.
    waiting_for_room: usize,
    last_load_ended: Option<Instant>,
    last_unload_ended: Option<Instant>,
}

impl<M> Default for State<M> {
    fn default() -> Self {
        Self {
            slots: BTreeMap::new(),
            claims: BTreeMap::new(),
            waiting_for_room: 0,
            last_load_ended: None,
            last_unload_ended: None,
        }
    }
}

impl<M> State<M> {
    /// Counts a lease if the model is ready now, unless that would overtake a request that
    /// waits for room.
    pub(super) fn lease_unless_room_is_wanted(&mut self, id: &str) -> Option<Arc<M>> {
        (self.waiting_for_room == 0)
            .then(|| self.lease_ready(id))
            .flatten()
    }

    fn lease_ready(&mut self, id: &str) -> Option<Arc<M>> {
        match self.slots.get_mut(id) {
            Some(Slot::Ready { model, leases, .. }) => {
                *leases += 1;
                Some(Arc::clone(model))
            }
            _ => None,
        }
    }

    pub(super) fn return_lease(&mut self, id: &str) {
        let Some(Slot::Ready {
            leases, last_used, ..
        }) = self.slots.get_mut(id)
        else {
            debug_assert!(false, "a leased model stays ready");
            return;
        };
        debug_assert!(*leases > 0, "a lease is returned once");
        *leases -= 1;
        *last_used = Instant::now();
    }

    pub(super) fn claim(&mut self, id: &str) {
        *self.claims.entry(id.to_string()).or_default() += 1;
    }

    /// The idle time begins anew, as after a lease: the timer need not look earlier than it
    /// planned to.
    pub(super) fn return_claim(&mut self, id: &str) {
        let claims = self.claims.get_mut(id);
        debug_assert!(claims.is_some(), "a claim is returned once");
        if let Some(claims) = claims {
            *claims -= 1;
            if *claims == 0 {
                self.claims.remove(id);
            }
        }
        if let Some(Slot::Ready { last_used, .. }) = self.slots.get_mut(id) {
            *last_used = Instant::now();
        }
    }

    pub(super) fn want_room(&mut self) {
        self.waiting_for_room += 1;
    }

    pub(super) fn no_longer_want_room(&mut self) {
        debug_assert!(
            self.waiting_for_room > 0,
            "a request that stops waiting has waited"
        );
        self.waiting_for_room -= 1;
    }

    /// What the request that has the turn should do to get `id`.
    pub(super) fn decide(&mut self, id: &str, max_loaded: usize) -> Decision<M> {
        if let Some(model) = self.lease_ready(id) {
            return Decision::Use(model);
        }
        let now = Instant::now();
        match self.slots.get(id) {
            Some(Slot::Failed {
                error, retry_at, ..
            }) if *retry_at > now => {
                return Decision::Fail(ApiError::ModelUnavailable {
                    message: format!("Model '{id}' could not be loaded: {error}"),
                    retry_after_seconds: seconds_until(*retry_at, now),
                });
            }
            Some(Slot::Refused {
                message, retry_at, ..
            }) if *retry_at > now => {
                return Decision::Fail(ApiError::ResourceExhausted {
                    message: message.clone(),
                    retry_after_seconds: seconds_until(*retry_at, now),
                });
            }
            Some(Slot::Loading { .. } | Slot::Unloading) => return Decision::Wait,
            Some(Slot::Ready { .. } | Slot::Failed { .. } | Slot::Refused { .. }) | None => {}
        }
        let occupied = self.slots.values().filter(|slot| slot.occupies_memory());
        let full = occupied.count() >= max_loaded;
        // One load at a time, whose memory shows before the next one looks for its own.
        if self.any(|slot| matches!(slot, Slot::Loading { .. }))
            || full && self.any(|slot| matches!(slot, Slot::Unloading))
        {
            return Decision::Wait;
        }
        if full {
            self.unload_least_recently_used()
                .unwrap_or(Decision::WaitForRoom)
        } else {
            Decision::LoadIfItFits
        }
    }

    fn any(&self, is: impl Fn(&Slot<M>) -> bool) -> bool {
        self.slots.values().any(is)
    }

    /// Models that no request claims go first: the others would be loaded again at once.
    fn unload_least_recently_used(&mut self) -> Option<Decision<M>> {
        let (_, id) = self
            .slots
            .iter()
            .filter_map(|(id, slot)| match slot {
                Slot::Ready {
                    leases: 0,
                    last_used,
                    ..
                } => Some(((self.claims.contains_key(id), *last_used), id.clone())),
                _ => None,
            })
            .min()?;
        let model = self.begin_unload(&id);
        Some(Decision::Unload(id, model))
    }

    /// When the last load shows in a reading of the memory; `None` if it does already.
    pub(super) fn last_load_unseen_until(&self) -> Option<Instant> {
        unseen_until(self.last_load_ended)
    }

    pub(super) fn begin_load(&mut self, id: &str) -> Decision<M> {
        debug_assert!(
            !self.any(|slot| matches!(slot, Slot::Loading { .. })),
            "loads happen one at a time"
        );
        let last_back_off = self.last_back_off(id);
        let before = self
            .slots
            .insert(id.to_string(), Slot::Loading { last_back_off });
        debug_assert!(
            before.is_none_or(|slot| !slot.occupies_memory()),
            "a model is not loaded twice"
        );
        Decision::Load
    }

    fn last_back_off(&self, id: &str) -> Option<BackOff> {
        match self.slots.get(id) {
            Some(Slot::Failed { back_off, .. }) => Some(*back_off),
            Some(Slot::Refused { last_back_off, .. } | Slot::Loading { last_back_off }) => {
                *last_back_off
            }
            _ => None,
        }
    }

    /// `id` doesn't fit by the latest reading. What is idle leaves first, one at a time,
    /// with a fresh look after each; only then the load is refused.
    pub(super) fn make_room_or_refuse(&mut self, id: &str, message: String) -> Decision<M> {
        if self.any(|slot| matches!(slot, Slot::Unloading)) {
            return Decision::Wait;
        }
        if let Some(then) = unseen_until(self.last_unload_ended) {
            return Decision::WaitUntil(then);
        }
        if let Some(unload) = self.unload_least_recently_used() {
            return unload;
        }
        let refused = Slot::Refused {
            message: message.clone(),
            retry_at: Instant::now() + REFUSAL_HOLDS,
            last_back_off: self.last_back_off(id),
        };
        self.slots.insert(id.to_string(), refused);
        Decision::Fail(ApiError::ResourceExhausted {
            message,
            retry_after_seconds: REFUSAL_HOLDS.as_secs(),
        })
    }

    pub(super) fn end_load(&mut self, id: &str, loaded: Result<M, LoadError>) {
        let now = Instant::now();
        let last_back_off = self.last_back_off(id);
        let after = match loaded {
            Ok(model) => {
                self.last_load_ended = Some(now);
                Slot::Ready {
                    model: Arc::new(model),
                    leases: 0,
                    last_used: now,
                }
            }
            Err(error) => {
                // What it took until it failed came back.
                self.last_unload_ended = Some(now);
                let back_off =
                    last_back_off.map_or(FIRST_BACK_OFF, |last| (last * 2).min(LONGEST_BACK_OFF));
                Slot::Failed {
                    error,
                    retry_at: now + back_off,
                    back_off,
                }
            }
        };
        let before = self.slots.insert(id.to_string(), after);
        debug_assert!(
            matches!(before, Some(Slot::Loading { .. })),
            "only a load that was begun ends"
        );
    }

    /// The caller has checked, under the same lock, that no request holds the model.
    fn begin_unload(&mut self, id: &str) -> Arc<M> {
        let before = self.slots.insert(id.to_string(), Slot::Unloading);
        let Some(Slot::Ready { model, leases, .. }) = before else {
            unreachable!("only a ready model is unloaded");
        };
        debug_assert_eq!(leases, 0, "a model in use is not unloaded");
        debug_assert_eq!(
            Arc::strong_count(&model),
            1,
            "a lease drops its model first"
        );
        model
    }

    pub(super) fn end_unload(&mut self, id: &str) {
        let before = self.slots.remove(id);
        debug_assert!(
            matches!(before, Some(Slot::Unloading)),
            "only an unload that was begun ends"
        );
        self.last_unload_ended = Some(Instant::now());
    }

    pub(super) fn unload_if_unused(&mut self, id: &str) -> Result<Unloadable<M>, InUse> {
        match self.slots.get(id) {
            None => Ok(Unloadable::NotLoaded),
            Some(Slot::Failed { .. } | Slot::Refused { .. }) => {
                self.slots.remove(id);
                Ok(Unloadable::NotLoaded)
            }
            Some(Slot::Unloading) => Ok(Unloadable::Leaving),
            Some(Slot::Ready { leases: 0, .. }) if !self.claims.contains_key(id) => {
                Ok(Unloadable::Begun(self.begin_unload(id)))
            }
            Some(Slot::Loading { .. } | Slot::Ready { .. }) => Err(InUse),
        }
    }

    pub(super) fn is_unloading(&self, id: &str) -> bool {
        matches!(self.slots.get(id), Some(Slot::Unloading))
    }

    /// Begins to unload what no request used or claimed for `idle_timeout`, and says when to look
    /// again: nothing can be due before that, since every use begins the time anew.
    pub(super) fn unload_expired(
        &mut self,
        idle_timeout: Duration,
    ) -> (Vec<(String, Arc<M>)>, Instant) {
        let now = Instant::now();
        let mut next = now + idle_timeout;
        let mut expired = Vec::new();
        for (id, slot) in &self.slots {
            if let Slot::Ready {
                leases: 0,
                last_used,
                ..
            } = slot
                && !self.claims.contains_key(id)
            {
                let due = *last_used + idle_timeout;
                if due <= now {
                    expired.push(id.clone());
                } else {
                    next = next.min(due);
                }
            }
        }
        let unloads = expired.into_iter().map(|id| {
            let model = self.begin_unload(&id);
            (id, model)
        });
        (unloads.collect(), next)
    }

    pub(super) fn statuses(&self) -> Vec<ModelStatus> {
        let now = Instant::now();
        let statuses = self.slots.iter();
        statuses
            .filter_map(|(id, slot)| slot.status(id, now))
            .collect()
    }
}

fn seconds_until(then: Instant, now: Instant) -> u64 {
    let pause = then.saturating_duration_since(now);
    (pause.as_secs_f64().ceil() as u64).clamp(1, 60)
}

fn unseen_until(event: Option<Instant>) -> Option<Instant> {
    event
        .map(|then| then + FRESH_READING)
        .filter(|seen| *seen > Instant::now())
}
