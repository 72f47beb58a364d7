//! What a client gets.

use voice_stack_tests::kind::ASR;
use voice_stack_tests::samples::{self, JFK_PHRASE, plain};
use voice_stack_tests::service::Service;
use voice_stack_tests::synthetic;

#[test]
fn real_speech_becomes_its_words_in_every_format() {
    let asr = Service::start(&ASR, &[]);
    let (client, jfk) = (asr.client(), samples::jfk());

    assert!(plain(&client.text_of(&jfk, &[])).contains(JFK_PHRASE));
    for format in ["text", "srt", "vtt"] {
        let answer = client.transcribe(&jfk, &[("response_format", format)]);
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(
            plain(&answer.text.replace('\n', " ")).contains("ask not"),
            "{}",
            answer.text
        );
    }
    let fields = [
        ("response_format", "verbose_json"),
        ("timestamp_granularities[]", "word"),
        ("timestamp_granularities[]", "segment"),
    ];
    let verbose = client.transcribe(&jfk, &fields).json();
    assert_eq!(verbose["language"], "english");
    assert!((verbose["duration"].as_f64().unwrap() - 11.0).abs() < 0.1);

    let segments = verbose["segments"].as_array().unwrap();
    assert!(!segments.is_empty());
    let mut last_end = 0.0;
    for segment in segments {
        let (start, end) = (
            segment["start"].as_f64().unwrap(),
            segment["end"].as_f64().unwrap(),
        );
        assert!(
            start >= last_end - 0.01 && end > start && end <= 11.1,
            "{segment}"
        );
        assert!(segment["avg_logprob"].as_f64().unwrap() > -1.0);
        last_end = end;
    }
    let words = verbose["words"].as_array().unwrap();
    assert!((18..=26).contains(&words.len()), "{} words", words.len());
    let country = words
        .iter()
        .find(|it| plain(it["word"].as_str().unwrap()) == "country")
        .unwrap();
    let said_at = country["start"].as_f64().unwrap();
    assert!(
        (4.5..8.0).contains(&said_at),
        "'country' is said at about 6 s, not {said_at}"
    );
}

#[test]
fn what_is_no_speech_gives_an_empty_text() {
    let asr = Service::start(&ASR, &[]);
    for (name, audio) in [
        ("silence", synthetic::silence(5.0)),
        ("quiet noise", synthetic::white_noise(5.0, 0.01)),
        ("loud noise", synthetic::white_noise(5.0, 0.5)),
        ("music", synthetic::music(16.0)),
        ("a click", synthetic::wav(&[0.0, 0.9, -0.9, 0.0])),
    ] {
        assert_eq!(asr.client().text_of(&audio, &[]), "", "{name}");
    }
}

#[test]
fn silence_around_speech_is_left_out_and_the_timestamps_stay_right() {
    let asr = Service::start(&ASR, &[]);
    // 40 s of silence before and after 11 s of speech: 91 s in all.
    let speech = samples::jfk_samples();
    let quiet = vec![0.0; 40 * 16_000];
    let padded = synthetic::wav(&[quiet.clone(), speech, quiet].concat());
    let verbose = asr
        .client()
        .transcribe(&padded, &[("response_format", "verbose_json")])
        .json();
    assert!(plain(verbose["text"].as_str().unwrap()).contains(JFK_PHRASE));
    let segments = verbose["segments"].as_array().unwrap();
    let (first, last) = (&segments[0], &segments[segments.len() - 1]);
    assert!(
        (39.5..42.0).contains(&first["start"].as_f64().unwrap()),
        "{first}"
    );
    assert!(
        (49.0..52.0).contains(&last["end"].as_f64().unwrap()),
        "{last}"
    );
}

#[test]
fn a_stream_brings_deltas_and_the_whole_text() {
    let asr = Service::start(&ASR, &[]);
    let answer = asr
        .client()
        .transcribe(&samples::jfk(), &[("stream", "true")]);
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let events = answer.events();
    let (done, deltas) = events.split_last().unwrap();
    assert_eq!(done["type"], "transcript.text.done");
    let joined: String = deltas
        .iter()
        .map(|it| it["delta"].as_str().unwrap())
        .collect();
    assert_eq!(joined, done["text"].as_str().unwrap());
    assert!(plain(&joined).contains(JFK_PHRASE));
}

#[test]
fn broken_files_are_refused_with_a_reason() {
    let asr = Service::start(&ASR, &[]);
    let client = asr.client();
    let jfk = samples::jfk();
    let mut broken: Vec<(String, Vec<u8>)> = vec![
        ("empty".into(), vec![]),
        (
            "text".into(),
            b"this is no audio at all, only a sentence".repeat(10),
        ),
        ("a WAV header alone".into(), synthetic::wav(&[])),
        ("a FLAC header alone".into(), jfk[..42].to_vec()),
    ];
    for path in samples::malformed() {
        broken.push((path.display().to_string(), std::fs::read(&path).unwrap()));
    }
    for (name, file) in broken {
        let answer = client.transcribe(&file, &[]);
        let text = answer.text.clone();
        assert!(
            (200..500).contains(&answer.status),
            "{name}: {} {text}",
            answer.status
        );
        if answer.status != 200 {
            let code = answer.code();
            assert!(
                matches!(&*code, "invalid_audio" | "unsupported_media_type"),
                "{name}: {text}"
            );
        }
    }
    assert!(
        plain(&client.text_of(&jfk, &[])).contains(JFK_PHRASE),
        "the service is unharmed"
    );
}

#[test]
fn a_large_upload_goes_through_disk_and_a_too_large_one_is_refused() {
    let asr = Service::start(&ASR, &[("MAX_UPLOAD_SIZE_MB", "12")]);
    // 10 MiB of WAV: past the 8 MiB that stay in memory.
    let large = synthetic::silence(10.0 * 1024.0 * 1024.0 / 32_000.0);
    assert_eq!(asr.client().text_of(&large, &[]), "");
    let too_large = synthetic::silence(13.0 * 1024.0 * 1024.0 / 32_000.0);
    let answer = asr.client().transcribe(&too_large, &[]);
    assert_eq!(
        (answer.status, answer.code()),
        (413, "payload_too_large".into())
    );
}

#[test]
fn the_documentation_needs_no_other_host() {
    let asr = Service::start(&ASR, &[]);
    let page = asr.client().get("/docs/");
    assert_eq!(page.status, 200);
    assert!(
        !page.text.contains("https://") && !page.text.contains("src=\"//"),
        "{}",
        page.text
    );
    let openapi = asr.client().get("/openapi.json").json();
    for path in [
        "/v1/audio/transcriptions",
        "/v1/audio/translations",
        "/asr",
        "/health/ready",
    ] {
        assert!(openapi["paths"].get(path).is_some(), "{path}");
    }
}
