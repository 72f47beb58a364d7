//! What the slots ask of a service: to load a model, and to say whether it would fit.

use std::time::Duration;

/// Brings a model into memory.
pub trait ModelLoader: Send + Sync + 'static {
    /// What a request computes with. Shared by all requests that use the model.
    type Model: Send + Sync + 'static;

    /// Loads `id`; dropping the result unloads it. Called on a blocking thread.
    ///
    /// # Errors
    /// The model can't be loaded. The message reaches clients: no paths.
    fn load(&self, id: &str) -> Result<Self::Model, LoadError>;

    /// Bytes of memory that `id` will need, with all that requests need to compute with it.
    /// `None`, where that is unknown, loads it without asking whether it fits. Called where
    /// nothing may block: a look at a file's size at most.
    fn footprint_bytes(&self, _id: &str) -> Option<u64> {
        None
    }
}

/// Why a model could not be loaded, in words for clients.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct LoadError(pub String);

/// Says whether so many bytes more fit into memory, from a reading that is never older than
/// [`FRESH_READING`]. If not, it gives the figures in words, such as "it needs about 0.4 GB,
/// which would take memory from 88% to 93% (limit 90%)". Must not block.
pub type RoomCheck = Box<dyn Fn(u64) -> Result<(), String> + Send + Sync>;

/// A load or an unload that is longer ago than this shows in what [`RoomCheck`] reads: the
/// reading is taken every 250 ms.
pub const FRESH_READING: Duration = Duration::from_millis(300);

/// How models share the memory.
pub struct SlotOptions {
    /// Models that stay in memory, at least 1; the least recently used makes room.
    pub max_loaded: usize,
    /// A model that no request used for so long leaves; zero: never.
    pub idle_timeout: Duration,
    /// Asked before each load of a model whose footprint is known.
    pub room: RoomCheck,
}
