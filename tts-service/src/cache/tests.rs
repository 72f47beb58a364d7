use voice_common::cancellation::Cancellation;

use super::*;
use crate::encode::AudioFormat;

const MIB: u64 = 1024 * 1024;

fn key(text: &str) -> Arc<SpeechKey> {
    Arc::new(SpeechKey {
        voice: "joe".into(),
        revision: 0,
        speaker: None,
        text: text.into(),
        speed_bits: 1_f32.to_bits(),
        format: AudioFormat::Wav,
        sample_rate_hz: None,
    })
}

fn cache(bytes: u64) -> SpeechCache {
    SpeechCache::new(bytes, SpeechMetrics::default())
}

fn begin() -> (Arc<SharedSynthesis>, Reader) {
    SharedSynthesis::new(Cancellation::new())
}

/// Asks for `key` and has it made if it isn't there; says what was found.
fn ask(cache: &SpeechCache, key: &Arc<SpeechKey>, body: &Bytes) -> &'static str {
    match cache.find_or_begin(key, || Ok(begin())).unwrap() {
        Found::Kept(_) => "kept",
        Found::Joined(_) => "joined",
        Found::Begun(shared, _reader) => {
            let made = Finished {
                whole: Some(body.clone()),
                audio_seconds: 1.0,
            };
            shared.finish(body.clone(), made.clone());
            cache.keep(key, &shared, &made);
            "begun"
        }
    }
}

#[test]
fn what_was_made_is_kept_and_everything_that_changes_it_counts() {
    let cache = cache(MIB);
    let body = Bytes::from_static(b"audio");
    let hello = key("Hello.");
    assert_eq!(ask(&cache, &hello, &body), "begun");
    assert_eq!(ask(&cache, &key("Hello."), &body), "kept");
    let change = |change: fn(&mut SpeechKey)| {
        let mut other = (*hello).clone();
        change(&mut other);
        Arc::new(other)
    };
    for other in [
        change(|it| it.text = "Hello!".into()),
        change(|it| it.voice = "amy".into()),
        change(|it| it.revision = 1),
        change(|it| it.speaker = Some(0)),
        change(|it| it.speed_bits = 1.5_f32.to_bits()),
        change(|it| it.format = AudioFormat::Pcm),
        change(|it| it.sample_rate_hz = Some(16_000)),
    ] {
        assert_eq!(ask(&cache, &other, &body), "begun", "{other:?}");
    }
}

#[test]
fn two_that_want_the_same_at_once_share_one_synthesis() {
    let cache = cache(MIB);
    let Found::Begun(shared, reader) = cache.find_or_begin(&key("a"), || Ok(begin())).unwrap()
    else {
        panic!("nobody else asked");
    };
    assert!(matches!(
        cache.find_or_begin(&key("a"), || Ok(begin())),
        Ok(Found::Joined(_))
    ));
    // Once all have left it is lost, and the next begins anew.
    drop(reader);
    assert!(shared.cancellation().is_cancelled());
    let Ok(Found::Begun(second, _reader)) = cache.find_or_begin(&key("a"), || Ok(begin())) else {
        panic!("the first is lost");
    };
    // The end of the first doesn't hide the second.
    cache.forget(&key("a"), &shared);
    assert!(matches!(
        cache.find_or_begin(&key("a"), || Ok(begin())),
        Ok(Found::Joined(_))
    ));
    cache.forget(&key("a"), &second);
}

#[test]
fn a_cache_of_size_zero_keeps_and_shares_nothing() {
    let cache = cache(0);
    let body = Bytes::from_static(b"audio");
    assert_eq!(ask(&cache, &key("a"), &body), "begun");
    assert_eq!(ask(&cache, &key("a"), &body), "begun");
    assert!(!cache.keeps());
}

#[test]
fn it_never_holds_more_than_its_size() {
    let cache = cache(MIB);
    let body = Bytes::from(vec![0; 100_000]);
    for number in 0..50 {
        ask(&cache, &key(&number.to_string()), &body);
        let finished = cache.finished.as_ref().unwrap();
        finished.run_pending_tasks();
        assert!(finished.weighted_size() <= MIB, "after {number}");
    }
    let large = Bytes::from(vec![0; 600_000]);
    assert_eq!(ask(&cache, &key("large"), &large), "begun");
    assert_eq!(
        ask(&cache, &key("large"), &large),
        "begun",
        "it would throw out most of the others"
    );
}

#[test]
fn a_refusal_to_begin_leaves_nothing_behind() {
    let cache = cache(MIB);
    let refused = cache.find_or_begin(&key("a"), || Err(ApiError::Draining));
    assert!(refused.is_err());
    assert_eq!(ask(&cache, &key("a"), &Bytes::new()), "begun");
}
