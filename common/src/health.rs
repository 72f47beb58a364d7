//! Liveness, readiness and the detailed state of a service.

mod documents;
mod models;
mod readiness;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use self::models::{ModelHealth, ModelStates};
pub use self::readiness::ReadinessCheck;

use self::documents::{Alive, Detailed, Limits, ProcessState, Readiness, Slots, UploadBytes};
use crate::config::CommonConfig;
use crate::core::ServiceCore;
use crate::limits::BodyLimit;
use crate::metrics;

/// A guard that trips for a moment sends single requests away; one that stays tripped should
/// make a load balancer send all of them elsewhere.
const UNREADY_AFTER_TRIPPED: Duration = Duration::from_secs(10);

/// What the probes look at. Clones look at the same service.
#[derive(Clone)]
pub struct HealthState {
    /// The service.
    pub core: Arc<ServiceCore>,
    /// Asked in this order; the first reason is the one that is told.
    checks: Arc<[Box<dyn ReadinessCheck>]>,
    /// Absent for a service without models.
    models: Option<ModelHealth>,
    /// What the service itself adds to its detailed state.
    details: Option<Details>,
    limits: Limits,
}

/// Fields that a service adds to `/health/detailed`, as they are now. Called for each look, so it may
/// not block.
pub type Details = Arc<dyn Fn() -> Map<String, Value> + Send + Sync>;

impl HealthState {
    /// What the probes say of a service with these checks and settings, and with these models
    /// if it has any: a check of theirs is added.
    pub fn new(
        core: Arc<ServiceCore>,
        mut checks: Vec<Box<dyn ReadinessCheck>>,
        models: Option<ModelHealth>,
        config: &CommonConfig,
        body_limit: BodyLimit,
    ) -> Self {
        if let Some(models) = &models {
            checks.push(Box::new(models.clone()));
        }
        Self {
            core,
            limits: Limits::new(config, body_limit, models.as_ref()),
            checks: checks.into(),
            models,
            details: None,
        }
    }

    /// With fields of the service's own in the detailed state.
    #[must_use]
    pub fn with_details(mut self, details: Option<Details>) -> Self {
        self.details = details;
        self
    }

    fn unready_reason(&self) -> Option<String> {
        if self.core.is_draining() {
            return Some("draining".into());
        }
        let tripped_for = self.core.pressure.tripped_for(Instant::now());
        if tripped_for.is_some_and(|it| it > UNREADY_AFTER_TRIPPED)
            && let Err(exceeded) = self.core.pressure.check()
        {
            return Some(format!("resource threshold exceeded ({exceeded})"));
        }
        self.checks.iter().find_map(|check| check.unready_reason())
    }
}

fn status_name(unready: Option<&String>) -> &'static str {
    if unready.is_some() {
        "unready"
    } else {
        "ready"
    }
}

/// Liveness: the process answers.
#[utoipa::path(get, path = "/health", tag = "Operations", responses((status = 200, body = Alive)))]
async fn health() -> Json<Alive> {
    Json(Alive { status: "ok" })
}

/// Liveness, under the name that Kubernetes' own components use.
#[utoipa::path(get, path = "/healthz", tag = "Operations", responses((status = 200, body = Alive)))]
async fn healthz() -> Json<Alive> {
    health().await
}

/// Liveness, under the name that Docker images often use.
#[utoipa::path(get, path = "/healthcheck", tag = "Operations", responses((status = 200, body = Alive)))]
async fn healthcheck() -> Json<Alive> {
    health().await
}

/// Readiness: the service takes requests. Busy is still ready.
#[utoipa::path(get, path = "/health/ready", tag = "Operations", responses(
    (status = 200, body = Readiness), (status = 503, body = Readiness)))]
async fn ready(State(state): State<HealthState>) -> Response {
    let reason = state.unready_reason();
    let status = if reason.is_some() {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    (
        status,
        Json(Readiness {
            status: status_name(reason.as_ref()),
            reason,
        }),
    )
        .into_response()
}

/// The state in detail: slots, models, version, uptime.
#[utoipa::path(get, path = "/health/detailed", tag = "Operations",
    responses((status = 200, body = Detailed)))]
async fn detailed(State(state): State<HealthState>) -> Json<Detailed> {
    let reason = state.unready_reason();
    let occupancy = state.core.admission.occupancy();
    Json(Detailed {
        status: status_name(reason.as_ref()),
        reason,
        service: state.core.name,
        version: state.core.version,
        uptime_seconds: state.core.uptime().as_secs_f64(),
        slots: Slots {
            total: occupancy.slots,
            active: occupancy.active,
            queued: occupancy.queued,
            active_high_water: occupancy.active_high_water,
        },
        uploads: UploadBytes {
            held_bytes: state.core.uploads.held_bytes(),
            limit_bytes: state.core.uploads.most_bytes(),
        },
        resources: state
            .core
            .pressure
            .status()
            .into_iter()
            .map(Into::into)
            .collect(),
        default_model: state.models.as_ref().map(|it| it.default_model.clone()),
        models: state.models.as_ref().map(ModelHealth::states),
        limits: state.limits.clone(),
        process: ProcessState {
            pid: std::process::id(),
        },
        more: state.details.as_ref().map(|it| it()).unwrap_or_default(),
    })
}

/// Metrics in `OpenMetrics` text, which Prometheus scrapes.
#[utoipa::path(get, path = "/metrics", tag = "Operations", responses(
    (status = 200, body = String, content_type = "application/openmetrics-text")))]
async fn metrics(State(state): State<HealthState>) -> Response {
    state.core.metrics.ready(state.unready_reason().is_none());
    let text = state.core.encode_metrics();
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response()
}

/// The routes that need no key: probes and metrics.
pub fn routes(state: HealthState) -> OpenApiRouter {
    let has_models = state.models.is_some();
    let mut routes = OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(healthz))
        .routes(routes!(healthcheck))
        .routes(routes!(ready))
        .routes(routes!(detailed))
        .routes(routes!(metrics))
        .with_state(state);
    if !has_models {
        documents::leave_out_models(routes.get_openapi_mut());
    }
    routes
}
