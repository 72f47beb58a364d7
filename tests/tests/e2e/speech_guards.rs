//! What only a service that speaks can get wrong under pressure.

use std::io::Read as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;
use voice_stack_tests::client::{Then, exchange};
use voice_stack_tests::effort::repetitions;
use voice_stack_tests::kind::TTS;
use voice_stack_tests::request::Request;
use voice_stack_tests::scrape::Scrape;
use voice_stack_tests::service::{Service, wait_until};
use voice_stack_tests::{raw, speech, wire};

fn pcm(text: &str) -> Request {
    speech::request(&json!({"input": text, "response_format": "pcm"}))
}

/// Reads until the answer's first audio is there.
fn begin_to_listen(mut stream: &TcpStream) {
    let mut seen = Vec::new();
    let head_end = |seen: &[u8]| seen.windows(4).position(|it| it == b"\r\n\r\n");
    while head_end(&seen).is_none_or(|at| seen.len() < at + 1_000) {
        let mut buffer = [0; 1024];
        let length = stream.read(&mut buffer).expect("the answer goes on");
        assert!(length > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&buffer[..length]);
    }
    assert!(seen.starts_with(b"HTTP/1.1 200"));
}

fn outcomes(service: &Service) -> [usize; 3] {
    let scrape = Scrape::of(&service.client());
    ["miss", "joined", "hit"].map(|outcome| {
        let labels = [("outcome", outcome)];
        scrape.sum("voice_cache_requests_total", &labels) as usize
    })
}

fn inferences(service: &Service) -> usize {
    Scrape::of(&service.client()).sum("voice_inference_seconds_count", &[]) as usize
}

#[test]
fn a_client_that_leaves_in_the_middle_of_a_text_frees_its_slot_and_ends_the_work() {
    const ROUNDS: usize = 20;
    let service = Service::start(&TTS, &[("PRELOAD", "true")]);
    let half_an_hour = (TTS.long)().raw();
    let mut freed_after: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let stream = raw::send(service.port(), &half_an_hour);
            begin_to_listen(&stream);
            let left = Instant::now();
            drop(stream);
            service.wait_for_active(0);
            left.elapsed()
        })
        .collect();
    freed_after.sort();
    println!(
        "slot free after a hang-up in the middle of a text: {} ms (p50), {} ms (most)",
        freed_after[ROUNDS / 2].as_millis(),
        freed_after[ROUNDS - 1].as_millis()
    );
    assert!(freed_after[ROUNDS - 1] < Duration::from_secs(5));
    assert_eq!(inferences(&service), 0, "none came to the end of its text");
    let labels = [("cause", "disconnected"), ("stage", "inference")];
    wait_until("all are counted", || {
        let scrape = Scrape::of(&service.client());
        scrape.sum("voice_cancellations_total", &labels) as usize == ROUNDS
    });

    let before = service.cpu_seconds();
    std::thread::sleep(Duration::from_secs(1));
    let busy = service.cpu_seconds() - before;
    assert!(busy < 0.2, "{busy} s of CPU in a second without a request");
    service.client().serve(&speech::sentence());
}

#[test]
fn a_client_that_does_not_read_holds_up_nobody_and_is_cut_off() {
    let settings = [("PRELOAD", "true"), ("SEND_TIMEOUT_SECONDS", "2")];
    let service = Service::start(&TTS, &settings);
    let client = service.client();
    // A hundred kilobytes a second of audio: more than buffers take.
    let fields = json!({"input": speech::text_of(500), "response_format": "pcm",
        "sample_rate": 48_000});
    let unread = raw::send(service.port(), &speech::request(&fields).raw());
    service.wait_for_active(1);

    let unread_answers = || {
        let labels = [("reason", "unread_answer")];
        Scrape::of(&client).sum("voice_connections_closed_total", &labels) as usize
    };
    let mut served = 0;
    while unread_answers() == 0 {
        assert!(client.is_alive());
        client.serve(&speech::sentence());
        served += 1;
        assert!(served < 500, "it is never cut off");
    }
    println!("{served} requests served beside a client that doesn't read");
    service.wait_for_active(0);
    assert_eq!(unread_answers(), 1);
    assert_eq!(inferences(&service), served, "its text was not finished");
    TTS.cut_short
        .assert_nothing_whole(raw::answer_on(&unread).as_ref());
}

