use super::*;

#[test]
fn the_embedded_catalogue_is_valid() {
    let catalogue = Catalogue::parse(EMBEDDED).unwrap();
    for name in ["tiny.en", "tiny.en-q8_0", "base", "base-q8_0", "silero-vad"] {
        assert!(catalogue.get(name).is_some(), "{name} is missing");
    }
}

#[test]
fn an_unknown_name_brings_near_ones() {
    let catalogue = Catalogue::embedded();
    for (typed, meant) in [
        ("tiny-en", "tiny.en"),
        ("bsae", "base"),
        ("BASE", "base"),
        ("silero", "silero-vad"),
        ("large-v3-trubo", "large-v3-turbo"),
    ] {
        let near = catalogue.near(typed);
        assert_eq!(
            near.first().map(String::as_str),
            Some(meant),
            "{typed}: {near:?}"
        );
    }
    assert!(catalogue.near("gpt-oss-120b-instruct").is_empty());
}
