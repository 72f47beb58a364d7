use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::*;
use crate::model_slots::LoadError;
use crate::testing;
use crate::{ApiError, models_api};

/// A service without endpoints of its own.
fn bare(config: &CommonConfig) -> Assembly {
    bare_with(testing::core(&[]), config)
}

fn bare_with(core: Arc<ServiceCore>, config: &CommonConfig) -> Assembly {
    Assembly::new(core, OpenApiRouter::new(), BodyLimit::new(1), config).unwrap()
}

async fn get(router: &Router, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn get_json(router: &Router, path: &str) -> Value {
    let (_, text) = get(router, path).await;
    serde_json::from_str(&text).unwrap()
}

fn properties(openapi: &Value, schema: &str) -> Vec<String> {
    let schema = &openapi["components"]["schemas"][schema];
    let properties = schema["properties"].as_object().unwrap();
    for required in schema["required"].as_array().unwrap() {
        assert!(properties.contains_key(required.as_str().unwrap()));
    }
    properties.keys().cloned().collect()
}

fn keys(json: &Value) -> Vec<String> {
    json.as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn a_service_without_models_says_nothing_of_any() {
    let config = testing::config(&[]);
    let router = bare(&config).into_router(&config);
    assert_eq!(get(&router, "/health/ready").await.0, StatusCode::OK);
    assert_eq!(get(&router, "/v1/models").await.0, StatusCode::NOT_FOUND);

    let detailed = get_json(&router, "/health/detailed").await;
    let limits = &detailed["limits"];
    for (of, name) in [
        (&detailed, "default_model"),
        (&detailed, "models"),
        (limits, "max_loaded_models"),
        (limits, "idle_timeout_seconds"),
    ] {
        assert!(of.get(name).is_none(), "{name}");
    }
    assert_eq!(limits["max_queue"], 32);

    let openapi = get_json(&router, "/openapi.json").await;
    let schemas = keys(&openapi["components"]["schemas"]);
    assert!(
        !schemas.iter().any(|it| it.contains("Model")),
        "{schemas:?}"
    );
    assert!(
        !keys(&openapi["paths"])
            .iter()
            .any(|it| it.contains("models"))
    );
    let tags = openapi["tags"].as_array().unwrap();
    assert!(tags.iter().all(|it| it["name"] != "Models"), "{tags:?}");
    let (_, metrics) = get(&router, "/metrics").await;
    assert!(
        !metrics.contains("model") && !metrics.contains("inference_seconds"),
        "{metrics}"
    );
    // `reason` is null where there is none, and never left out.
    assert_eq!(properties(&openapi, "Detailed"), keys(&detailed));
    assert_eq!(properties(&openapi, "Limits"), keys(limits));
}

/// One model, which can't be loaded.
struct Broken;

impl crate::model_slots::ModelLoader for Broken {
    type Model = ();

    fn load(&self, _id: &str) -> Result<(), LoadError> {
        Err(LoadError("torn".into()))
    }

    fn footprint_bytes(&self, _id: &str) -> Option<u64> {
        None
    }
}

impl models_api::NamedModels for Broken {
    fn installed_ids(&self) -> Vec<String> {
        vec!["only".into()]
    }

    fn resolve_id(&self, name: &str) -> Result<String, ApiError> {
        Ok(name.into())
    }
}

fn with_a_broken_model(
    config: &CommonConfig,
    models: &ModelOptions,
) -> (Assembly, Arc<Jobs<Broken>>) {
    let jobs = Arc::new(Jobs::new(testing::unshared_core(&[]), Broken, models));
    let assembly = bare_with(Arc::clone(&jobs.core), config);
    (assembly.with_models(&jobs, "only", models), jobs)
}

#[tokio::test]
async fn a_service_with_models_tells_of_them() {
    let config = testing::config(&[]);
    let (assembly, jobs) = with_a_broken_model(&config, &testing::options(&[]));
    let router = assembly.into_router(&config);
    let detailed = get_json(&router, "/health/detailed").await;
    assert_eq!(detailed["default_model"], "only");
    assert_eq!(detailed["models"], Value::Array(Vec::new()));
    let openapi = get_json(&router, "/openapi.json").await;
    assert_eq!(properties(&openapi, "Detailed"), keys(&detailed));
    assert_eq!(properties(&openapi, "Limits"), keys(&detailed["limits"]));

    assert!(jobs.models.lease("only").await.is_err());
    let (status, answer) = get(&router, "/health/ready").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.contains("model 'only' failed to load"), "{answer}");
    let detailed = get_json(&router, "/health/detailed").await;
    assert_eq!(detailed["models"][0]["state"], "failed");
    let (_, metrics) = get(&router, "/metrics").await;
    for line in [
        r#"voice_model_loads_total{service="test",model="only",outcome="failed"} 1"#,
        r#"voice_rejections_total{service="test",reason="model_unavailable"} 0"#,
        r#"voice_inference_seconds_count{service="test"} 0"#,
    ] {
        assert!(metrics.contains(line), "{line} is missing in\n{metrics}");
    }
}

#[tokio::test]
async fn a_service_tells_what_only_it_has_in_its_detailed_state() {
    let config = testing::config(&[]);
    let more = || Map::from_iter([("hosts".to_string(), Value::from(2))]);
    let router = bare(&config).with_details(more).into_router(&config);
    let detailed = get_json(&router, "/health/detailed").await;
    assert_eq!(detailed["hosts"], 2);
    assert_eq!(detailed["service"], "test");
}

/// Unready from a moment on.
#[derive(Clone, Default)]
struct Switch(Arc<AtomicBool>);

impl ReadinessCheck for Switch {
    fn unready_reason(&self) -> Option<String> {
        let is_off = self.0.load(Ordering::Relaxed);
        is_off.then(|| "switched off".into())
    }
}

#[tokio::test]
async fn a_check_that_fails_makes_the_service_unready_everywhere() {
    let config = testing::config(&[]);
    let switch = Switch::default();
    let router = bare(&config)
        .with_check(Switch::default())
        .with_check(switch.clone())
        .into_router(&config);
    let (_, metrics) = get(&router, "/metrics").await;
    assert!(metrics.contains(r#"voice_ready{service="test"} 1"#));

    switch.0.store(true, Ordering::Relaxed);
    let (status, answer) = get(&router, "/health/ready").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer, r#"{"status":"unready","reason":"switched off"}"#);
    let detailed = get_json(&router, "/health/detailed").await;
    assert_eq!(detailed["reason"], "switched off");
    let (_, metrics) = get(&router, "/metrics").await;
    assert!(metrics.contains(r#"voice_ready{service="test"} 0"#));
    assert_eq!(get(&router, "/health").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_step_before_the_first_connection_that_fails_ends_the_start() {
    for (flags, message) in [
        (&["--preload", "true"][..], "torn"),
        (&["--preload", "false"], "not today"),
    ] {
        let config = testing::config(&[]);
        let ports = Ports {
            service: 0,
            probe: None,
        };
        let bound = ports
            .bind(&config.server, InheritedSockets::default())
            .unwrap();
        let (assembly, _jobs) = with_a_broken_model(&config, &testing::options(flags));
        let ended = assembly
            .prepared_by(async { Err("not today".into()) })
            .run(&config, bound)
            .await;
        let told = ended.unwrap_err();
        assert!(told.contains(message), "{told}");
    }
}

#[test]
fn settings_of_callers_that_cannot_be_used_are_told_before_anything_runs() {
    for (flags, told) in [
        (["--cors-origins", "https://a\u{7f}"], "CORS_ORIGINS"),
        (["--api-keys-file", "/nowhere/keys"], "API_KEYS_FILE"),
    ] {
        let config = testing::config(&flags);
        let api = OpenApiRouter::new();
        let refused = Assembly::new(testing::core(&[]), api, BodyLimit::new(1), &config);
        let message = refused.err().unwrap();
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn a_socket_unit_overrules_only_what_somebody_has_asked_for() {
    for (configured, actual, overruled) in [
        ("127.0.0.1:5001", "127.0.0.1:5001", false),
        ("127.0.0.1:5001", "0.0.0.0:5001", false),
        ("127.0.0.1:5003", "127.0.0.1:5001", true),
        ("0.0.0.0:5001", "127.0.0.1:5001", true),
        ("0.0.0.0:5001", "0.0.0.0:5001", false),
        ("127.0.0.1:0", "127.0.0.1:39999", false),
    ] {
        let parse = |text: &str| text.parse().unwrap();
        assert_eq!(
            is_overruled(parse(configured), parse(actual)),
            overruled,
            "{configured} {actual}"
        );
    }
}
