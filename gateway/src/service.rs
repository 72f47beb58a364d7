//! Building the gateway from its settings, and running it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use voice_common::auth::ApiKeys;
use voice_common::core::ServiceCore;
use voice_common::limits::BodyLimit;
use voice_common::pressure::Thresholds;
use voice_common::rate_limit::RateLimit;
use voice_common::server::InheritedSockets;
use voice_common::service::{Assembly, Ports};
use voice_common::sessions::{SessionLimits, Sessions};
use voice_common::websocket::{WebSocketLimits, WebSockets};
use voice_listen::{OpenError, TurnModel, VoiceModel};
use voice_stack_models::{Error, Store};
use voice_upstream::{ApiKey, Pool, PoolSettings, Snapshot, Upstream};

use crate::app::App;
use crate::clock::Clock;
use crate::config::GatewayConfig;
use crate::pipeline::{ConversationMetrics, Parts, Pipeline};
use crate::protocol;
use crate::protocol::query::{Queries, QueryLimits, QueryMetrics};
use crate::responder::{Builtin, Chat, Responder};
use crate::speech::{Recogniser, Speaker};
use crate::tools::Tools;

/// A conversation may last so long, however much happens in it.
const LONGEST_CONVERSATION: Duration = Duration::from_hours(24);
/// A minute of a turn may have been sent before it is heard, and a message is no more.
const MESSAGE_BYTES: usize = 2 << 20;

/// Runs the service until it is told to stop.
///
/// # Errors
/// One line for the operator: what can't be used and what to do.
pub async fn run(config: GatewayConfig, sockets: InheritedSockets) -> Result<(), String> {
    let (service, told) = build(&config)?;
    let ports = Ports {
        service: config.gateway.gateway_port,
        probe: config.gateway.gateway_probe_port,
    };
    let bound = ports.bind(&config.common.server, sockets)?;
    told.log();
    service.run(&config.common, bound).await
}

/// What the operator is told once the service can start.
struct Told {
    is_language_model: bool,
    no_turns: Option<String>,
}

impl Told {
    fn log(&self) {
        if !self.is_language_model {
            tracing::warn!(
                "the built-in responder answers, which is no language model: it repeats what it \
                 understood. LLM_BASE_URL names a chat server with OpenAI's API, such as \
                 http://127.0.0.1:11434/v1 for Ollama, and LLM_MODEL its model"
            );
        }
        if let Some(why) = &self.no_turns {
            tracing::warn!(
                why,
                "whether a pause is the end of a turn can't be heard: half a second of silence is"
            );
        }
    }
}

/// The service with everything around its endpoints.
///
/// # Errors
/// One line that says which setting or file can't be used.
fn build(config: &GatewayConfig) -> Result<(Assembly, Told), String> {
    let common = &config.common;
    let pool = Pool::new(PoolSettings::default()).map_err(|it| it.to_string())?;
    let key = key_of_this_box(config)?;
    let recogniser = Recogniser::open(&pool, &config.speech, key.as_ref());
    let recogniser = recogniser.map_err(|it| it.to_string())?;
    let speaker = Speaker::open(&pool, &config.speech, key.as_ref());
    let speaker = speaker.map_err(|it| it.to_string())?;
    let chat = Chat::open(&pool, &config.responder).map_err(|it| it.to_string())?;
    let mut upstreams = vec![recogniser.upstream().clone(), speaker.upstream().clone()];
    upstreams.extend(chat.as_ref().map(|it| it.upstream().clone()));
    let clock = Clock::system();
    let responder: Arc<dyn Responder> = match chat {
        Some(chat) => Arc::new(chat),
        None => Arc::new(Builtin::new(clock.clone())),
    };
    let is_language_model = responder.is_language_model();
    let tools = Tools::open(&pool, &config.tools, clock, !is_language_model)
        .map_err(|it| it.to_string())?;
    let store = store(config)?;
    let voice = VoiceModel::open(&store).map_err(|it| it.to_string())?;
    let (turns, no_turns) = turns(&store)?;

    let thresholds = Thresholds::configured(&common.guards, false);
    let version = env!("CARGO_PKG_VERSION");
    let mut core = ServiceCore::new("gateway", version, common, thresholds);
    let most = config.gateway.voice_max_concurrent as usize;
    let websockets = WebSockets::new(
        most,
        WebSocketLimits {
            message_bytes: MESSAGE_BYTES,
            frame_bytes: MESSAGE_BYTES,
            incoming_bytes: MESSAGE_BYTES as u32,
            ..WebSocketLimits::default()
        },
    );
    let limits = SessionLimits {
        max: most,
        // Each is in use for as long as it is there.
        idle: LONGEST_CONVERSATION,
        longest: LONGEST_CONVERSATION,
    };
    let sessions = Sessions::new(limits, core.cancellation.child());
    let metrics = ConversationMetrics::default();
    let query_metrics = QueryMetrics::default();
    core.metrics.extend(|registry| {
        websockets.metrics().register(registry);
        sessions.metrics().register(registry);
        metrics.register(registry);
        query_metrics.register(registry);
    });
    core.metrics.may_reject_with("too_many_websockets");
    core.metrics.may_reject_with("too_many_sessions");
    core.metrics.may_reject_with("upstream_unavailable");
    let pipeline = Pipeline::new(Parts {
        recogniser,
        recogniser_slots: common.admission.max_concurrent_requests,
        speaker,
        responder,
        tools,
        voice,
        turns,
        metrics,
    });
    let core = Arc::new(core);
    let details = details(sessions.clone(), upstreams, is_language_model);
    let settings = config.conversation();
    let body_limit = BodyLimit::new(common.uploads.max_upload_bytes());
    let limits = QueryLimits {
        most,
        session: config.gateway.voice_session_timeout,
        body: body_limit,
    };
    let queries = Queries::new(
        Arc::clone(&core),
        pipeline.clone(),
        settings.clone(),
        limits,
        query_metrics,
    );
    let app = App::new(Arc::clone(&core), pipeline, sessions, websockets, settings);
    let routes = protocol::routes(app, queries, rate_limit(config)?);
    let service = Assembly::new(core, routes, body_limit, common)?.with_details(details);
    let told = Told {
        is_language_model,
        no_turns,
    };
    Ok((service, told))
}

