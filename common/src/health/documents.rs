//! What the probes answer.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{OpenApi, RefOr};

use super::models::ModelHealth;
use crate::config::CommonConfig;
use crate::limits::BodyLimit;
use crate::model_slots::ModelStatus;
use crate::pressure::GuardStatus;

/// The service lives.
#[derive(Serialize, ToSchema)]
pub(super) struct Alive {
    /// Always `ok`.
    pub(super) status: &'static str,
}

/// Whether the service takes requests.
#[derive(Serialize, ToSchema)]
pub(super) struct Readiness {
    /// `ready` or `unready`.
    pub(super) status: &'static str,
    /// Why it is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
}

/// Fields of documents that only services with models send, and their types.
const FIELDS_OF_MODELS: [(&str, &[&str]); 2] = [
    ("Detailed", &["default_model", "models"]),
    ("Limits", &["max_loaded_models", "idle_timeout_seconds"]),
];
const TYPES_OF_MODELS: [&str; 2] = ["ModelStatus", "ModelState"];

/// Takes out of the documentation what a service without models doesn't send.
pub(super) fn leave_out_models(openapi: &mut OpenApi) {
    let Some(components) = &mut openapi.components else {
        return;
    };
    for name in TYPES_OF_MODELS {
        components.schemas.remove(name);
    }
    for (name, fields) in FIELDS_OF_MODELS {
        if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(name) {
            object.required.retain(|it| !fields.contains(&it.as_str()));
            object
                .properties
                .retain(|it, _| !fields.contains(&it.as_str()));
        }
    }
}

/// The state of the service, for people and dashboards.
#[derive(Serialize, ToSchema)]
pub(super) struct Detailed {
    /// `ready` or `unready`.
    pub(super) status: &'static str,
    /// Why it is not ready.
    pub(super) reason: Option<String>,
    /// `asr` or `tts`.
    pub(super) service: &'static str,
    /// The version of the service.
    pub(super) version: &'static str,
    /// Seconds since the start.
    pub(super) uptime_seconds: f64,
    /// Inference slots.
    pub(super) slots: Slots,
    /// What request bodies hold.
    pub(super) uploads: UploadBytes,
    /// What the box has left, and from where on requests are refused.
    pub(super) resources: Vec<ResourceState>,
    /// The model that requests get which name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = true)]
    pub(super) default_model: Option<String>,
    /// Models that are not simply unloaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<ModelStatus>, required = true)]
    pub(super) models: Option<Vec<ModelStatus>>,
    /// What the service was set to allow.
    pub(super) limits: Limits,
    /// The process, for who looks at it from the same box.
    pub(super) process: ProcessState,
    /// What only this service has to tell.
    #[serde(flatten)]
    #[schema(ignore)]
    pub(super) more: Map<String, Value>,
}

/// What the service was set to allow.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Limits {
    /// Inferences that run at once.
    max_concurrent_requests: usize,
    /// Requests that may wait.
    max_queue: usize,
    /// Longest wait in the queue.
    queue_timeout_seconds: f64,
    /// Longest computing of one request.
    request_timeout_seconds: f64,
    /// Largest file or text of a request.
    max_upload_bytes: u64,
    /// Open connections.
    max_connections: usize,
    /// Models in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = usize, required = true)]
    max_loaded_models: Option<usize>,
    /// From here on an unused model leaves; 0 = never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f64, required = true)]
    idle_timeout_seconds: Option<f64>,
    /// After SIGTERM, unready but still accepting.
    drain_grace_seconds: f64,
    /// From SIGTERM on, for running requests to finish.
    drain_timeout_seconds: f64,
}

impl Limits {
    pub(super) fn new(
        config: &CommonConfig,
        body_limit: BodyLimit,
        models: Option<&ModelHealth>,
    ) -> Self {
        let (admission, server) = (&config.admission, &config.server);
        Self {
            max_concurrent_requests: admission.max_concurrent_requests,
            max_queue: admission.max_queue,
            queue_timeout_seconds: admission.queue_timeout_seconds.as_secs_f64(),
            request_timeout_seconds: admission.request_timeout_seconds.as_secs_f64(),
            max_upload_bytes: body_limit.upload_bytes(),
            max_connections: server.max_connections,
            max_loaded_models: models.map(|it| it.max_loaded),
            idle_timeout_seconds: models.map(|it| it.idle_timeout.as_secs_f64()),
            drain_grace_seconds: server.drain_grace_seconds.as_secs_f64(),
            drain_timeout_seconds: server.drain_timeout_seconds.as_secs_f64(),
        }
    }
}

/// The process of the service.
#[derive(Serialize, ToSchema)]
pub(super) struct ProcessState {
    /// Its number, as the process itself sees it.
    pub(super) pid: u32,
}

/// Bodies of all requests that are not answered yet.
#[derive(Serialize, ToSchema)]
pub(super) struct UploadBytes {
    /// Held now.
    pub(super) held_bytes: u64,
    /// At most.
    pub(super) limit_bytes: u64,
}

/// Memory, swap, GPU memory, or stalls.
#[derive(Serialize, ToSchema)]
pub(super) struct ResourceState {
    /// `memory`, `swap`, `vram` or `psi` (the share of time in which everything stalled).
    pub(super) resource: &'static str,
    /// In use, in percent; absent where it can't be measured.
    pub(super) percent: Option<f64>,
    /// In use; absent for psi.
    pub(super) used_bytes: Option<u64>,
    /// There are; absent for psi.
    pub(super) limit_bytes: Option<u64>,
    /// Whose: the host, a cgroup, or a GPU.
    pub(super) scope: Option<String>,
    /// From here on requests are refused; 0 = never.
    pub(super) threshold_percent: f64,
    /// Requests are being refused because of it.
    pub(super) tripped: bool,
    /// For how long.
    pub(super) tripped_for_seconds: Option<f64>,
}

impl From<GuardStatus> for ResourceState {
    fn from(guard: GuardStatus) -> Self {
        let latest = guard.latest.as_ref();
        Self {
            resource: guard.resource.label(),
            percent: latest.map(|it| it.percent),
            used_bytes: latest.and_then(|it| it.used_bytes),
            limit_bytes: latest.and_then(|it| it.limit_bytes),
            scope: latest.map(|it| it.scope.to_string()),
            threshold_percent: guard.threshold_percent,
            tripped: guard.tripped,
            tripped_for_seconds: guard.tripped_for.map(|it| it.as_secs_f64()),
        }
    }
}

/// Inference slots.
#[derive(Serialize, ToSchema)]
pub(super) struct Slots {
    /// Slots in all.
    pub(super) total: usize,
    /// In use now.
    pub(super) active: usize,
    /// Requests that wait.
    pub(super) queued: usize,
    /// Most in use at once since the start.
    pub(super) active_high_water: usize,
}
