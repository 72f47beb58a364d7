//! The query API of the gateway: the real binaries, real models, real sockets.

mod silent_chat;

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use voice_stack_load::score::wer::Score;
use voice_stack_tests::answer::Answer;
use voice_stack_tests::client::{Client, Then, exchange};
use voice_stack_tests::kind::GATEWAY;
use voice_stack_tests::samples::jfk;
use voice_stack_tests::scrape::Scrape;
use voice_stack_tests::service::Service;
use voice_stack_tests::{speech, synthetic};

use crate::town::Town;
use silent_chat::SilentChat;

const QUERY: &str = "/api/v1/voice/query";
const WEATHER: &str = "The weather is going to be cold and wet this weekend.";
/// Of eleven words: two may be wrong.
const HIGHEST_WER_PERCENT: f64 = 20.0;
/// Whoever asks.
#[derive(Clone)]
struct Asker(Client);

impl Asker {
    fn post(&self, file: &[u8], fields: &[(&str, &str)]) -> Answer {
        self.0.upload(QUERY, ("file", "question.wav"), file, fields)
    }

    fn stream(&self, file: &[u8], fields: &[(&str, &str)]) -> Vec<Value> {
        let path = "/api/v1/voice/query/stream";
        let answer = self.0.upload(path, ("file", "question.wav"), file, fields);
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.events()
    }

    fn session(&self) -> String {
        let answer = self.0.post("/api/v1/voice/session");
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["session_id"].as_str().unwrap().to_owned()
    }

    fn cancel(&self, session: &str) -> Answer {
        self.0
            .post(&format!("/api/v1/voice/cancel?session_id={session}"))
    }

    fn stats(&self) -> Value {
        self.0.get("/api/v1/voice/stats").json()
    }

    fn stats_of(&self, session: &str) -> Value {
        let path = format!("/api/v1/voice/stats?session_id={session}");
        self.0.get(&path).json()["session"].clone()
    }
}

impl Town {
    fn asker(&self) -> Asker {
        Asker(self.gateway.client())
    }

    /// A text, spoken, as WAV.
    fn spoken_file(&self, text: &str) -> Vec<u8> {
        let request = json!({"input": text, "response_format": "wav"});
        self.tts.client().serve(&speech::request(&request)).body
    }

    /// How often the recognition and the synthesis have stopped because nobody waited any more.
    fn work_cut_short(&self) -> f64 {
        let of = |it: &Service| {
            let labels = [("cause", "disconnected")];
            Scrape::of(&it.client()).sum("voice_cancellations_total", &labels)
        };
        of(&self.asr) + of(&self.tts)
    }

