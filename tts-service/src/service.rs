//! Building the service from its settings, and running it.

use std::sync::Arc;

use voice_common::core::ServiceCore;
use voice_common::jobs::Jobs;
use voice_common::limits::BodyLimit;
use voice_common::pressure::Thresholds;
use voice_common::server::InheritedSockets;
use voice_common::service::{Assembly, Ports};

use crate::api;
use crate::app::App;
use crate::cache::SpeechCache;
use crate::config::TtsConfig;
use crate::engine::{self, VoiceSource};
use crate::library::Library;
use crate::metrics::SpeechMetrics;

/// Bytes that a character takes at most in JSON: two escapes of six.
const JSON_BYTES_A_CHARACTER: u64 = 12;
/// Bodies up to here are read whatever the limit on characters is, so that a text that is too
/// long gets an answer that says so.
const BODY_BYTES: u64 = 2 * 1024 * 1024;

/// The service with everything around its endpoints, and what these share.
///
/// # Errors
/// One line that says which setting can't be used. Must be called on a tokio runtime.
pub(crate) fn build(
    config: &TtsConfig,
    sources: Vec<Arc<dyn VoiceSource>>,
    thresholds: Thresholds,
) -> Result<(Assembly, Arc<App>), String> {
    let (common, tts) = (&config.common, &config.tts);
    let library =
        Library::new(sources, &tts.tts_voice).map_err(|cause| format!("TTS_VOICE: {cause}"))?;
    let default_voice = library.default_id().to_string();
    let version = env!("CARGO_PKG_VERSION");
    let mut core = ServiceCore::new("tts", version, common, thresholds);
    let metrics = SpeechMetrics::default();
    core.metrics.extend(|registry| metrics.register(registry));
    let cache = SpeechCache::new(tts.cache_bytes(), metrics.clone());
    let jobs = Arc::new(Jobs::new(core, library, &config.models));
    let text_bytes = u64::from(tts.max_input_chars) * JSON_BYTES_A_CHARACTER;
    let body_bytes = BODY_BYTES
        .max(text_bytes)
        .min(common.uploads.max_upload_bytes());
    let body_limit = BodyLimit::new(body_bytes);
    let app = Arc::new(App {
        jobs: Arc::clone(&jobs),
        cache,
        metrics,
        pauses: tts.pauses(),
        most_characters: tts.max_input_chars as usize,
        body_limit,
    });
    let api = api::routes(Arc::clone(&app));
    let service = Assembly::new(Arc::clone(&jobs.core), api, body_limit, common)?.with_models(
        &jobs,
        &default_voice,
        &config.models,
    );
    Ok((service, app))
}

/// Runs the service until it is told to stop.
///
/// # Errors
/// One line for the operator: what can't be used and what to do.
pub async fn run(config: TtsConfig, sockets: InheritedSockets) -> Result<(), String> {
    let sources = engine::open(&config)?;
    let on_gpu = sources.iter().any(|it| it.computes().on_gpu);
    let default = sources.iter().find(|it| it.has(&config.tts.tts_voice));
    let device = default.map(|it| it.computes().description);
    let thresholds = Thresholds::configured(&config.common.guards, on_gpu);
    let (service, app) = build(&config, sources.clone(), thresholds)?;
    let ports = Ports {
        service: config.tts.tts_port,
        probe: config.tts.tts_probe_port,
    };
    let bound = ports.bind(&config.common.server, sockets)?;
    tracing::info!(
        voice = app.jobs.models.loader().default_id(),
        device,
        "serving this voice by default"
    );
    // Loaded voices are to end with the service.
    drop(app);
    let ended = service.run(&config.common, bound).await;
    // Blocking, but not for long, and nothing else goes on any more.
    for source in sources {
        source.shutdown();
    }
    ended
}