#[test]
fn equal_requests_at_once_compute_once_and_one_that_comes_later_not_at_all() {
    const EQUAL: usize = 20;
    let settings = [
        ("TTS_CACHE_SIZE_MB", "16"),
        ("MAX_CONCURRENT_REQUESTS", "1"),
        ("PRELOAD", "true"),
    ];
    let service = Service::start(&TTS, &settings);
    // Nobody gets audio before all have asked.
    let first = raw::send(service.port(), &(TTS.long)().raw());
    service.wait_for_active(1);
    let request = pcm(speech::SENTENCE);
    let waiting: Vec<TcpStream> = (0..EQUAL)
        .map(|_| raw::send(service.port(), &request.raw()))
        .collect();
    wait_until("all have asked", || outcomes(&service) == [2, EQUAL - 1, 0]);
    assert_eq!(service.client().slots()["queued"], 1, "one place for all");

    // The one that asked first isn't needed by the others.
    let (leaves, stay) = waiting.split_first().unwrap();
    leaves.shutdown(std::net::Shutdown::Both).unwrap();
    drop(first);
    let bodies: Vec<Vec<u8>> = stay
        .iter()
        .map(|stream| {
            let answer = raw::answer_on(stream).expect("an answer");
            assert_eq!(request.complaint(&answer), None);
            answer.body
        })
        .collect();
    assert!(bodies.iter().all(|it| *it == bodies[0]));
    assert_eq!(inferences(&service), 1);

    let kept = || Scrape::of(&service.client()).sum("voice_cache_bytes", &[]);
    wait_until("it is kept", || kept() > 0.0);
    let again = service.client().serve(&request);
    assert!(again.body == bodies[0]);
    let length = again.header("content-length").map(str::to_string);
    assert_eq!(length, Some(again.body.len().to_string()));
    assert_eq!(outcomes(&service), [2, EQUAL - 1, 1]);
    assert_eq!(inferences(&service), 1);
}

#[test]
fn many_requests_leave_nothing_in_memory_once_the_voice_has_left() {
    const CLIENTS: usize = 8;
    const FORMATS: [&str; 6] = ["mp3", "opus", "aac", "flac", "wav", "pcm"];
    let requests = repetitions(120, 300);
    let service = Service::start(&TTS, &[("IDLE_TIMEOUT_MINUTES", "0.05")]);
    let before = service.rss_bytes();
    std::thread::scope(|scope| {
        for first in 0..CLIENTS {
            let client = service.client();
            scope.spawn(move || {
                for number in (first..requests).step_by(CLIENTS) {
                    let format = FORMATS[number % FORMATS.len()];
                    let text = format!("This is number {number}.");
                    let fields = json!({"input": text, "response_format": format, "speed": 2});
                    client.serve(&speech::request(&fields));
                }
            });
        }
    });
    let client = service.client();
    let loaded = service.rss_bytes();
    wait_until("the voice leaves", || {
        client.get("/health/detailed").json()["models"] == json!([])
    });
    let after = service.rss_bytes();
    println!(
        "resident: {} MiB, after {requests} requests {}, once the voice has left {}",
        before >> 20,
        loaded >> 20,
        after >> 20
    );
    assert!(
        after < before + (40 << 20),
        "{before} bytes became {after} of {loaded}"
    );
}

/// A body, and what an answer to it must say: status, code and param.
type Refusal<'a> = (&'a str, Vec<u8>, (u16, &'a str, &'a str));

fn bad_values() -> Vec<Refusal<'static>> {
    let beside_a_text = |field: &str| format!("{{\"input\": \"Hi.\", {field}}}").into_bytes();
    let a_megabyte = json!({"input": "a".repeat(1 << 20)}).to_string();
    let zeros = json!({"input": "\0".repeat(100)}).to_string();
    let invalid = |param| (400, "invalid_parameter", param);
    let mut all = vec![
        (
            "a megabyte",
            a_megabyte.into_bytes(),
            (400, "input_too_long", "input"),
        ),
        ("NUL characters only", zeros.into_bytes(), invalid("input")),
        ("null", b"{\"input\": null}".to_vec(), invalid("input")),
        ("no text", b"{}".to_vec(), invalid("input")),
        (
            "an empty text",
            b"{\"input\": \"\"}".to_vec(),
            invalid("input"),
        ),
        ("a number", b"{\"input\": 7}".to_vec(), invalid("input")),
        (
            "a model that isn't there",
            beside_a_text("\"model\": \"gpt-9\""),
            (404, "model_not_found", "model"),
        ),
    ];
    for (param, values) in [
        ("speed", &["\"NaN\"", "0", "100", "-1", "[]"][..]),
        ("voice", &["\"nobody\"", "7", "[]", "{\"name\": \"alloy\"}"]),
        (
            "sample_rate",
            &["0", "1e9", "-16000", "16000.5", "\"high\""],
        ),
        ("speaker", &["-1", "1.5", "99", "\"nobody\"", "[]"]),
        ("response_format", &["\"midi\"", "7", "\"mp3,wav\""]),
        ("stream_format", &["\"websocket\"", "7"]),
    ] {
        for value in values {
            let body = beside_a_text(&format!("\"{param}\": {value}"));
            all.push((value, body, invalid(param)));
        }
    }
    all
}

