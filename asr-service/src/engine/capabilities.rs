//! What a model can do, and the refusal of requests that ask for more.

use super::{EngineError, Language, Options};

/// What a model can do.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "none of these facts follows from another"
)]
pub struct Capabilities {
    /// The languages that it recognises; one at least.
    pub languages: Vec<Language>,
    /// A model that knows more languages, for the refusal of one.
    pub knows_more: Option<&'static str>,
    /// Makes English text of other languages.
    pub translates: bool,
    /// Heeds what was said before, and names as they are spelt.
    pub takes_prompt: bool,
    /// Chooses less likely words where it is asked to.
    pub takes_temperature: bool,
    /// Tells when each word was said.
    pub gives_words: bool,
}

/// What an API calls the options, for refusals that its clients understand.
#[derive(Debug, Clone, Copy)]
pub struct ParameterNames {
    /// [`Options::language`].
    pub language: &'static str,
    /// [`Options::translate`].
    pub translate: &'static str,
    /// [`Options::prompt`].
    pub prompt: &'static str,
    /// [`Options::temperature`].
    pub temperature: &'static str,
    /// [`Options::words`].
    pub words: &'static str,
}

impl Capabilities {
    /// The language of a model that knows no other one.
    pub fn only_language(&self) -> Option<Language> {
        match self.languages.as_slice() {
            [language] => Some(*language),
            _ => None,
        }
    }

    /// Refuses what the model, which is called `model`, can't do.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`] with the parameter that asks too much.
    pub fn check(
        &self,
        model: &str,
        options: &Options,
        names: &ParameterNames,
    ) -> Result<(), EngineError> {
        let refuse = |param, message| Err(EngineError::Unsupported { param, message });
        if let Some(language) = options.language
            && !self.languages.contains(&language)
        {
            return refuse(names.language, self.unknown(model, language));
        }
        // Who speaks English needs no translation.
        let is_english = self.only_language() == Some(Language::ENGLISH);
        if options.translate && !self.translates && !is_english {
            let message = format!("Model '{model}' does not translate; another model may");
            return refuse(names.translate, message);
        }
        let has_prompt = options
            .prompt
            .as_deref()
            .is_some_and(|it| !it.trim().is_empty());
        if has_prompt && !self.takes_prompt {
            return refuse(names.prompt, format!("Model '{model}' takes no prompt"));
        }
        if options.temperature > 0.0 && !self.takes_temperature {
            let message = format!("Model '{model}' has no temperature; leave it out, or send 0");
            return refuse(names.temperature, message);
        }
        if options.words && !self.gives_words {
            let message = format!("Model '{model}' does not tell when words were said");
            return refuse(names.words, message);
        }
        Ok(())
    }

    fn unknown(&self, model: &str, language: Language) -> String {
        let code = language.code();
        match (self.only_language(), self.knows_more) {
            (Some(only), _) => format!(
                "Model '{model}' knows {} only; '{code}' needs a multilingual model",
                capitalised(only.name())
            ),
            (None, Some(other)) => format!("Model '{model}' does not know '{code}'; {other} does"),
            (None, None) => format!("Model '{model}' does not know '{code}'"),
        }
    }
}

fn capitalised(name: &str) -> String {
    let mut rest = name.chars();
    let first = rest.next().map(|it| it.to_ascii_uppercase());
    first.into_iter().chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::scripted;

    const NAMES: ParameterNames = ParameterNames {
        language: "language",
        translate: "task",
        prompt: "initial_prompt",
        temperature: "temperature",
        words: "word_timestamps",
    };

    fn german() -> Language {
        Language::parse("de").unwrap()
    }

    fn everything() -> Options {
        Options {
            language: Some(german()),
            translate: true,
            prompt: Some("Names: Ada.".into()),
            temperature: 0.5,
            words: true,
        }
    }

    fn none(languages: &[&str]) -> Capabilities {
        let languages = languages.iter().map(|it| Language::parse(it).unwrap());
        Capabilities {
            languages: languages.collect(),
            knows_more: None,
            translates: false,
            takes_prompt: false,
            takes_temperature: false,
            gives_words: false,
        }
    }

    /// The parameter that is refused, and why.
    fn refusal(model: &Capabilities, options: &Options) -> Option<(&'static str, String)> {
        match model.check("m", options, &NAMES) {
            Ok(()) => None,
            Err(EngineError::Unsupported { param, message }) => Some((param, message)),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_model_that_can_do_everything_refuses_nothing() {
        assert_eq!(refusal(&scripted::everything(), &everything()), None);
        assert_eq!(refusal(&scripted::everything(), &Options::default()), None);
    }

    #[test]
    fn a_model_that_can_do_nothing_more_takes_plain_requests() {
        let plain = Options {
            prompt: Some("  ".into()),
            ..Options::default()
        };
        assert_eq!(refusal(&none(&["de", "fr"]), &plain), None);
    }

    #[test]
    fn each_thing_that_a_model_can_not_do_is_refused_by_the_clients_name_for_it() {
        let no = none(&["de", "fr"]);
        let plain = Options::default();
        for (options, param) in [
            (
                Options {
                    language: Some(Language::ENGLISH),
                    ..plain.clone()
                },
                "language",
            ),
            (
                Options {
                    translate: true,
                    ..plain.clone()
                },
                "task",
            ),
            (
                Options {
                    prompt: Some("Ada".into()),
                    ..plain.clone()
                },
                "initial_prompt",
            ),
            (
                Options {
                    temperature: 0.5,
                    ..plain.clone()
                },
                "temperature",
            ),
            (
                Options {
                    words: true,
                    ..plain.clone()
                },
                "word_timestamps",
            ),
        ] {
            let (refused, message) = refusal(&no, &options).unwrap();
            assert_eq!(refused, param);
            assert!(message.starts_with("Model 'm' "), "{message}");
        }
    }

    #[test]
    fn a_refused_language_names_the_models_that_know_it() {
        let options = everything();
        for (model, expected) in [
            (
                none(&["en"]),
                "Model 'm' knows English only; 'de' needs a multilingual model",
            ),
            (none(&["en", "fr"]), "Model 'm' does not know 'de'"),
            (
                Capabilities {
                    knows_more: Some("large-v3"),
                    ..none(&["en", "fr"])
                },
                "Model 'm' does not know 'de'; large-v3 does",
            ),
        ] {
            assert_eq!(
                refusal(&model, &options),
                Some(("language", expected.into()))
            );
        }
    }

    #[test]
    fn a_model_that_knows_english_only_need_not_translate() {
        let translate = Options {
            translate: true,
            ..Options::default()
        };
        assert_eq!(refusal(&none(&["en"]), &translate), None);
        assert_eq!(refusal(&none(&["de"]), &translate).unwrap().0, "task");
    }
}
