//! The names and defaults that are documented.

use std::time::Duration;

use voice_common::settings::{Variables, parse};

use crate::{Config, config};

fn refused(variables: &[(&str, &str)]) -> String {
    let variables = Variables::from_pairs(variables.to_vec());
    let parsed = parse::<Config>("GATEWAY_", ["gateway".into()], &variables);
    parsed.unwrap_err().to_string()
}

#[test]
fn without_settings_the_services_of_this_machine_are_asked() {
    let config = config(&[]);
    let shown = |urls: &voice_stack_gateway::opening::BaseUrls| urls.0[0].to_string();
    assert_eq!(
        shown(&config.speech.asr_base_url),
        "http://127.0.0.1:5001/v1"
    );
    assert_eq!(
        shown(&config.speech.tts_base_url),
        "http://127.0.0.1:5002/v1"
    );
    assert_eq!(config.responder.llm_base_url, None);
    let limits = [
        config.speech.voice_stt_timeout,
        config.responder.voice_llm_timeout,
        config.speech.voice_tts_timeout,
    ];
    assert_eq!(limits.map(|it| it.as_secs()), [5, 10, 5]);
    assert_eq!(config.tools.tools_file, None);
    assert_eq!(config.tools.demo_balance_delay_seconds, None);
}

#[test]
fn settings_have_the_documented_names() {
    let config = config(&[
        ("LLM_BASE_URL", "http://a/v1, http://b/v1"),
        ("LLM_MODEL", "m"),
        ("LLM_API_KEY_FILE", "/k"),
        ("VOICE_LLM_TIMEOUT", "2.5"),
        ("VOICE_STT_TIMEOUT", "1"),
        ("VOICE_TTS_TIMEOUT", "2"),
        ("TOOLS_FILE", "/t"),
        ("DEMO_BALANCE_DELAY_SECONDS", "0"),
        ("TTS_VOICE", "v"),
        ("GATEWAY_TTS_VOICE", "w"),
    ]);
    assert_eq!(config.responder.llm_base_url.unwrap().0.len(), 2);
    assert_eq!(config.responder.llm_model, "m");
    assert_eq!(
        config.responder.voice_llm_timeout,
        Duration::from_millis(2500)
    );
    assert_eq!(config.speech.tts_voice.as_deref(), Some("w"));
    let delay = config.tools.demo_balance_delay_seconds;
    assert_eq!(delay, Some(Duration::ZERO));
}

#[test]
fn what_can_not_be_used_is_one_line_with_the_name_of_the_setting() {
    for (name, value, says) in [
        ("LLM_BASE_URL", "localhost:11434", "begins with http://"),
        ("ASR_BASE_URL", ",", "no address is given"),
        ("VOICE_STT_TIMEOUT", "0", "must be more than 0"),
        ("VOICE_LLM_TIMEOUT", "soon", "not a number"),
        ("DEMO_BALANCE_DELAY_SECONDS", "-1", "between 0 and a year"),
    ] {
        let error = refused(&[(name, value)]);
        assert!(error.starts_with(name) && error.contains(says), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
