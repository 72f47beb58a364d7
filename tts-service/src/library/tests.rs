use super::*;

struct Names(&'static [&'static str]);

impl VoiceSource for Names {
    fn installed(&self) -> Vec<VoiceInfo> {
        let info = |id: &&str| VoiceInfo {
            id: (*id).into(),
            language: "en-US".into(),
            sample_rate_hz: 22_050,
            speakers: Vec::new(),
        };
        self.0.iter().map(info).collect()
    }

    fn load(&self, id: &str) -> Result<Box<dyn Synthesizer>, String> {
        Err(format!("{id} of {}", self.0.join(" and ")))
    }
}

/// Of an engine for each list of names; the default is `joe`.
fn library_of(engines: &[&'static [&'static str]]) -> Result<Library, String> {
    let source = |it: &&'static [&'static str]| -> Arc<dyn VoiceSource> { Arc::new(Names(it)) };
    Library::new(engines.iter().map(source).collect(), "joe")
}

fn library() -> Library {
    library_of(&[&["amy", "joe"]]).unwrap()
}

#[test]
fn a_voice_is_named_by_voice_or_model_and_openais_names_mean_the_default() {
    let library = library();
    for (model, voice, expected) in [
        (None, None, "joe"),
        (Some("tts-1"), Some("alloy"), "joe"),
        (Some("gpt-4o-mini-tts"), Some("default"), "joe"),
        (Some("tts-1-hd"), Some("amy"), "amy"),
        (None, Some("amy"), "amy"),
        (Some("amy"), None, "amy"),
        (Some("amy"), Some("nova"), "amy"),
        (Some("amy"), Some("amy"), "amy"),
    ] {
        let voice = library.resolve(model, voice).unwrap();
        assert_eq!(voice.id, expected, "{model:?} {expected}");
    }
}

#[test]
fn an_unknown_name_says_what_is_there() {
    let library = library();
    let error = library.resolve(Some("tts-9"), Some("amy")).unwrap_err();
    assert_eq!(error.code(), "model_not_found");
    assert!(
        error.to_string().contains("Installed: amy, joe."),
        "{error}"
    );

    let error = library.resolve(Some("tts-1"), Some("bob")).unwrap_err();
    assert_eq!(error.status().as_u16(), 400);
    assert_eq!(error.body().error.param.as_deref(), Some("voice"));
    assert!(
        error.to_string().contains("Installed: amy, joe."),
        "{error}"
    );
}

#[test]
fn a_name_is_quoted_on_one_line() {
    let error = library().resolve(None, Some("a\nb\u{7}")).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(r"The voice 'a\nb\u{7}' is not"), "{text}");
}

#[test]
fn a_voice_is_loaded_by_its_engine_and_of_two_of_a_name_by_the_first() {
    let library = library_of(&[&["amy", "bob"], &["bob", "joe"]]).unwrap();
    let names = library.installed_ids();
    assert_eq!(names, ["amy", "bob", "joe"]);
    for (voice, by) in [
        ("amy", "amy of amy and bob"),
        ("bob", "bob of amy and bob"),
        ("joe", "joe of bob and joe"),
        ("eve", "its files are gone"),
    ] {
        let error = library.load(voice).err().map(|LoadError(text)| text);
        assert_eq!(error.as_deref(), Some(by));
    }
    assert_eq!(library.resolve(None, None).unwrap().id, "joe");
}

#[test]
fn two_voices_at_once_are_a_contradiction() {
    let error = library().resolve(Some("amy"), Some("joe")).unwrap_err();
    assert_eq!(error.body().error.param.as_deref(), Some("voice"));
}

#[test]
fn a_default_that_is_not_installed_stops_the_start() {
    assert!(library_of(&[&["amy"], &["bob"]]).is_err());
}
