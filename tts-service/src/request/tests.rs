use proptest::prelude::*;
use serde_json::json;

use super::*;

fn parse(body: &Value) -> Result<SpeechFields, ApiError> {
    SpeechFields::parse(body.to_string().as_bytes(), 20)
}

/// The status and the field that an error names.
fn fault(body: &[u8]) -> (u16, Option<String>) {
    let error = SpeechFields::parse(body, 20).unwrap_err();
    let param = error.body().error.param;
    (error.status().as_u16(), param)
}

#[test]
fn all_but_the_text_has_a_default() {
    let fields = parse(&json!({"input": "Hello."})).unwrap();
    assert_eq!(
        fields,
        SpeechFields {
            input: "Hello.".into(),
            model: None,
            voice: None,
            speaker: None,
            format: AudioFormat::Mp3,
            speed: 1.0,
            sample_rate_hz: None,
            delivery: Delivery::Audio,
        }
    );
    let nulls = json!({"input": "Hello.", "model": null, "voice": null, "speed": null,
        "response_format": null, "stream_format": null, "sample_rate": null, "speaker": null});
    assert_eq!(parse(&nulls).unwrap(), fields);
}

#[test]
fn what_openais_clients_send_is_understood() {
    let fields = parse(
        &json!({"input": "Hello.", "model": "tts-1", "voice": {"id": "alloy"},
        "response_format": "pcm", "speed": 1.5, "stream_format": "sse",
        "instructions": "Like a pirate.", "unknown": [1]}),
    )
    .unwrap();
    assert_eq!(fields.model.as_deref(), Some("tts-1"));
    assert_eq!(fields.voice.as_deref(), Some("alloy"));
    assert_eq!(fields.format, AudioFormat::Pcm);
    assert_eq!(fields.delivery, Delivery::Events);
    assert!((fields.speed - 1.5).abs() < 1e-6);
}

#[test]
fn a_bad_value_names_its_field() {
    for (name, value) in [
        ("input", json!(null)),
        ("input", json!("")),
        ("input", json!(" \n")),
        ("input", json!(7)),
        ("input", json!(["Hello."])),
        ("model", json!(7)),
        ("voice", json!(7)),
        ("voice", json!({"name": "alloy"})),
        ("voice", json!(["alloy"])),
        ("response_format", json!("ogg")),
        ("response_format", json!("MP3 ")),
        ("speed", json!(0.2)),
        ("speed", json!(4.1)),
        ("speed", json!(-1)),
        ("speed", json!("fast")),
        ("speed", json!("NaN")),
        ("stream_format", json!("websocket")),
        ("sample_rate", json!(0)),
        ("sample_rate", json!(-8000)),
        ("sample_rate", json!(1e9)),
        ("sample_rate", json!(16000.5)),
        ("sample_rate", json!("16000")),
        ("speaker", json!(-1)),
        ("speaker", json!(1.5)),
        ("speaker", json!({})),
    ] {
        let mut body = json!({"input": "Hello."});
        body[name] = value.clone();
        let fault = fault(body.to_string().as_bytes());
        assert_eq!(fault, (400, Some(name.to_string())), "{name}: {value}");
    }
}

#[test]
fn what_is_no_json_object_is_a_bad_body() {
    for body in [
        &b""[..],
        b"{",
        b"[]",
        b"\"Hello.\"",
        b"null",
        b"{\"input\": NaN}",
        b"{\"input\": \"a\", \"speed\": NaN}",
        b"{\"input\": \"a\", \"speed\": 1e999}",
        b"{\"input\": \"\\ud800\"}",
        b"{\"input\": \"\xff\xfe\"}",
        b"{\"input\": \"a\"} trailing",
    ] {
        assert_eq!(
            fault(body),
            (400, None),
            "{}",
            String::from_utf8_lossy(body)
        );
    }
    let nested = [b"{\"input\": ".to_vec(), vec![b'['; 100_000]].concat();
    assert_eq!(fault(&nested).0, 400);
}

#[test]
fn the_limit_counts_characters_and_not_bytes() {
    assert!(parse(&json!({"input": "ä".repeat(20)})).is_ok());
    let error = parse(&json!({"input": "ä".repeat(21)})).unwrap_err();
    assert_eq!(
        (error.status().as_u16(), error.code()),
        (400, "input_too_long")
    );
    assert!(error.to_string().contains("20 characters"), "{error}");
}

#[test]
fn a_speaker_is_a_number_or_a_name() {
    for (value, expected) in [
        (json!(3), SpeakerName::Number(3)),
        (json!("3"), SpeakerName::Number(3)),
        (json!("p225"), SpeakerName::Name("p225".into())),
    ] {
        let fields = parse(&json!({"input": "Hello.", "speaker": value})).unwrap();
        assert_eq!(fields.speaker, Some(expected));
    }
}

proptest! {
    #[test]
    fn any_bytes_give_an_answer(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Err(error) = SpeechFields::parse(&body, 20) {
            prop_assert_eq!(error.status().as_u16(), 400);
        }
    }

    #[test]
    fn any_json_gives_an_answer(
        input in ".{0,30}",
        speed in any::<f64>(),
        rate in any::<i64>(),
        voice in ".{0,10}",
    ) {
        let body = json!({"input": input, "speed": speed, "sample_rate": rate, "voice": voice});
        match parse(&body) {
            Ok(fields) => {
                prop_assert!(SPEEDS.contains(&f64::from(fields.speed)));
                prop_assert!(fields.input.chars().count() <= 20);
            }
            Err(error) => prop_assert_eq!(error.status().as_u16(), 400),
        }
    }
}
