//! The endpoints with a scripted engine: what goes in, what comes out, byte for byte.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use clap::Parser as _;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use voice_common::cancellation::CancelCause;
use voice_common::pressure::Thresholds;

use crate::config::AsrConfig;
use crate::engine::scripted::{Scripted, ScriptedSource};
use crate::engine::{Capabilities, EngineError, Language};
use crate::job::App;
use crate::service;

const BOUNDARY: &str = "x-test-boundary";

/// A second of silence as WAV: the scripted engine doesn't listen.
fn wav() -> Vec<u8> {
    let samples: u32 = 16_000;
    let mut bytes = Vec::new();
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(36 + samples * 2).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend_from_slice(&16_000_u32.to_le_bytes());
    bytes.extend_from_slice(&32_000_u32.to_le_bytes());
    bytes.extend_from_slice(b"\x02\0\x10\0data");
    bytes.extend_from_slice(&(samples * 2).to_le_bytes());
    bytes.resize(bytes.len() + samples as usize * 2, 0);
    bytes
}

struct Service {
    router: Router,
    app: Arc<App>,
}

fn service(flags: &[&str], script: Scripted) -> Service {
    let source = ScriptedSource::with_models(&["base", "tiny.en"]).saying(script);
    let flags = ["voice-stack-asr"].iter().chain(flags).copied();
    let config = AsrConfig::parse_from(flags);
    let thresholds = Thresholds::configured(&config.common.guards, false);
    let (service, app) = service::build(&config, vec![Arc::new(source)], thresholds).unwrap();
    Service {
        router: service.into_router(&config.common),
        app,
    }
}

