//! Building the service from its settings, and running it.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use voice_common::auth::ApiKeys;
use voice_common::frame::{Frame, frame};
use voice_common::health::{HealthState, ServiceCore};
use voice_common::limits::BodyLimit;
use voice_common::model_slots::{ModelSlots, SlotOptions};
use voice_common::pressure::Thresholds;
use voice_common::server::{InheritedSockets, Server};

use crate::audio::DecodeLimits;
use crate::config::AsrConfig;
use crate::job::App;
use crate::library::{Library, ModelSource, WhisperStore};
use crate::{api, device};

/// A service that is ready to be run.
pub struct Built {
    /// Everything that it answers.
    pub router: Router,
    /// What the probes look at.
    pub health: HealthState,
    /// What the endpoints share.
    pub app: Arc<App>,
}

/// The service with everything around its endpoints.
///
/// # Errors
/// One line that says which setting can't be used. Must be called on a tokio runtime.
pub fn build(
    config: &AsrConfig,
    source: Box<dyn ModelSource>,
    thresholds: Thresholds,
) -> Result<Built, String> {
    let common = &config.common;
    let library = Library::new(source, &config.asr.asr_model, config.asr.asr_compute_type)
        .map_err(|cause| format!("ASR_MODEL: {cause}"))?;
    let core = Arc::new(ServiceCore::new(
        "asr",
        env!("CARGO_PKG_VERSION"),
        common,
        thresholds,
    ));
    let options = SlotOptions {
        max_loaded: common.max_loaded_models,
        idle_timeout: common.idle_timeout_minutes,
        room: core.memory_room(),
    };
    let models = ModelSlots::new(library, options, core.metrics.models.clone());
    let default_model = models.loader().default_id().to_string();
    let body_limit = BodyLimit::new(common.max_upload_bytes());
    let app = Arc::new(App {
        core: Arc::clone(&core),
        models: models.clone(),
        body_limit,
        decode_limits: DecodeLimits {
            max_audio_seconds: config.asr.max_audio_seconds,
        },
        request_timeout: common.request_timeout_seconds,
    });
    let keys = match &common.api_keys_file {
        Some(file) => ApiKeys::from_file(file)
            .map_err(|cause| format!("API_KEYS_FILE: {}: {cause}", file.display()))?,
        None => ApiKeys::default(),
    };
    let health = HealthState {
        core,
        models: Arc::new(models),
        default_model,
    };
    let router = frame(
        api::routes(Arc::clone(&app)),
        Frame {
            health: health.clone(),
            keys,
            cors_origins: common.cors_origins.clone(),
            body_limit,
        },
    )?;
    Ok(Built {
        router,
        health,
        app,
    })
}

/// Runs the service until it is told to stop.
///
/// # Errors
/// One line for the operator: what can't be used and what to do.
pub async fn run(config: AsrConfig, mut sockets: InheritedSockets) -> Result<(), String> {
    let (use_gpu, device) = device::choose(config.asr.asr_device)?;
    let source = WhisperStore::open(&config, use_gpu)?;
    let Built {
        router,
        health,
        app,
    } = build(&config, Box::new(source), config.common.thresholds(use_gpu))?;
    let _watcher = app.core.watch_pressure();
    let address = |port| SocketAddr::new(config.common.host, port);
    let listening = sockets.service(address(config.asr.asr_port))?;
    let probe_listening = sockets.probe(config.asr.asr_probe_port.map(address))?;

    let default = app.models.loader().default_id().to_string();
    tracing::info!(
        model = default,
        compute_type = ?config.asr.asr_compute_type,
        device,
        "serving this model by default"
    );
    if config.common.preload {
        app.models
            .lease(&default)
            .await
            .map_err(|error| error.to_string())?;
    }
    Server {
        listening,
        probe_listening,
        router,
        health,
    }
    .run(&config.common)
    .await
}
