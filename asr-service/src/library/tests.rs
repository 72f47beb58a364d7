use super::*;
use crate::engine::scripted::ScriptedSource;

/// Models whose small forms are there for the name without their ending, of which all have
/// `footprint`.
struct Forms {
    ids: &'static [&'static str],
    footprint: u64,
}

impl ModelSource for Forms {
    fn installed(&self) -> Vec<String> {
        self.ids.iter().map(ToString::to_string).collect()
    }

    fn find(&self, name: &str) -> Option<String> {
        let installed = self.installed().into_iter();
        let mut forms = installed.filter(|id| id.trim_end_matches("-q8_0") == name || id == name);
        forms.next()
    }

    fn load(&self, id: &str) -> Result<Box<dyn Transcriber>, String> {
        ScriptedSource::with_models(self.ids).load(id)
    }

    fn footprint_bytes(&self, _id: &str) -> Option<u64> {
        Some(self.footprint)
    }
}

fn scripted(names: &[&str]) -> Arc<dyn ModelSource> {
    Arc::new(ScriptedSource::with_models(names))
}

fn library() -> Library {
    Library::new(vec![scripted(&["base", "tiny.en"])], "base").unwrap()
}

/// Of two sources, both with a model that is called `base`.
fn library_of_two(default_model: &str) -> Library {
    let small_forms: Arc<dyn ModelSource> = Arc::new(Forms {
        ids: &["base-q8_0", "tiny.en"],
        footprint: 7,
    });
    Library::new(
        vec![small_forms, scripted(&["base", "amy", "tiny.en"])],
        default_model,
    )
    .unwrap()
}

#[test]
fn openais_names_mean_the_default() {
    let library = library();
    for name in [None, Some(""), Some("whisper-1"), Some("gpt-4o-transcribe")] {
        assert_eq!(library.resolve(name).unwrap(), "base", "{name:?}");
    }
    assert_eq!(library.resolve(Some("tiny.en")).unwrap(), "tiny.en");
}

#[test]
fn an_unknown_name_says_what_is_there() {
    let error = library().resolve(Some("large")).unwrap_err();
    assert_eq!(error.code(), "model_not_found");
    assert!(
        error.to_string().contains("Installed: base, tiny.en."),
        "{error}"
    );
}

#[test]
fn a_default_that_is_not_installed_is_an_error() {
    let error = Library::new(vec![scripted(&["base"])], "tiny").err();
    assert_eq!(error.unwrap(), "model 'tiny' is not installed");
}

#[test]
fn the_models_of_all_sources_are_there_each_name_once() {
    let library = library_of_two("amy");
    assert_eq!(
        library.installed_ids(),
        ["base-q8_0", "tiny.en", "base", "amy"]
    );
    assert_eq!(library.resolve(Some("amy")).unwrap(), "amy");
    assert!(library.load("amy").is_ok());
}

#[test]
fn a_name_means_a_model_of_the_first_source_that_knows_it() {
    let library = library_of_two("base");
    assert_eq!(library.default_id(), "base-q8_0", "a form that it picked");
    assert_eq!(library.resolve(Some("base")).unwrap(), "base-q8_0");
    assert_eq!(library.footprint_bytes("tiny.en"), Some(7));
    assert_eq!(library.footprint_bytes("amy"), None);
}

#[test]
fn a_model_that_is_gone_can_not_be_loaded() {
    let LoadError(reason) = library().load("gone").err().unwrap();
    assert_eq!(reason, "its file is gone");
}