/// How often a client may ask, if that is limited.
///
/// # Errors
/// The file of keys can't be used.
fn rate_limit(config: &GatewayConfig) -> Result<Option<RateLimit>, String> {
    let common = &config.common;
    let keys = ApiKeys::configured(common.callers.api_keys_file.as_deref())?;
    let host = common.server.host;
    Ok(RateLimit::configured(
        &config.rate_limit,
        host,
        !keys.is_empty(),
    ))
}

/// One of the keys that clients need here: where services are installed together, the others have
/// the same ones.
fn key_of_this_box(config: &GatewayConfig) -> Result<Option<ApiKey>, String> {
    let keys = ApiKeys::configured(config.common.callers.api_keys_file.as_deref())?;
    let key = keys.first().map(ApiKey::new).transpose();
    key.map_err(|it| format!("API_KEYS_FILE: {it}"))
}

fn store(config: &GatewayConfig) -> Result<Store, String> {
    let dir = match &config.gateway.models_dir {
        Some(dir) => dir.clone(),
        None => Store::default_dir().map_err(|it| it.to_string())?,
    };
    Ok(Store::new(dir))
}

/// Smart Turn, or why there is none: a conversation can be held without it.
///
/// # Errors
/// It is there and can't be used.
fn turns(store: &Store) -> Result<(Option<TurnModel>, Option<String>), String> {
    match TurnModel::open(store) {
        Ok(model) => Ok((Some(model), None)),
        Err(OpenError::Files(why @ Error::NotInstalled { .. })) => {
            Ok((None, Some(why.to_string())))
        }
        Err(why) => Err(why.to_string()),
    }
}

/// What `/health/detailed` says of conversations, and of the services that they need.
fn details(
    sessions: Sessions<()>,
    upstreams: Vec<Upstream>,
    is_language_model: bool,
) -> impl Fn() -> Map<String, Value> + Send + Sync + 'static {
    move || {
        let states: Vec<_> = upstreams.iter().map(|it| state(&it.snapshot())).collect();
        let responder = json!({
            "kind": if is_language_model { "chat" } else { "builtin" },
            "is_language_model": is_language_model,
        });
        Map::from_iter([
            ("sessions".into(), json!(sessions.counts())),
            ("responder".into(), responder),
            ("upstreams".into(), states.into()),
        ])
    }
}

fn state(snapshot: &Snapshot) -> Value {
    let hosts = snapshot.hosts.iter().map(|it| {
        let attempts = it.attempts.iter();
        let attempts: Map<_, _> = attempts
            .map(|(outcome, count)| (outcome.name().to_owned(), json!(count)))
            .collect();
        json!({
            "base_url": it.base_url,
            "breaker": it.breaker.name(),
            "in_flight": it.in_flight,
            "attempts": attempts,
        })
    });
    json!({
        "name": snapshot.name,
        "requests": snapshot.requests,
        "retries": snapshot.retries,
        "hosts": hosts.collect::<Vec<_>>(),
    })
}
