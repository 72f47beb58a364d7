//! The forms that a Whisper model is published in: one size, weights of 16, 8 or 5 bits.
//!
//! Which one a name means depends on ASR_COMPUTE_TYPE. The setting is the service's, because its
//! words are those of faster-whisper, which users know; what it picks is this engine's affair
//! alone, since other engines have one form of a model, or other ones.

use voice_stack_models::{Catalogue, Entry, ModelForm, Purpose};

use crate::config::ComputeType;

/// All forms of all Whisper models that the catalogue knows.
pub(super) fn known() -> Vec<&'static Entry> {
    let entries = Catalogue::embedded().entries().iter();
    entries.filter(|entry| is_whisper(entry)).collect()
}

/// Whether the entry is a Whisper model.
pub(super) fn is_whisper(entry: &Entry) -> bool {
    entry.purpose == Purpose::Recognise && entry.engine == "whisper"
}

/// The model of exactly that name, or the form of it that the compute type wants.
pub(super) fn best<'a>(
    models: &[&'a Entry],
    name: &str,
    compute_type: ComputeType,
) -> Option<&'a Entry> {
    let exact = models.iter().copied().find(|it| it.name == name);
    // "base-q8_0" says what it is; "base" leaves the form to the compute type.
    if exact.is_some_and(|model| model.name != model.base_model) {
        return exact;
    }
    forms(compute_type)
        .iter()
        .find_map(|wanted| {
            let mut forms = models.iter().copied().filter(|it| it.base_model == name);
            forms.find(|it| it.form == *wanted)
        })
        .or(exact.filter(|_| compute_type == ComputeType::Auto))
}

/// The forms that fit a compute type, the best first.
fn forms(compute_type: ComputeType) -> &'static [ModelForm] {
    match compute_type {
        ComputeType::Auto => &[
            ModelForm::F16,
            ModelForm::Q8_0,
            ModelForm::Q5_1,
            ModelForm::Q5_0,
        ],
        ComputeType::Float32
        | ComputeType::Float16
        | ComputeType::Bfloat16
        | ComputeType::Int16 => &[ModelForm::F16],
        ComputeType::Int8
        | ComputeType::Int8Float32
        | ComputeType::Int8Float16
        | ComputeType::Int8Bfloat16 => &[ModelForm::Q8_0],
        ComputeType::Q5 => &[ModelForm::Q5_1, ModelForm::Q5_0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compute_type_picks_among_the_forms_of_a_model() {
        let both = ["base", "base-q8_0"];
        for (installed, name, compute, expected) in [
            (&both[..], "base", ComputeType::Auto, Some("base")),
            (&both[..], "base", ComputeType::Int8, Some("base-q8_0")),
            (
                &both[..],
                "base",
                ComputeType::Int8Float16,
                Some("base-q8_0"),
            ),
            (&both[..], "base", ComputeType::Float16, Some("base")),
            (
                &both[..],
                "base-q8_0",
                ComputeType::Float16,
                Some("base-q8_0"),
            ),
            (&["base-q8_0"], "base", ComputeType::Auto, Some("base-q8_0")),
            (&["base"], "base", ComputeType::Int8, None),
            (&["base"], "tiny", ComputeType::Auto, None),
        ] {
            let find = |name: &&str| Catalogue::embedded().find(name).unwrap();
            let models: Vec<&Entry> = installed.iter().map(find).collect();
            let picked = best(&models, name, compute).map(|it| it.name.as_str());
            assert_eq!(picked, expected, "{installed:?} {name} {compute:?}");
        }
    }

    #[test]
    fn other_models_than_whispers_are_not_known() {
        let names: Vec<&str> = known().iter().map(|it| it.name.as_str()).collect();
        assert!(names.contains(&"tiny.en") && names.contains(&"base-q8_0"));
        assert!(!names.contains(&"silero-vad"));
    }
}
