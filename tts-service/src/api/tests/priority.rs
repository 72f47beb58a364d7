//! What `x-priority` does to requests.

use super::*;

const ONE_AT_A_TIME: [&str; 2] = ["--max-concurrent-requests", "1"];

fn with_priority(text: &str, priority: &'static str) -> Request<Body> {
    let mut request = request(&json!({"input": text}));
    let headers = request.headers_mut();
    headers.insert("x-priority", priority.parse().unwrap());
    request
}

fn begin(
    service: &Arc<Service>,
    text: &'static str,
    priority: &'static str,
) -> tokio::task::JoinHandle<Answer> {
    let service = Arc::clone(service);
    tokio::spawn(async move { service.send(with_priority(text, priority)).await })
}

#[tokio::test]
async fn the_priorities_are_known_and_no_others() {
    let service = service(&[], Scripted::default());
    for priority in ["interactive", "batch", "idle"] {
        let answer = service.send(with_priority("One.", priority)).await;
        assert_eq!(answer.status, 200, "{priority}");
    }
    let refused = service.send(with_priority("One.", "soon")).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["error"]["param"], "x-priority");
    let get = Request::get("/openapi.json").body(Body::empty()).unwrap();
    let openapi = service.send(get).await.json();
    let parameters = &openapi["paths"]["/v1/audio/speech"]["post"]["parameters"];
    assert_eq!(parameters[0]["name"], "x-priority");
    let values = json!(["interactive", "batch", "idle"]);
    assert_eq!(parameters[0]["schema"]["enum"], values, "{parameters}");
}

#[tokio::test]
async fn speech_that_is_waited_for_is_as_urgent_as_the_most_urgent_request_for_it() {
    let service = Arc::new(service(&ONE_AT_A_TIME, Scripted::default().gated()));
    let running = begin(&service, "One.", "batch");
    let occupied = |active, queued, queued_interactive| {
        move |core: &ServiceCore| {
            let now = core.admission.occupancy();
            (now.active, now.queued, now.queued_interactive) == (active, queued, queued_interactive)
        }
    };
    service.until(occupied(1, 0, 0)).await;
    let batch = begin(&service, "Two.", "batch");
    service.until(occupied(1, 1, 0)).await;
    let urgent = begin(&service, "Two.", "interactive");
    service.until(occupied(1, 1, 1)).await;
    service.script.let_pass(2);
    for request in [running, batch, urgent] {
        assert_eq!(request.await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn an_idle_request_is_turned_away_unless_others_want_the_same() {
    let service = Arc::new(service(&ONE_AT_A_TIME, Scripted::default().gated()));
    let running = begin(&service, "One.", "batch");
    service
        .until(|core| core.admission.occupancy().active == 1)
        .await;
    let refused = service.send(with_priority("Two.", "idle")).await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.json()["error"]["code"], "no_idle_slot");
    assert!(refused.header("retry-after").is_some());
    let waiting = begin(&service, "Two.", "batch");
    service
        .until(|core| core.admission.occupancy().queued == 1)
        .await;
    let joined = begin(&service, "Two.", "idle");
    let line = r#"voice_cache_requests_total{service="tts",outcome="joined"} 1"#;
    service
        .until(|core| core.encode_metrics().contains(line))
        .await;
    service.script.let_pass(2);
    for request in [running, waiting, joined] {
        assert_eq!(request.await.unwrap().status, 200);
    }
}
