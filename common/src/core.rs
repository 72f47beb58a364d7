//! What a running service consists of, whatever it serves: who may run, what is counted, and
//! whether it is about to end. The probes, the middleware and the server all look at it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::admission::Admission;
use crate::cancellation::Cancellation;
use crate::config::CommonConfig;
use crate::metrics::{Levels, Metrics};
use crate::model_slots::RoomCheck;
use crate::pressure::{PressureGuard, SystemReadings, Thresholds, Watcher, watch};
use crate::temporary_keys::TemporaryKeys;
use crate::uploads::Uploads;

/// How often memory and the like are read.
const PRESSURE_POLL: Duration = Duration::from_millis(250);

/// What a running service consists of, beside its own endpoints.
pub struct ServiceCore {
    /// The name of the service in metrics and in its state.
    pub name: &'static str,
    /// The version of the service.
    pub version: &'static str,
    /// Who may run.
    pub admission: Admission,
    /// Whether the box can take more.
    pub pressure: PressureGuard,
    /// What request bodies hold.
    pub uploads: Arc<Uploads>,
    /// What is counted.
    pub metrics: Metrics,
    /// Parent of every request's cancellation.
    pub cancellation: Cancellation,
    /// Longest time from permit to result.
    pub request_timeout: Duration,
    /// Keys that the service gives out itself; one that gives none has none.
    pub temporary_keys: TemporaryKeys,
    started: Instant,
    draining: AtomicBool,
    refusing: AtomicBool,
}

impl ServiceCore {
    /// A service that has just started.
    pub fn new(
        name: &'static str,
        version: &'static str,
        config: &CommonConfig,
        thresholds: Thresholds,
    ) -> Self {
        let metrics = Metrics::new(name);
        let admission = &config.admission;
        metrics.queue_limited_to(admission.max_queue);
        Self {
            name,
            version,
            pressure: PressureGuard::new(thresholds),
            admission: Admission::new(
                admission.max_concurrent_requests,
                admission.max_queue,
                admission.queue_timeout_seconds,
            ),
            uploads: Arc::new(Uploads::new(
                config.server.receive_timeout_seconds,
                config.uploads.max_waiting_upload_bytes(),
            )),
            metrics,
            cancellation: Cancellation::new(),
            request_timeout: admission.request_timeout_seconds,
            temporary_keys: TemporaryKeys::default(),
            started: Instant::now(),
            draining: AtomicBool::new(false),
            refusing: AtomicBool::new(false),
        }
    }

    /// Time since the start.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Keeps the readings of memory and the like fresh for as long as the result lives.
    pub fn watch_pressure(&self) -> Watcher {
        let readings = SystemReadings::new(&self.pressure.thresholds());
        watch(self.pressure.clone(), Box::new(readings), PRESSURE_POLL)
    }

    /// Whether a model of so many bytes would fit under the memory threshold, for the slots.
    pub fn memory_room(&self) -> RoomCheck {
        let pressure = self.pressure.clone();
        Box::new(move |bytes| pressure.room_for(bytes).map_err(|it| it.to_string()))
    }

    /// The text for a scrape. Reading resets the high-water mark.
    pub fn encode_metrics(&self) -> String {
        self.metrics.encode(&Levels {
            occupancy: self.admission.occupancy(),
            high_water: self.admission.take_high_water(),
            held_bytes: self.uploads.held_bytes(),
            guards: self.pressure.status(),
        })
    }

    /// From now on the service is unready: it is about to end.
    pub fn start_draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// True after [`Self::start_draining`].
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// From now on the service finishes what it has and takes nothing new.
    pub fn start_refusing(&self) {
        self.refusing.store(true, Ordering::Release);
    }

    /// True after [`Self::start_refusing`].
    pub fn is_refusing(&self) -> bool {
        self.refusing.load(Ordering::Acquire)
    }
}