    /// Waits until nobody computes anything and nobody asks.
    fn assert_settles(&self) {
        let deadline = Instant::now() + Duration::from_mins(1);
        let is_busy = |it: &Service| it.client().slots()["active"] != 0;
        while is_busy(&self.asr)
            || is_busy(&self.tts)
            || self.asker().stats()["active_requests"] != 0
        {
            assert!(Instant::now() < deadline, "{}", self.asker().stats());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.code(), code, "{}", answer.text);
    let has_retry = answer.header("retry-after").is_some();
    assert_eq!(has_retry, status == 503 || status == 429, "{}", answer.text);
}

fn assert_answered(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    let heard = answer["transcript"].as_str().unwrap();
    let score = Score::of(WEATHER, heard, "en");
    assert!(score.percent() < HIGHEST_WER_PERCENT, "{heard}");
    answer
}

#[test]
fn spoken_questions_are_answered_aloud() {
    let town = Town::start(&[]);
    let asker = town.asker();
    let weather = town.spoken_file(WEATHER);

    one_question(&asker, &weather);
    a_session(&asker, &weather);
    other_recordings(&asker);
    a_stream(&asker, &weather);
    what_can_not_be_used(&asker, &weather);
    many_at_once(&asker, &weather);
    rapid_fire(&town, &weather);
    concurrent_barge_in(&town, &weather);

    let stats = asker.stats();
    let scrape = Scrape::of(&town.gateway.client());
    for (metric, stat) in [
        ("voice_query_requests_total", "total_requests"),
        ("voice_query_errors_total", "failed"),
        ("voice_query_active_requests", "active_requests"),
        ("voice_query_duration_seconds_count", "completed"),
    ] {
        let counted = scrape.sum(metric, &[]);
        assert_eq!(Some(counted), stats[stat].as_f64(), "{metric} {stats}");
    }
    town.gateway.assert_no_panic();
}

/// D1 to D5.
fn one_question(asker: &Asker, weather: &[u8]) {
    let answer = asker.post(weather, &[("language", "en-IN")]);
    let id = answer.header("x-request-id").map(str::to_owned);
    let answer = assert_answered(&answer);
    assert_eq!(answer["request_id"].as_str().map(str::to_owned), id);
    assert_eq!(answer["session_id"], Value::Null);
    assert_eq!(answer["language"], "en-IN");
    let said = answer["response_text"].as_str().unwrap();
    assert!(said.contains("language model"), "{said}");
    let time = |it: &str| answer[it].as_f64().unwrap_or_else(|| panic!("{it}"));
    for part in ["stt_duration", "tts_duration", "first_audio_duration"] {
        assert!(
            time(part) > 0.0 && time(part) <= time("total_duration"),
            "{part}"
        );
    }
    assert!(time("llm_duration") <= time("total_duration"));
    assert!(time("receive_duration") <= time("total_duration"));
    assert!(time("audio_duration_seconds") > 2.0);
    let wav = answer["audio_base64"].as_str().unwrap();
    assert!(wav.starts_with("UklGR"), "RIFF, in base64");
}

fn a_session(asker: &Asker, weather: &[u8]) {
    let session = asker.session();
    let fresh = asker.stats_of(&session);
    assert_eq!(
        fresh,
        json!({"session_id": session, "active": false, "requests": 0, "turns": 0})
    );
    let fields = [("session_id", session.as_str()), ("language", "en")];
    let first = assert_answered(&asker.post(weather, &fields));
    assert_eq!(first["session_id"], session);
    let second = assert_answered(&asker.post(weather, &fields));
    // The built-in responder introduces itself once a session: it was told what was said before.
    let says = |it: &Value| {
        it["response_text"]
            .as_str()
            .unwrap()
            .contains("language model")
    };
    assert!(says(&first) && !says(&second), "{second}");
    let after = asker.stats_of(&session);
    assert_eq!(
        (&after["requests"], &after["turns"]),
        (&json!(2), &json!(2))
    );

    let other = asker.session();
    assert_ne!(session, other);
    let answer = assert_answered(&asker.post(weather, &[("session_id", &other)]));
    assert!(says(&answer), "sessions know nothing of each other");
    let nothing = asker.cancel(&session);
    assert_eq!(
        (nothing.status, &nothing.json()["cancelled"]),
        (200, &json!(false))
    );
}

/// Any format, silence, and noise.
fn other_recordings(asker: &Asker) {
    let answer = asker.post(&jfk(), &[("language", "en")]);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let heard = answer.json()["transcript"].to_string();
    assert!(heard.contains("country"), "{heard}");
    for recording in [synthetic::silence(5.0), synthetic::white_noise(2.0, 0.003)] {
        let answer = asker.post(&recording, &[]);
        assert_eq!(answer.status, 200, "{}", answer.text);
        let answer = answer.json();
        assert_eq!(answer["transcript"], "", "{answer}");
        assert_eq!(answer["response_text"], "Sorry, I could not hear that.");
        assert!(answer["audio_duration_seconds"].as_f64() > Some(0.5));
    }
}

fn a_stream(asker: &Asker, weather: &[u8]) {
    let session = asker.session();
    let events = asker.stream(weather, &[("session_id", &session)]);
    let names: Vec<&str> = events
        .iter()
        .map(|it| it["type"].as_str().unwrap())
        .collect();
    assert_eq!(names.first(), Some(&"transcript"));
    assert_eq!(names.last(), Some(&"done"));
    let texts = |name: &str| {
        let of = events.iter().filter(|it| it["type"] == name);
        of.map(|it| it["text"].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    let done = events.last().unwrap();
    assert_eq!(done["transcript"], texts("transcript")[0]);
    assert_eq!(done["response_text"], texts("llm_chunk").concat().trim());
    assert_eq!(done["session_id"], session);
    let phrases = texts("audio");
    assert!(phrases.len() > 1, "{phrases:?}");
    let spoken = phrases.join(" ");
    assert_eq!(done["response_text"], spoken, "each word is spoken once");
    let audio = events.iter().filter(|it| it["type"] == "audio");
    for it in audio {
        assert!(it["data"].as_str().unwrap().starts_with("UklGR"));
        assert_eq!(
            (&it["format"], &it["sample_rate"]),
            (&json!("wav"), &json!(24_000))
        );
    }
}

fn what_can_not_be_used(asker: &Asker, weather: &[u8]) {
    let long = "x".repeat(300);
    for (file, fields, status, code) in [
        (
            weather,
            &[("language", "english please")][..],
            400,
            "invalid_parameter",
        ),
        (weather, &[("language", "hi-")], 400, "invalid_parameter"),
        // tiny.en knows English only.
        (weather, &[("language", "hi-IN")], 400, "invalid_parameter"),
        (weather, &[("voice", &long)], 400, "invalid_parameter"),
        (
            weather,
            &[("session_id", "nobody")],
            404,
            "session_not_found",
        ),
        (b"", &[], 400, "invalid_audio"),
        (b"RIFF\x04\0\0\0WAVE", &[], 400, "invalid_audio"),
        (
            b"This is no recording, but a letter.",
            &[],
            415,
            "unsupported_media_type",
        ),
    ] {
        let answer = asker.post(file, fields);
        assert_refused(&answer, status, code);
    }
    let endless = synthetic::silence(121.0);
    assert_refused(&asker.post(&endless, &[]), 413, "audio_too_long");
    let elsewhere = asker.0.upload(QUERY, ("recording", "a.wav"), weather, &[]);
    assert_refused(&elsewhere, 400, "invalid_parameter");
    assert_refused(&asker.0.post(QUERY), 400, "invalid_body");
    assert_refused(&asker.0.get(QUERY), 405, "method_not_allowed");
    assert_refused(&asker.cancel("nobody"), 404, "session_not_found");
    assert_refused(
        &asker.0.post("/api/v1/voice/cancel"),
        400,
        "invalid_parameter",
    );
    let stats = asker.0.get("/api/v1/voice/stats?session_id=nobody");
    assert_refused(&stats, 404, "session_not_found");
}

/// A1: ten at once.
fn many_at_once(asker: &Asker, weather: &[u8]) {
    thread::scope(|scope| {
        for _ in 0..10 {
            let asker = Asker(asker.0.anew());
            scope.spawn(move || assert_answered(&asker.post(weather, &[])));
        }
    });
}

/// Queries of one session, one after the other, and what has become of each.
fn barge_in(
    asker: &Asker,
    session: &str,
    weather: &[u8],
    queries: u32,
    pause: Duration,
) -> Vec<Answer> {
    thread::scope(|scope| {
        let mut answers = Vec::new();
        for number in 0..queries {
            let asker = Asker(asker.0.anew());
            answers.push(scope.spawn(move || asker.post(weather, &[("session_id", session)])));
            if number + 1 < queries {
                thread::sleep(pause);
            }
        }
        answers.into_iter().map(|it| it.join().unwrap()).collect()
    })
}

/// The last one is answered; one before it only if it was done before the next one came.
fn assert_newest_wins(answers: &[Answer]) -> usize {
    let (last, former) = answers.split_last().unwrap();
    assert_answered(last);
    let superseded = former.iter().filter(|it| it.status == 409);
    let superseded = superseded.inspect(|it| assert_refused(it, 409, "superseded"));
    let superseded = superseded.count();
    for answer in former.iter().filter(|it| it.status != 409) {
        assert_answered(answer);
    }
    superseded
}

/// B1, and C1's pace: ten in a second and less than the others take.
fn rapid_fire(town: &Town, weather: &[u8]) {
    let asker = town.asker();
    let before = asker.stats()["superseded"].as_u64().unwrap();
    let cut_short = town.work_cut_short();
    let session = asker.session();
    let pause = Duration::from_millis(100);
    let answers = barge_in(&asker, &session, weather, 10, pause);
    let superseded = assert_newest_wins(&answers);
    town.assert_settles();
    let cancelled = town.work_cut_short() - cut_short;
    println!(
        "rapid fire: {superseded} of 10 superseded, {cancelled} times while something computed"
    );
    assert!(superseded > 0 && cancelled > 0.0);
    let stats = asker.stats();
    assert_eq!(
        stats["superseded"].as_u64(),
        Some(before + superseded as u64)
    );
    assert_eq!(asker.stats_of(&session)["active"], false);
}

/// B3: five users, five rapid queries each.
fn concurrent_barge_in(town: &Town, weather: &[u8]) {
    thread::scope(|scope| {
        for _ in 0..5 {
            let asker = town.asker();
            scope.spawn(move || {
                let session = asker.session();
                let pause = Duration::from_millis(200);
                let answers = barge_in(&asker, &session, weather, 5, pause);
                assert!(assert_newest_wins(&answers) > 0);
            });
        }
    });
    town.assert_settles();
}

/// B2 and B4: while the chat server is slow. All that a query holds is given back.
#[test]
fn a_slow_answer_ends_when_nobody_wants_it_any_more() {
    let chat = SilentChat::start();
    let town = Town::start(&[
        ("LLM_BASE_URL", &chat.url()),
        ("LLM_MODEL", "silent"),
        ("VOICE_MAX_CONCURRENT", "2"),
    ]);
    let asker = town.asker();
    let weather = town.spoken_file(WEATHER);
    let session = asker.session();
    let ask = |session: &str| {
        let (asker, weather) = (Asker(asker.0.anew()), weather.clone());
        let session = session.to_owned();
        thread::spawn(move || asker.post(&weather, &[("session_id", &session)]))
    };

    let first = ask(&session);
    let first_chat = chat.asked();
    assert_eq!(asker.stats_of(&session)["active"], true);
    let second = ask(&session);
    assert_refused(&first.join().unwrap(), 409, "superseded");
    first_chat.assert_hung_up();
    let second_chat = chat.asked();

    // A stream is told what a plain answer shows as its status.
    let streamed = {
        let (asker, weather, session) = (asker.clone(), weather.clone(), session.clone());
        thread::spawn(move || asker.stream(&weather, &[("session_id", &session)]))
    };
    assert_refused(&second.join().unwrap(), 409, "superseded");
    second_chat.assert_hung_up();
    let third_chat = chat.asked();

    // Two may run: one that takes another one's place always can.
    let other = asker.session();
    let fourth = ask(&other);
    let fourth_chat = chat.asked();
    assert_refused(&asker.post(&weather, &[]), 503, "queue_full");
    let fifth = ask(&other);
    assert_refused(&fourth.join().unwrap(), 409, "superseded");
    fourth_chat.assert_hung_up();
    let fifth_chat = chat.asked();

    assert_eq!(asker.cancel(&session).json()["cancelled"], true);
    third_chat.assert_hung_up();
    let events = streamed.join().unwrap();
    let last = events.last().unwrap();
    assert_eq!(last["type"], "error");
    assert_eq!(
        (&last["status"], &last["error"]["code"]),
        (&json!(409), &json!("cancelled"))
    );
    assert_eq!(asker.cancel(&session).json()["cancelled"], false);

    // Whoever hangs up cancels.
    let mut leaving = TcpStream::connect(("127.0.0.1", town.gateway.port())).unwrap();
    leaving
        .write_all(&raw_query(&weather, &session, ""))
        .unwrap();
    let sixth_chat = chat.asked();
    drop(leaving);
    sixth_chat.assert_hung_up();

    assert_eq!(asker.cancel(&other).json()["cancelled"], true);
    assert_refused(&fifth.join().unwrap(), 409, "cancelled");
    fifth_chat.assert_hung_up();
    town.assert_settles();
    let stats = asker.stats();
    let counts = ["superseded", "cancelled", "disconnected", "completed"];
    let counts = counts.map(|it| stats[it].as_u64());
    assert_eq!(counts, [3, 2, 1, 0].map(Some));
    // What was understood is remembered, answered or not.
    assert_eq!(asker.stats_of(&session)["turns"], 4);
    town.gateway.assert_no_panic();
}

fn raw_query(wav: &[u8], session: &str, header: &str) -> Vec<u8> {
    let head = format!(
        "--b\r\ncontent-disposition: form-data; name=\"session_id\"\r\n\r\n{session}\r\n--b\r\n\
         content-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n"
    );
    let body = [head.as_bytes(), wav, b"\r\n--b--\r\n"].concat();
    let head = format!(
        "POST {QUERY} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{header}content-type: \
         multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), &body].concat()
}

/// Without the services that it needs: what it refuses by itself.
#[test]
fn sessions_keys_and_rates_are_limited_and_failures_are_told() {
    // Nobody is there: the port was free a moment ago, and is not used again soon.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", nobody.local_addr().unwrap());
    drop(nobody);
    let upstreams = [
        ("ASR_BASE_URL", url.as_str()),
        ("TTS_BASE_URL", url.as_str()),
    ];
    let noise = synthetic::white_noise(1.0, 0.003);

    let settings = [
        ("VOICE_MAX_CONCURRENT", "1"),
        ("VOICE_SESSION_TIMEOUT", "2"),
    ];
    let gateway = Service::start(&GATEWAY, &[&upstreams[..], &settings].concat());
    let asker = Asker(gateway.client());
    assert_refused(&asker.post(&noise, &[]), 502, "upstream_failed");
    let sessions: Vec<String> = (0..20).map(|_| asker.session()).collect();
    assert_refused(
        &asker.0.post("/api/v1/voice/session"),
        503,
        "too_many_sessions",
    );
    let counts = asker.stats()["sessions"].clone();
    assert_eq!(counts, json!({"open": 20, "limit": 20, "high_water": 20}));
    let deadline = Instant::now() + Duration::from_mins(1);
    while asker.stats()["sessions"]["open"] != 0 {
        assert!(Instant::now() < deadline, "{}", asker.stats());
        thread::sleep(Duration::from_millis(50));
    }
    let fields = [("session_id", sessions[0].as_str())];
    assert_refused(&asker.post(&noise, &fields), 404, "session_not_found");
    assert_refused(&asker.cancel(&sessions[1]), 404, "session_not_found");
    asker.session();
    gateway.assert_no_panic();
    drop(gateway);

    let mut keys = tempfile::NamedTempFile::new().unwrap();
    keys.write_all(b"one\ntwo\n").unwrap();
    let keys = keys.path().to_str().unwrap();
    let settings = [
        ("GATEWAY_API_KEYS_FILE", keys),
        ("RATE_LIMIT_REQUESTS", "3"),
        ("RATE_LIMIT_PERIOD_SECONDS", "3600"),
    ];
    let gateway = Service::start(&GATEWAY, &[&upstreams[..], &settings].concat());
    let with = |header: &str| {
        let request = raw_query(b"no recording", "nobody", header);
        exchange(gateway.port(), &request, Then::Wait).unwrap()
    };
    for header in ["", "authorization: Bearer three\r\n"] {
        for _ in 0..5 {
            assert_refused(&with(header), 401, "invalid_api_key");
        }
    }
    for key in [
        "authorization: Bearer one\r\n",
        "authorization: Bearer two\r\n",
    ] {
        for _ in 0..3 {
            assert_refused(&with(key), 404, "session_not_found");
        }
        let refused = with(key);
        assert_refused(&refused, 429, "rate_limit_exceeded");
        let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=1200).contains(&seconds), "{seconds}");
    }
    assert_eq!(gateway.client().get("/health/ready").status, 200);
    gateway.assert_no_panic();
}
