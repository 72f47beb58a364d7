use super::*;

#[test]
fn the_recording_that_the_tool_brings_along_is_what_it_says() {
    let all = built_in();
    let limits = DecodeLimits {
        max_audio_seconds: 60.0,
    };
    for recording in &all {
        let decoded = audio::decode(recording.file.to_vec(), None, limits, &|| false).unwrap();
        let difference = decoded.duration_seconds() - recording.audio_seconds;
        assert!(difference.abs() < 0.01, "{}: {difference}", recording.name);
    }
    let classes: Vec<_> = all.iter().map(|it| it.class).collect();
    assert_eq!(classes, [Class::Medium, Class::Silence, Class::Noise]);
}

#[test]
fn a_recording_can_be_made_to_last() {
    let [speech, ..] = &built_in()[..] else {
        panic!("there is one");
    };
    let long = repeated(speech, 1.0).unwrap();
    assert!((60.0..72.0).contains(&long.audio_seconds));
    assert_eq!(
        long.file.len(),
        44 + (long.audio_seconds * 32_000.0) as usize
    );
    let times = long.reference.matches("my fellow").count();
    assert_eq!(
        times,
        (long.audio_seconds / speech.audio_seconds).round() as usize
    );
}

#[test]
fn a_folder_with_a_list_is_a_corpus() {
    let folder = tempfile::tempdir().unwrap();
    let save = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    save("speech.wav", &synthetic::music(3.0));
    save("quiet.wav", &synthetic::silence(1.0));
    save("hiss.wav", &synthetic::white_noise(1.0, 0.1));
    save(
        "refs.tsv",
        b"# a remark\n\nspeech.wav\ten-GB\tGood morning\nquiet.wav\ten\t\nhiss.wav\tde\t\n",
    );
    let read = read_directory(folder.path()).unwrap();
    let classes: Vec<_> = read.iter().map(|it| it.class).collect();
    assert_eq!(classes, [Class::Short, Class::Silence, Class::Noise]);
    assert_eq!(
        (read[0].language.as_str(), read[0].reference.as_str()),
        ("en", "Good morning")
    );
}

#[test]
fn what_is_wrong_with_a_corpus_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = || read_directory(folder.path()).unwrap_err().to_string();
    assert!(refusal().contains("refs.tsv"));
    std::fs::write(folder.path().join("text.wav"), "no sound").unwrap();
    for (list, says) in [
        ("# nothing\n", "names no file"),
        ("text.wav\n", "line 1: there is no language"),
        ("\ntext.wav\ten\n", "line 2: it doesn't say"),
        ("text.wav\tenglish\tHello\n", "no code"),
        ("missing.wav\ten\tHello\n", "missing.wav"),
        ("text.wav\ten\tHello\n", "text.wav"),
    ] {
        std::fs::write(folder.path().join("refs.tsv"), list).unwrap();
        assert!(refusal().contains(says), "{list:?}: {}", refusal());
    }
}
