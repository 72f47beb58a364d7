//! The endpoints with a scripted voice: what goes in, what comes out.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use clap::Parser as _;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use voice_common::cancellation::CancelCause;
use voice_common::core::ServiceCore;
use voice_common::pressure::Thresholds;

use crate::config::TtsConfig;
use crate::engine::scripted::Scripted;
use crate::engine::{EngineError, Run, SpeakOptions, Synthesizer, VoiceInfo, VoiceSource};
use crate::service;

/// Voices that all speak by the same script.
struct Voices(Arc<Scripted>);

/// The slots own their voice; the test keeps the script.
struct Shared(Arc<Scripted>, VoiceInfo);

impl VoiceSource for Voices {
    fn installed(&self) -> Vec<VoiceInfo> {
        ["amy", "joe"].map(|id| info(&self.0, id)).to_vec()
    }

    fn load(&self, id: &str) -> Result<Box<dyn Synthesizer>, String> {
        Ok(Box::new(Shared(Arc::clone(&self.0), info(&self.0, id))))
    }
}

fn info(script: &Scripted, id: &str) -> VoiceInfo {
    VoiceInfo {
        id: id.into(),
        ..script.info().clone()
    }
}

impl Synthesizer for Shared {
    fn info(&self) -> &VoiceInfo {
        &self.1
    }

    fn prepare(
        &self,
        text: &str,
        options: SpeakOptions,
    ) -> Result<Vec<Box<dyn Run + '_>>, EngineError> {
        self.0.prepare(text, options)
    }

    fn free_runs(&self) -> usize {
        self.0.free_runs()
    }
}

struct Service {
    router: Router,
    core: Arc<ServiceCore>,
    script: Arc<Scripted>,
}

fn service(flags: &[&str], script: Scripted) -> Service {
    let script = Arc::new(script);
    let flags = ["voice-stack-tts", "--tts-voice", "joe"]
        .iter()
        .chain(flags);
    let config = TtsConfig::parse_from(flags);
    let thresholds = Thresholds::configured(&config.common.guards, false);
    let voices = Arc::new(Voices(Arc::clone(&script)));
    let (service, app) = service::build(&config, vec![voices], thresholds).unwrap();
    Service {
        router: service.into_router(&config.common),
        core: Arc::clone(&app.jobs.core),
        script,
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|it| it.to_str().ok())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The events of a stream.
    fn events(&self) -> Vec<Value> {
        let text = std::str::from_utf8(&self.body).unwrap();
        text.lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(|json| serde_json::from_str(json).unwrap())
            .collect()
    }
}

fn request(body: &Value) -> Request<Body> {
    Request::post("/v1/audio/speech")
        .header("content-type", "application/json")
        .body(body.to_string().into())
        .unwrap()
}

impl Service {
    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    async fn speak(&self, body: Value) -> Answer {
        self.send(request(&body)).await
    }