fn multipart(file_field: &str, file: &[u8], fields: &[(&str, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend_from_slice(
            format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
            .as_bytes(),
        );
    }
    body.extend_from_slice(
        format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{file_field}\"; \
             filename=\"a.wav\"\r\n\r\n"
        )
        .as_bytes(),
    );
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

fn post(path: &str, body: Vec<u8>) -> Request<Body> {
    Request::post(path)
        .header(
            header::CONTENT_TYPE,
            format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .body(body.into())
        .unwrap()
}

struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn error(&self) -> (u16, String, Value) {
        let error = &self.json()["error"];
        (
            self.status.as_u16(),
            error["code"].as_str().unwrap().into(),
            error["param"].clone(),
        )
    }
}

impl Service {
    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    async fn transcribe(&self, fields: &[(&str, &str)]) -> Answer {
        self.send(post(
            "/v1/audio/transcriptions",
            multipart("file", &wav(), fields),
        ))
        .await
    }
}

#[tokio::test]
async fn every_response_format_has_its_body() {
    let service = service(&[], Scripted::default());
    for format in ["json", "text", "srt", "vtt", "verbose_json"] {
        let answer = service.transcribe(&[("response_format", format)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        insta::assert_snapshot!(
            format!("format_{format}"),
            format!(
                "{}\n{}",
                answer.headers[header::CONTENT_TYPE].to_str().unwrap(),
                answer.text
            )
        );
    }
}

#[tokio::test]
async fn word_timestamps_come_instead_of_or_beside_segments() {
    let service = service(&[], Scripted::default());
    for (granularities, segments, words) in [
        (&["word"][..], false, true),
        (&["segment"], true, false),
        (&["segment", "word"], true, true),
    ] {
        let mut fields = vec![("response_format", "verbose_json")];
        fields.extend(
            granularities
                .iter()
                .map(|it| ("timestamp_granularities[]", *it)),
        );
        let body = service.transcribe(&fields).await.json();
        assert_eq!(body.get("segments").is_some(), segments);
        assert_eq!(body.get("words").is_some(), words);
    }
}

#[tokio::test]
async fn a_stream_is_deltas_and_the_whole_text() {
    let service = service(&[], Scripted::default());
    let answer = service.transcribe(&[("stream", "true")]).await;
    assert_eq!(answer.headers[header::CONTENT_TYPE], "text/event-stream");
    insta::assert_snapshot!(answer.text);
}

#[tokio::test]
async fn a_stream_that_breaks_off_says_why_and_is_counted() {
    let script = Scripted {
        segments: vec![" On and on.".into(); 10_000],
        delay: Duration::from_millis(5),
        ..Scripted::default()
    };
    let service = service(&[], script);
    let core = &service.app.jobs.core;
    let broken_off = |count| {
        let line = format!(r#"broken_off_total{{service="asr",reason="draining"}} {count}"#);
        core.encode_metrics().contains(&line)
    };
    let body = multipart("file", &wav(), &[("stream", "true")]);
    let request = post("/v1/audio/transcriptions", body);
    let response = service.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(broken_off(0));

    core.cancellation.cancel(CancelCause::Shutdown);
    let text = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&text);
    let last = text.lines().rfind(|it| it.starts_with("data:")).unwrap();
    assert!(last.contains("draining"), "{last}");
    assert!(broken_off(1));
}

#[tokio::test]
async fn a_failure_before_the_first_text_of_a_stream_keeps_its_status() {
    let service = service(&[], Scripted::default());
    let body = multipart("file", b"not audio", &[("stream", "true")]);
    let answer = service.send(post("/v1/audio/transcriptions", body)).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_bad_value_names_its_field() {
    let service = service(&[], Scripted::default());
    for (field, value) in [
        ("temperature", "1.5"),
        ("temperature", "warm"),
        ("temperature", "NaN"),
        ("response_format", "pdf"),
        ("language", "klingon"),
        ("stream", "perhaps"),
        ("timestamp_granularities", "word"),
    ] {
        let answer = service.transcribe(&[(field, value)]).await;
        let expected = (400, "invalid_parameter".to_string(), Value::from(field));
        assert_eq!(answer.error(), expected, "{field}={value}");
    }
}

#[tokio::test]
async fn unknown_fields_are_ignored_and_blank_ones_are_absent() {
    let service = service(&[], Scripted::default());
    let fields = [
        ("chunking_strategy", "auto"),
        ("language", ""),
        ("temperature", " "),
        ("model", ""),
    ];
    assert_eq!(service.transcribe(&fields).await.status, StatusCode::OK);
}

#[tokio::test]
async fn bodies_that_can_not_be_understood_are_refused_clearly() {
    let service = service(&["--max-upload-size-mb", "1"], Scripted::default());
    let path = "/v1/audio/transcriptions";
    let large = vec![0; 1024 * 1024 + 1];
    for (body, status, code, param) in [
        (
            multipart("other", b"x", &[]),
            400,
            "invalid_parameter",
            Value::from("file"),
        ),
        (
            multipart("file", b"", &[]),
            400,
            "invalid_audio",
            Value::from("file"),
        ),
        (
            multipart("file", b"%PDF-1.7 ...........................", &[]),
            415,
            "unsupported_media_type",
            Value::Null,
        ),
        (
            b"--x-test-boundary\r\nbroken".to_vec(),
            400,
            "invalid_body",
            Value::Null,
        ),
        (
            multipart("file", &large, &[]),
            413,
            "payload_too_large",
            Value::Null,
        ),
        (
            multipart("file", &wav(), &[("model", "nope")]),
            404,
            "model_not_found",
            Value::from("model"),
        ),
    ] {
        assert_eq!(
            service.send(post(path, body)).await.error(),
            (status, code.into(), param)
        );
    }
    let no_multipart = Request::post(path).body(Body::from("{}")).unwrap();
    assert_eq!(service.send(no_multipart).await.error().1, "invalid_body");
}

/// A model that knows two languages and nothing more.
fn plain_model() -> Scripted {
    let capabilities = Capabilities {
        languages: ["de", "fr"].map(|it| Language::parse(it).unwrap()).to_vec(),
        knows_more: None,
        translates: false,
        takes_prompt: false,
        takes_temperature: false,
        gives_words: false,
    };
    Scripted {
        capabilities,
        ..Scripted::default()
    }
}

#[tokio::test]
async fn what_a_model_can_not_do_is_refused_by_the_name_that_the_client_used() {
    let service = service(&[], plain_model());
    let words = &[
        ("response_format", "verbose_json"),
        ("timestamp_granularities[]", "word"),
    ];
    for (path, fields, param) in [
        ("transcriptions", &[("language", "en")][..], "language"),
        (
            "transcriptions",
            &[("language", "en"), ("stream", "true")],
            "language",
        ),
        ("transcriptions", &[("prompt", "Ada")], "prompt"),
        ("transcriptions", &[("temperature", "0.5")], "temperature"),
        ("transcriptions", words, "timestamp_granularities"),
        ("translations", &[], "model"),
    ] {
        let path = format!("/v1/audio/{path}");
        let answer = service
            .send(post(&path, multipart("file", &wav(), fields)))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
        assert_eq!(answer.error().2, param, "{}", answer.text);
    }
    for (query, param) in [
        ("language=en", "language"),
        ("task=translate", "task"),
        ("initial_prompt=Ada", "initial_prompt"),
        ("word_timestamps=true", "word_timestamps"),
    ] {
        let path = format!("/asr?{query}");
        let answer = service
            .send(post(&path, multipart("audio_file", &wav(), &[])))
            .await;
        assert_eq!(answer.error().2, param, "{}", answer.text);
    }
    assert_eq!(service.transcribe(&[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn floods_in_a_form_are_passed_over_or_refused() {
    let service = service(&[], Scripted::default());
    let path = "/v1/audio/transcriptions";
    let field = |name: &str, value: &[u8]| {
        let head =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        [head.as_bytes(), value, b"\r\n"].concat()
    };
    let with_audio = |front: Vec<u8>| [front, multipart("file", &wav(), &[])].concat();

    let unknown = [
        field("other", &vec![0xFF; 200_000]),
        field("other", &vec![b'x'; 200_000]),
    ]
    .concat();
    assert_eq!(
        service.send(post(path, with_audio(unknown))).await.status,
        StatusCode::OK
    );
    let many: Vec<u8> = (0..2_000)
        .flat_map(|it| field(&format!("f{it}"), b"x"))
        .collect();
    assert_eq!(
        service.send(post(path, with_audio(many))).await.status,
        StatusCode::OK
    );

    let prompt = with_audio(field("prompt", &vec![b'x'; 70_000]));
    assert_eq!(service.send(post(path, prompt)).await.error().2, "prompt");
    let not_text = with_audio(field("prompt", &[0xFF; 10]));
    assert_eq!(service.send(post(path, not_text)).await.error().2, "prompt");
}

#[tokio::test]
async fn audio_over_the_limit_is_413() {
    let service = service(&["--max-audio-seconds", "0.5"], Scripted::default());
    assert_eq!(service.transcribe(&[]).await.error().1, "audio_too_long");
}

#[tokio::test]
async fn a_full_queue_is_503_with_a_time_to_come_back() {
    let slow = Scripted {
        delay: Duration::from_mins(1),
        ..Scripted::default()
    };
    let service = service(
        &["--max-concurrent-requests", "1", "--max-queue", "0"],
        slow,
    );
    let router = service.router.clone();
    let running = tokio::spawn(router.oneshot(post(
        "/v1/audio/transcriptions",
        multipart("file", &wav(), &[]),
    )));
    while service.app.jobs.core.admission.occupancy().active == 0 {
        tokio::task::yield_now().await;
    }
    let answer = service.transcribe(&[]).await;
    assert_eq!(answer.error(), (503, "queue_full".into(), Value::Null));
    assert_eq!(answer.headers[header::RETRY_AFTER], "1");

    // The client of the running request hangs up: its slot comes back.
    running.abort();
    while service.app.jobs.core.admission.occupancy().active > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_request_past_its_deadline_is_504_and_its_work_stops() {
    let slow = Scripted {
        delay: Duration::from_mins(1),
        ..Scripted::default()
    };
    let service = service(&["--request-timeout-seconds", "0.05"], slow);
    assert_eq!(service.transcribe(&[]).await.error().0, 504);
    while service.app.jobs.core.admission.occupancy().active > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_fault_of_the_engine_is_a_500_that_tells_nothing() {
    let broken = Scripted {
        failure: Some(EngineError::Failed("/secret/path exploded".into())),
        ..Scripted::default()
    };
    let answer = service(&[], broken).transcribe(&[]).await;
    assert_eq!(answer.error(), (500, "internal_error".into(), Value::Null));
    assert!(!answer.text.contains("secret"));
}

#[tokio::test]
async fn the_webservice_routes_answer_in_their_formats() {
    let service = service(&[], Scripted::default());
    for output in ["txt", "json", "srt", "vtt", "tsv"] {
        for prefix in ["", "/bazarr"] {
            let path = format!("{prefix}/asr?task=transcribe&output={output}&language=en");
            let answer = service
                .send(post(&path, multipart("audio_file", &wav(), &[])))
                .await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
            insta::assert_snapshot!(format!("webservice_{output}"), answer.text);
        }
    }
    let raw = multipart("audio_file", &vec![0; 32_000], &[]);
    let answer = service
        .send(post("/detect-language?encode=false", raw))
        .await;
    assert_eq!(
        answer.json(),
        serde_json::json!(
            {"detected_language": "english", "language_code": "en", "confidence": 0.75})
    );
    for query in ["task=sing", "output=pdf", "language=xx", "encode=maybe"] {
        let path = format!("/asr?{query}");
        let answer = service
            .send(post(&path, multipart("audio_file", &wav(), &[])))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn models_can_be_listed_shown_loaded_and_unloaded() {
    let service = service(&[], Scripted::default());
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let act = |path: &str| Request::post(path).body(Body::empty()).unwrap();
    let list = service.send(get("/v1/models")).await.json();
    assert_eq!(list["data"][0]["id"], "base");
    assert_eq!(
        service.send(get("/v1/models/whisper-1")).await.json()["id"],
        "whisper-1"
    );
    assert_eq!(service.send(get("/v1/models/nope")).await.error().0, 404);
    assert_eq!(
        service.send(act("/v1/models/base/load")).await.json()["loaded"],
        true
    );
    let detailed = service.send(get("/health/detailed")).await.json();
    assert_eq!(detailed["models"][0]["state"], "ready");
    assert_eq!(
        service.send(act("/v1/models/base/unload")).await.json()["loaded"],
        false
    );
    let lease = service.app.jobs.models.lease("base").await.unwrap();
    assert_eq!(
        service.send(act("/v1/models/base/unload")).await.error().1,
        "model_in_use"
    );
    drop(lease);
}

#[tokio::test]
async fn keys_guard_the_api_but_not_the_probes() {
    let keys = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(keys.path(), "secret\n").unwrap();
    let service = service(
        &["--api-keys-file", keys.path().to_str().unwrap()],
        Scripted::default(),
    );
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    assert_eq!(service.send(get("/v1/models")).await.error().0, 401);
    for path in [
        "/health",
        "/healthz",
        "/healthcheck",
        "/health/ready",
        "/metrics",
        "/openapi.json",
    ] {
        assert_eq!(
            service.send(get(path)).await.status,
            StatusCode::OK,
            "{path}"
        );
    }
    let mut with_key = get("/v1/models");
    with_key
        .headers_mut()
        .insert(header::AUTHORIZATION, "Bearer secret".parse().unwrap());
    assert_eq!(service.send(with_key).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_answer_carries_a_request_id_and_errors_are_json() {
    let service = service(&[], Scripted::default());
    let mut request = Request::get("/nowhere").body(Body::empty()).unwrap();
    request
        .headers_mut()
        .insert("x-request-id", "mine".parse().unwrap());
    let answer = service.send(request).await;
    assert_eq!(answer.headers["x-request-id"], "mine");
    assert_eq!(answer.error().1, "not_found");
    let wrong_method = Request::delete("/v1/models").body(Body::empty()).unwrap();
    let answer = service.send(wrong_method).await;
    assert_eq!(answer.error().0, 405);
    assert!(answer.headers.contains_key("x-request-id"));
}

#[tokio::test]
async fn readiness_follows_draining() {
    let service = service(&[], Scripted::default());
    let ready = || Request::get("/health/ready").body(Body::empty()).unwrap();
    assert_eq!(service.send(ready()).await.status, StatusCode::OK);
    service.app.jobs.core.start_draining();
    assert_eq!(
        service.send(ready()).await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(
        service.transcribe(&[]).await.status,
        StatusCode::OK,
        "whoever spreads the load has not noticed yet"
    );
    service.app.jobs.core.start_refusing();
    assert_eq!(service.transcribe(&[]).await.error().1, "draining");
}

mod metrics;
mod pressure;
mod priority;
