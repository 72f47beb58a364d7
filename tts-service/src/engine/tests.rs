use clap::Parser as _;

use super::*;

/// An engine whose only voice is `amy`.
struct Amy;

impl VoiceSource for Amy {
    fn installed(&self) -> Vec<VoiceInfo> {
        vec![scripted::Scripted::named("amy").info().clone()]
    }

    fn load(&self, id: &str) -> Result<Box<dyn Synthesizer>, String> {
        Ok(Box::new(scripted::Scripted::named(id)))
    }
}

const AMY: Open = |_, _| Ok(Arc::new(Amy));
const BROKEN: Open = |_, _| Err("no library of mine".into());

/// Opens these engines with an empty store; how many opened, or why the service can't start.
fn opened(engines: &[Open], default_voice: &str) -> Result<usize, String> {
    let folder = tempfile::tempdir().unwrap();
    let config = TtsConfig::parse_from(["voice-stack-tts", "--tts-voice", default_voice]);
    open_these(engines, &Store::new(folder.path()), &config).map(|sources| sources.len())
}

#[test]
fn an_engine_that_can_not_be_opened_is_left_out_where_the_default_voice_is_another_ones() {
    assert_eq!(opened(&[AMY], "amy"), Ok(1));
    assert_eq!(opened(&[BROKEN, AMY], "amy"), Ok(1));
    assert_eq!(opened(&[AMY, BROKEN, AMY], "amy"), Ok(2));
}

#[test]
fn a_default_voice_that_is_not_installed_is_told_before_what_its_engine_lacks() {
    for engines in [&[BROKEN, AMY][..], &[BROKEN], &[]] {
        let error = opened(engines, "en_US-joe-medium").unwrap_err();
        assert!(
            error.starts_with("TTS_VOICE: ") && error.contains("en_US-joe-medium"),
            "{error}"
        );
    }
}