    async fn until(&self, condition: impl Fn(&ServiceCore) -> bool) {
        while !condition(&self.core) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn metric(&self, line: &str) -> bool {
        self.core.encode_metrics().contains(line)
    }
}

const TWO_SENTENCES: &str = "One two three four. Five six seven eight.";

#[tokio::test]
async fn every_format_has_its_type_and_begins_as_it_must() {
    let service = service(&[], Scripted::default());
    for (format, content_type, beginning) in [
        ("mp3", "audio/mpeg", &b"\xff"[..]),
        ("opus", "audio/ogg; codecs=opus", b"OggS"),
        ("aac", "audio/aac", b"\xff"),
        ("flac", "audio/flac", b"fLaC"),
        ("wav", "audio/wav", b"RIFF"),
        ("pcm", "audio/pcm", b""),
    ] {
        for text in ["One sentence.", TWO_SENTENCES] {
            let answer = service
                .speak(json!({"input": text, "response_format": format}))
                .await;
            assert_eq!(answer.status, 200, "{format}");
            assert_eq!(answer.header("content-type"), Some(content_type));
            assert!(answer.body.starts_with(beginning), "{format}");
            assert!(answer.body.len() > 100, "{format}");
            assert!(answer.header("x-queue-wait-ms").is_some());
            assert!(answer.header("x-request-id").is_some());
        }
    }
}

#[tokio::test]
async fn a_sentence_comes_with_its_length_and_a_text_as_it_is_made() {
    let service = service(&["--tts-cache-size-mb", "0"], Scripted::default());
    let wav = |text: &str| json!({"input": text, "response_format": "wav"});
    let one = service.speak(wav("One sentence.")).await;
    let length: usize = one.header("content-length").unwrap().parse().unwrap();
    assert_eq!(length, one.body.len());
    let data_bytes = u32::from_le_bytes(one.body[40..44].try_into().unwrap());
    assert_eq!(data_bytes as usize, one.body.len() - 44, "an exact header");

    let two = service.speak(wav(TWO_SENTENCES)).await;
    assert_eq!(two.header("content-length"), None);
    assert_eq!(
        &two.body[40..44],
        [0xff; 4],
        "a header that can be streamed"
    );
}

#[tokio::test]
async fn the_first_sentence_is_sent_before_the_second_is_made() {
    let service = service(&[], Scripted::default().gated());
    service.script.let_pass(1);
    let request = request(&json!({"input": TWO_SENTENCES, "response_format": "pcm"}));
    let response = service.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.len() > 1000, "{} bytes", first.len());
    service.script.let_pass(1);
    assert!(!body.collect().await.unwrap().to_bytes().is_empty());
    service
        .until(|core| core.admission.occupancy().active == 0)
        .await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_counted() {
    for stream_format in ["audio", "sse"] {
        let service = service(&[], Scripted::default().gated());
        service.script.let_pass(1);
        let fields = json!({"input": TWO_SENTENCES, "response_format": "pcm",
            "stream_format": stream_format});
        let response = service.router.clone().oneshot(request(&fields)).await;
        let mut body = response.unwrap().into_body();
        body.frame().await.unwrap().unwrap();
        assert!(service.metric(r#"broken_off_total{service="tts",reason="draining"} 0"#));

        service.core.cancellation.cancel(CancelCause::Shutdown);
        // Events can say why; audio just ends, and not as it should.
        match body.collect().await {
            Ok(events) => assert!(events.to_bytes().ends_with(b"\n\n") && stream_format == "sse"),
            Err(_) => assert_eq!(stream_format, "audio"),
        }
        assert!(service.metric(r#"broken_off_total{service="tts",reason="draining"} 1"#));
    }
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_frees_its_slot() {
    let service = service(&[], Scripted::default().gated());
    service.script.let_pass(1);
    let response = service
        .router
        .clone()
        .oneshot(request(
            &json!({"input": TWO_SENTENCES, "response_format": "pcm"}),
        ))
        .await
        .unwrap();
    assert_eq!(service.core.admission.occupancy().active, 1);
    drop(response);
    service
        .until(|core| core.admission.occupancy().active == 0)
        .await;
    let cancelled =
        r#"voice_cancellations_total{service="tts",cause="disconnected",stage="inference"} 1"#;
    assert!(service.metric(cancelled));
    // What it had begun is not what others get.
    service.script.let_pass(2);
    let again = service
        .speak(json!({"input": TWO_SENTENCES, "response_format": "pcm"}))
        .await;
    assert!(
        again.body.len() > 2 * 8 * 2205,
        "{} bytes",
        again.body.len()
    );
}

#[tokio::test]
async fn events_carry_the_same_bytes_as_the_body() {
    let service = service(&[], Scripted::default());
    for text in ["One sentence.", TWO_SENTENCES] {
        let pcm = json!({"input": text, "response_format": "pcm"});
        let body = service.speak(pcm.clone()).await.body;
        let mut sse = pcm;
        sse["stream_format"] = "sse".into();
        let answer = service.speak(sse).await;
        assert_eq!(answer.header("content-type"), Some("text/event-stream"));
        let mut events = answer.events();
        let done = events.pop().unwrap();
        assert_eq!(done["type"], "speech.audio.done");
        assert_eq!(done["usage"]["input_tokens"], text.len());
        assert!(done["usage"]["seconds"].as_f64().unwrap() > 0.1);
        let mut audio = Vec::new();
        for event in events {
            assert_eq!(event["type"], "speech.audio.delta");
            audio.extend(
                BASE64_STANDARD
                    .decode(event["audio"].as_str().unwrap())
                    .unwrap(),
            );
        }
        assert_eq!(audio, body, "{text}");
    }
}

#[tokio::test]
async fn what_was_made_is_sent_again_whole() {
    let service = service(&[], Scripted::default());
    let wav = json!({"input": TWO_SENTENCES, "response_format": "wav"});
    let first = service.speak(wav.clone()).await;
    service
        .until(|core| {
            core.encode_metrics()
                .contains("voice_cache_bytes{service=\"tts\"} ")
                && !core
                    .encode_metrics()
                    .contains("voice_cache_bytes{service=\"tts\"} 0")
        })
        .await;
    let second = service.speak(wav).await;
    assert_eq!(
        second.header("content-length").unwrap(),
        first.body.len().to_string()
    );
    assert_eq!(second.body[44..], first.body[44..], "the same samples");
    assert!(service.metric(r#"voice_cache_requests_total{service="tts",outcome="hit"} 1"#));
    assert!(service.metric(r#"voice_inference_seconds_count{service="tts"} 1"#));
}

#[tokio::test]
async fn equal_requests_at_once_are_made_once() {
    let service = Arc::new(service(&[], Scripted::default().gated()));
    let body = json!({"input": TWO_SENTENCES, "response_format": "pcm"});
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let (service, body) = (Arc::clone(&service), body.clone());
            tokio::spawn(async move { service.speak(body).await })
        })
        .collect();
    let joined = r#"voice_cache_requests_total{service="tts",outcome="joined"} 7"#;
    service
        .until(|core| core.encode_metrics().contains(joined))
        .await;
    service.script.let_pass(2);
    let mut bodies = Vec::new();
    for client in clients {
        bodies.push(client.await.unwrap().body);
    }
    assert!(bodies.windows(2).all(|two| two[0] == two[1]));
    assert!(service.metric(r#"voice_inference_seconds_count{service="tts"} 1"#));
}

#[tokio::test]
async fn a_voice_that_fails_is_an_error_before_the_first_audio() {
    let service = service(&[], Scripted::default().failing("/secret/path"));
    let answer = service.speak(json!({"input": "One."})).await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.json()["error"]["code"], "internal_error");
    assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
}

#[tokio::test]
async fn a_deadline_ends_what_takes_too_long() {
    let service = service(
        &["--request-timeout-seconds", "0.05"],
        Scripted::default().gated(),
    );
    let answer = service.speak(json!({"input": "One."})).await;
    assert_eq!(answer.status, 504);
    assert_eq!(answer.json()["error"]["code"], "deadline_exceeded");
    service
        .until(|core| core.admission.occupancy().active == 0)
        .await;
}

#[tokio::test]
async fn a_full_queue_turns_away_what_is_not_there_yet() {
    let flags = ["--max-concurrent-requests", "1", "--max-queue", "0"];
    let service = Arc::new(service(&flags, Scripted::default().gated()));
    let first = tokio::spawn({
        let service = Arc::clone(&service);
        async move { service.speak(json!({"input": "One."})).await }
    });
    service
        .until(|core| core.admission.occupancy().active == 1)
        .await;
    let refused = service.speak(json!({"input": "Two."})).await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.json()["error"]["code"], "queue_full");
    assert!(refused.header("retry-after").is_some());
    service.script.let_pass(1);
    assert_eq!(first.await.unwrap().status, 200);
    service
        .until(|core| {
            !core
                .encode_metrics()
                .contains("voice_cache_bytes{service=\"tts\"} 0")
        })
        .await;
    let kept = service.speak(json!({"input": "One."})).await;
    assert_eq!(kept.status, 200, "what is kept needs no slot");
}

#[tokio::test]
async fn what_cannot_be_spoken_is_a_bad_request() {
    let service = service(&[], Scripted::default().with_speakers(&["anna", "bob"]));
    for (body, param) in [
        (json!({"input": "🍕 …"}), "input"),
        (json!({"input": "\u{0}\u{0}"}), "input"),
        (json!({"input": "Hi.", "voice": "bob"}), "voice"),
        (json!({"input": "Hi.", "speaker": 2}), "speaker"),
        (json!({"input": "Hi.", "speaker": "carl"}), "speaker"),
        (
            json!({"input": "Hi.", "response_format": "aac", "sample_rate": 12_345}),
            "sample_rate",
        ),
    ] {
        let answer = service.speak(body.clone()).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["error"]["param"], param, "{body}");
    }
    for speaker in [json!(1), json!("anna")] {
        let answer = service
            .speak(json!({"input": "Hi.", "speaker": speaker}))
            .await;
        assert_eq!(answer.status, 200);
    }
    let unknown = service
        .speak(json!({"input": "Hi.", "model": "tts-9"}))
        .await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.json()["error"]["code"], "model_not_found");
    assert!(service.metric("voice_requests_total"));
}

#[tokio::test]
async fn only_json_is_read() {
    let service = service(&[], Scripted::default());
    for (content_type, status) in [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/x-www-form-urlencoded", 200),
        ("text/plain", 415),
        ("multipart/form-data; boundary=x", 415),
    ] {
        let request = Request::post("/v1/audio/speech")
            .header("content-type", content_type)
            .body(r#"{"input": "Hi."}"#.into())
            .unwrap();
        assert_eq!(service.send(request).await.status, status, "{content_type}");
    }
}

#[tokio::test]
async fn voices_and_models_are_listed() {
    let service = service(&[], Scripted::default());
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let voices = service.send(get("/v1/audio/voices")).await.json();
    assert_eq!(voices["voices"][0]["id"], "amy");
    assert_eq!(voices["voices"][1]["sample_rate"], 22_050);
    let models = service.send(get("/v1/models")).await.json();
    assert_eq!(models["data"][1]["id"], "joe");
    for name in ["tts-1", "gpt-4o-mini-tts", "joe"] {
        let model = service.send(get(&format!("/v1/models/{name}"))).await;
        assert_eq!(model.json()["id"], name);
    }
    let openapi = service.send(get("/openapi.json")).await.json();
    for path in [
        "/v1/audio/speech",
        "/v1/audio/voices",
        "/v1/models/{id}/load",
        "/health/ready",
    ] {
        assert!(openapi["paths"].get(path).is_some(), "{path}");
    }
}

#[tokio::test]
async fn half_the_speed_takes_twice_as_long() {
    let service = service(&[], Scripted::default());
    let seconds = async |speed: f64| {
        let sse = json!({"input": "One two three four five six.", "speed": speed,
            "stream_format": "sse", "response_format": "pcm"});
        let events = service.speak(sse).await.events();
        events.last().unwrap()["usage"]["seconds"].as_f64().unwrap()
    };
    let (normal, slow) = (seconds(1.0).await, seconds(0.5).await);
    let longer = slow - normal;
    assert!((0.25..0.35).contains(&longer), "{normal} s and {slow} s");
}

mod metrics;
mod priority;
