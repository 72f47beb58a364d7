//! What all parts of the slots share.

use tokio::sync::Notify;

use super::loader::{ModelLoader, RoomCheck};
use super::state::State;
use crate::concurrency::Mutex;
use crate::metrics::ModelMetrics;

/// The slots, the lock around them, and what tells of changes.
pub(super) struct Inner<L: ModelLoader> {
    pub(super) loader: L,
    pub(super) max_loaded: usize,
    pub(super) room: RoomCheck,
    pub(super) state: Mutex<State<L::Model>>,
    /// Requests that need a load or an unload pass one at a time, in the order they came.
    /// Only the request that has the turn starts a load.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// A slot has changed or a lease came back.
    pub(super) changed: Notify,
    pub(super) metrics: ModelMetrics,
}