fn bad_bodies() -> Vec<Refusal<'static>> {
    let brackets = vec![b'['; 100_000];
    let bodies: [(&str, &[u8]); 12] = [
        ("nothing", b""),
        ("bytes that are no UTF-8", b"{\"input\": \"\xff\xfe\"}"),
        ("half a pair", b"{\"input\": \"\\ud800\"}"),
        ("no object", b"[\"Hi.\"]"),
        ("a string", b"\"Hi.\""),
        ("null", b"null"),
        ("no end", b"{\"input\": \"Hi."),
        ("a bare NaN", b"{\"input\": \"Hi.\", \"speed\": NaN}"),
        ("infinity", b"{\"input\": \"Hi.\", \"speed\": 1e999}"),
        ("something behind", b"{\"input\": \"Hi.\"} or so"),
        ("100,000 brackets", &brackets),
        ("a form", b"input=Hi."),
    ];
    let bad =
        |(name, body): (&'static str, &[u8])| (name, body.to_vec(), (400, "invalid_body", ""));
    bodies.into_iter().map(bad).collect()
}

#[test]
fn what_can_not_be_spoken_is_refused_with_the_field_that_is_wrong() {
    let service = Service::start(&TTS, &[("MAX_INPUT_CHARS", "4096")]);
    for (name, body, expected) in bad_values().into_iter().chain(bad_bodies()) {
        let request = wire::announcing(speech::PATH, speech::TYPE, body.len(), &body);
        let answer = exchange(service.port(), &request, Then::Wait).expect("an answer");
        let shown = &answer.text;
        assert!(shown.len() < 500, "{name}: it repeats what it got: {shown}");
        assert_eq!(answer.fault_as_error(), None, "{name}");
        let (code, param) = (answer.code(), answer.param());
        assert_eq!(
            (answer.status, &*code, &*param),
            expected,
            "{name}: {shown}"
        );
    }
    for content_type in ["text/plain", "multipart/form-data; boundary=b", "audio/wav"] {
        let body = pcm("Hi.").body;
        let request = wire::announcing(speech::PATH, content_type, body.len(), &body);
        let answer = exchange(service.port(), &request, Then::Wait).expect("an answer");
        let expected = (415, "unsupported_media_type".to_string());
        assert_eq!((answer.status, answer.code()), expected, "{content_type}");
    }
    let loads = Scrape::of(&service.client()).sum("voice_model_loads_total", &[]);
    assert_eq!(loads as usize, 0, "nothing of it reached the voice");
    service.assert_no_panic();
}

#[test]
fn the_longest_text_is_taken_and_one_character_more_is_not() {
    let service = Service::start(&TTS, &[("MAX_INPUT_CHARS", "30")]);
    let client = service.client();
    // Characters and not bytes, however they are written.
    let text = "Très bien, très bien, très bon";
    client.serve(&pcm(text));
    let escaped = text.replace('è', "\\u00e8");
    let body = format!("{{\"input\": \"{escaped}\"}}").into_bytes();
    client.serve(&Request { body, ..pcm(text) });
    let answer = client.send(&pcm(&format!("{text}!")));
    assert_eq!(
        (answer.status, answer.code()),
        (400, "input_too_long".into())
    );
    assert!(answer.text.contains("30"), "{}", answer.text);
}

#[test]
fn a_text_of_many_sentences_streams_to_its_end_in_every_way_of_sending() {
    let service = Service::start(&TTS, &[]);
    let client = service.client();
    let text = speech::text_of(4);
    let audio = client.serve(&pcm(&text));
    assert_eq!(audio.header("transfer-encoding"), Some("chunked"));
    let fields = json!({"input": text, "response_format": "pcm", "stream_format": "sse"});
    let events = client.serve(&speech::request(&fields)).events();
    let (done, deltas) = events.split_last().unwrap();
    assert!(deltas.len() > 1 && deltas.iter().all(|it| it["type"] == "speech.audio.delta"));
    let seconds = done["usage"]["seconds"].as_f64().unwrap();
    // Each run varies a little.
    let streamed = audio.body.len() as f64 / 48_000.0;
    assert!(
        (seconds / streamed - 1.0).abs() < 0.2,
        "{seconds} s, {streamed} s"
    );
}
