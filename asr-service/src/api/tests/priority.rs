//! What `x-priority` does to requests.

use super::*;

const COMPUTING: [&str; 6] = [
    "/v1/audio/transcriptions",
    "/v1/audio/translations",
    "/asr",
    "/detect-language",
    "/bazarr/asr",
    "/bazarr/detect-language",
];

fn with_priority(path: &str, priority: &'static str) -> Request<Body> {
    let field = if path.starts_with("/v1") {
        "file"
    } else {
        "audio_file"
    };
    let mut request = post(path, multipart(field, &wav(), &[]));
    let headers = request.headers_mut();
    headers.insert("x-priority", priority.parse().unwrap());
    request
}

#[tokio::test]
async fn every_endpoint_that_computes_knows_the_priorities_and_no_others() {
    let service = service(&[], Scripted::default());
    for path in COMPUTING {
        for priority in ["interactive", "batch", "idle"] {
            let answer = service.send(with_priority(path, priority)).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        }
        let answer = service.send(with_priority(path, "soon")).await;
        let refused = (400, "invalid_parameter".into(), "x-priority".into());
        assert_eq!(answer.error(), refused, "{path}");
    }
}

#[tokio::test]
async fn the_documentation_shows_the_header_where_it_is_read() {
    let service = service(&[], Scripted::default());
    let get = Request::get("/openapi.json").body(Body::empty()).unwrap();
    let openapi = service.send(get).await.json();
    for (path, operations) in openapi["paths"].as_object().unwrap() {
        for operation in operations.as_object().unwrap().values() {
            let parameters = operation["parameters"].as_array();
            let header = parameters
                .into_iter()
                .flatten()
                .find(|it| it["name"] == "x-priority");
            assert_eq!(
                header.is_some(),
                COMPUTING.contains(&path.as_str()),
                "{path}"
            );
            if let Some(header) = header {
                assert_eq!(header["in"], "header");
                assert_eq!(header["required"], false);
                let values = serde_json::json!(["interactive", "batch", "idle"]);
                assert_eq!(header["schema"]["enum"], values, "{header}");
            }
        }
    }
}

#[tokio::test]
async fn an_idle_request_is_turned_away_while_all_slots_are_taken() {
    let slow = Scripted {
        delay: Duration::from_mins(1),
        ..Scripted::default()
    };
    let service = service(&["--max-concurrent-requests", "1"], slow);
    let running = service.router.clone();
    let running = tokio::spawn(running.oneshot(with_priority(COMPUTING[0], "batch")));
    while service.app.jobs.core.admission.occupancy().active == 0 {
        tokio::task::yield_now().await;
    }
    let answer = service.send(with_priority(COMPUTING[0], "idle")).await;
    assert_eq!(answer.error(), (503, "no_idle_slot".into(), Value::Null));
    assert_eq!(answer.headers[header::RETRY_AFTER], "1");
    running.abort();
    while service.app.jobs.core.admission.occupancy().active > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
