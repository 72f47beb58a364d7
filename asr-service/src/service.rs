//! Building the service from its settings, and running it.

use std::sync::Arc;

use voice_common::core::ServiceCore;
use voice_common::jobs::Jobs;
use voice_common::limits::BodyLimit;
use voice_common::pressure::Thresholds;
use voice_common::server::InheritedSockets;
use voice_common::service::{Assembly, Ports};
use voice_stack_audio::DecodeLimits;

use crate::api;
use crate::config::AsrConfig;
use crate::engine::{self, ModelSource};
use crate::job::App;
use crate::library::Library;

/// The service with everything around its endpoints, and what these share.
///
/// # Errors
/// One line that says which setting can't be used. Must be called on a tokio runtime.
pub fn build(
    config: &AsrConfig,
    sources: Vec<Arc<dyn ModelSource>>,
    thresholds: Thresholds,
) -> Result<(Assembly, Arc<App>), String> {
    let common = &config.common;
    let library = Library::new(sources, &config.asr.asr_model)
        .map_err(|cause| format!("ASR_MODEL: {cause}"))?;
    let default_model = library.default_id().to_string();
    let version = env!("CARGO_PKG_VERSION");
    let core = ServiceCore::new("asr", version, common, thresholds);
    let jobs = Arc::new(Jobs::new(core, library, &config.models));
    let body_limit = BodyLimit::new(common.uploads.max_upload_bytes());
    let app = Arc::new(App {
        jobs: Arc::clone(&jobs),
        body_limit,
        decode_limits: DecodeLimits {
            max_audio_seconds: config.asr.max_audio_seconds,
        },
    });
    let api = api::routes(Arc::clone(&app));
    let service = Assembly::new(Arc::clone(&jobs.core), api, body_limit, common)?.with_models(
        &jobs,
        &default_model,
        &config.models,
    );
    Ok((service, app))
}

/// Runs the service until it is told to stop.
///
/// # Errors
/// One line for the operator: what can't be used and what to do.
pub async fn run(config: AsrConfig, sockets: InheritedSockets) -> Result<(), String> {
    let sources = engine::open(&config)?;
    let on_gpu = sources.iter().any(|it| it.computes().on_gpu);
    let default = sources
        .iter()
        .find(|it| it.find(&config.asr.asr_model).is_some());
    let device = default.map(|it| it.computes().description);
    let thresholds = Thresholds::configured(&config.common.guards, on_gpu);
    let (service, app) = build(&config, sources, thresholds)?;
    let ports = Ports {
        service: config.asr.asr_port,
        probe: config.asr.asr_probe_port,
    };
    let bound = ports.bind(&config.common.server, sockets)?;
    tracing::info!(
        model = app.jobs.models.loader().default_id(),
        compute_type = ?config.asr.asr_compute_type,
        device,
        "serving this model by default"
    );
    service.run(&config.common, bound).await
}
