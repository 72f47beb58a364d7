use clap::Parser as _;

use super::scripted::ScriptedSource;
use super::*;

const MISSING: &str = "base is not installed; fetch it";

/// An engine whose only model is `amy`, and which knows that there is a `base`.
struct Amy;

impl ModelSource for Amy {
    fn installed(&self) -> Vec<String> {
        vec!["amy".into()]
    }

    fn missing(&self, name: &str) -> Option<String> {
        (name == "base").then(|| MISSING.into())
    }

    fn load(&self, id: &str) -> Result<Box<dyn Transcriber>, String> {
        ScriptedSource::with_models(&[id]).load(id)
    }
}

const AMY: Open = |_| Ok(Arc::new(Amy));
const BROKEN: Open = |_| Err("no library of mine".into());
const HEARS_WINDOWS: Open = |setup| {
    setup.windows.clone()?;
    Ok(Arc::new(Amy))
};

/// Opens these engines with an empty store; how many opened, or why the service can't start.
fn opened(engines: &[Open], default_model: &str) -> Result<usize, String> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    let config = AsrConfig::parse_from(["voice-stack-asr", "--asr-model", default_model]);
    open_these(engines, &Setup::new(&store, &config)).map(|sources| sources.len())
}

#[test]
fn an_engine_that_can_not_be_opened_is_left_out_where_the_default_model_is_another_ones() {
    assert_eq!(opened(&[AMY], "amy"), Ok(1));
    assert_eq!(opened(&[BROKEN, AMY], "amy"), Ok(1));
    assert_eq!(opened(&[AMY, BROKEN, AMY], "amy"), Ok(2));
}

#[test]
fn a_default_model_that_an_engine_knows_is_told_before_what_other_engines_lack() {
    for engines in [&[BROKEN, AMY][..], &[AMY, BROKEN], &[AMY]] {
        assert_eq!(
            opened(engines, "base"),
            Err(format!("ASR_MODEL: {MISSING}"))
        );
    }
}

#[test]
fn a_name_that_nobody_knows_is_told_with_names_like_it() {
    for engines in [&[BROKEN, AMY][..], &[AMY], &[]] {
        let error = opened(engines, "tiny-en").unwrap_err();
        assert!(
            error.starts_with("ASR_MODEL: ") && error.contains("tiny.en"),
            "{error}"
        );
    }
}

#[test]
fn what_the_engine_of_the_default_model_lacks_is_told_where_it_could_not_be_opened() {
    assert_eq!(
        opened(&[BROKEN], "tiny.en"),
        Err("no library of mine".into())
    );
    assert_eq!(
        opened(&[BROKEN, AMY], "tiny.en"),
        Err("no library of mine".into())
    );
    let error = opened(&[AMY], "tiny.en").unwrap_err();
    assert!(error.contains("no engine"), "{error}");
}

#[test]
fn only_engines_that_hear_windows_need_the_model_for_voice_activity() {
    assert_eq!(opened(&[AMY], "amy"), Ok(1));
    let error = opened(&[HEARS_WINDOWS], "tiny.en").unwrap_err();
    assert!(
        error.contains("voice-stack-models pull silero-vad"),
        "{error}"
    );
}

#[test]
fn the_engines_of_the_service_say_what_they_lack_with_the_command_that_fetches_it() {
    let error = opened(ENGINES, "tiny.en").unwrap_err();
    assert!(error.contains("voice-stack-models pull "), "{error}");
}
