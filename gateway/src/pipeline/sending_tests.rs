use super::*;
use crate::conversation::{Job, Outcome};

const ANSWER: Generation = Generation(1);
const SECOND: u64 = SPOKEN_RATE_HZ as u64;

/// An answer of which phrases of so many seconds are made.
fn made(seconds: &[u64]) -> Kept {
    let mut kept = Kept::default();
    for (phrase, seconds) in seconds.iter().enumerate() {
        let job = Job(phrase as u64);
        kept.begin((ANSWER, phrase), job, format!("phrase {phrase}"));
        kept.add(job, &vec![phrase as i16 + 1; (seconds * SECOND) as usize]);
    }
    kept
}

fn ahead(ms: u64) -> Sending {
    Sending::new(Pace::Ahead(Duration::from_millis(ms)))
}

/// All that can be sent now.
fn sent(sending: &mut Sending, kept: &mut Kept, now: Instant) -> Vec<Outgoing> {
    let mut all = Vec::new();
    while sending.next(now) == Next::Now {
        all.extend(sending.take(kept, now));
    }
    all
}

/// All that is sent within this time, in which nothing else happens.
fn played(sending: &mut Sending, kept: &mut Kept, from: Instant, seconds: u64) -> Vec<Outgoing> {
    let steps = (0..=seconds * 20).map(|it| from + Duration::from_millis(50 * it));
    steps.flat_map(|now| sent(sending, kept, now)).collect()
}

fn is_last(all: &[Outgoing], event: &Event) -> bool {
    matches!(all.last(), Some(Outgoing::Event(last)) if last == event)
}

fn samples(all: &[Outgoing]) -> u64 {
    let samples = all.iter().map(|it| match it {
        Outgoing::Audio { samples, .. } => {
            assert!(samples.len() as u64 <= MESSAGE);
            samples.len() as u64
        }
        _ => 0,
    });
    samples.sum()
}

/// Where each message of audio begins, checked to follow the one before.
fn begins(all: &[Outgoing]) -> u64 {
    let mut next = None;
    let mut first = None;
    for it in all {
        if let Outgoing::Audio { from, samples, .. } = it {
            assert!(next.is_none_or(|it| it == *from), "no gap and no overlap");
            first.get_or_insert(*from);
            next = Some(from + samples.len() as u64);
        }
    }
    first.expect("there is audio")
}

fn ended(outcome: Outcome) -> Event {
    Event::AnswerEnded {
        generation: ANSWER,
        outcome,
        heard: String::new(),
    }
}

fn all_sent() -> Event {
    Event::AnswerSent { generation: ANSWER }
}

#[test]
fn audio_is_sent_a_little_ahead_of_the_ear_in_small_messages() {
    let (mut sending, mut kept, zero) = (ahead(1000), made(&[3]), Instant::now());
    sending.audio((ANSWER, 0), 0, 3 * SECOND);
    let first = sent(&mut sending, &mut kept, zero);
    assert!(matches!(&first[0], Outgoing::PhraseBegins { text, .. } if text == "phrase 0"));
    assert_eq!(samples(&first), SECOND + MESSAGE);
    let Next::At(when) = sending.next(zero) else {
        panic!("the rest waits");
    };
    assert_eq!(when, zero + Duration::from_millis(100));
    let second = sent(&mut sending, &mut kept, zero + Duration::from_secs(1));
    assert_eq!(
        (samples(&second), begins(&second)),
        (SECOND, SECOND + MESSAGE)
    );
}

#[test]
fn a_client_that_takes_all_gets_all() {
    let mut sending = Sending::new(Pace::AtOnce);
    let mut kept = made(&[30, 30]);
    sending.audio((ANSWER, 0), 0, 30 * SECOND);
    sending.audio((ANSWER, 1), 0, 30 * SECOND);
    sending.event(all_sent());
    let all = sent(&mut sending, &mut kept, Instant::now());
    assert_eq!((samples(&all), begins(&all)), (60 * SECOND, 0));
    assert!(is_last(&all, &all_sent()));
}

#[test]
fn events_overtake_audio_but_not_that_it_was_all_sent() {
    let (mut sending, mut kept, zero) = (ahead(100), made(&[1]), Instant::now());
    sending.audio((ANSWER, 0), 0, SECOND);
    sending.event(all_sent());
    let turn = crate::conversation::Turn(9);
    sending.event(Event::NothingUnderstood { turn });
    let first = sent(&mut sending, &mut kept, zero);
    assert!(first[0] == Outgoing::Event(Event::NothingUnderstood { turn }));
    assert!(!first.contains(&Outgoing::Event(all_sent())));
    let rest = played(&mut sending, &mut kept, zero, 1);
    assert!(is_last(&rest, &all_sent()));
}

#[test]
fn a_pause_drops_what_waits_and_it_goes_on_at_its_sample() {
    let (mut sending, mut kept, zero) = (ahead(500), made(&[1, 1]), Instant::now());
    sending.audio((ANSWER, 0), 0, SECOND);
    sending.audio((ANSWER, 1), 0, SECOND);
    sending.event(all_sent());
    sent(&mut sending, &mut kept, zero);
    let at = SECOND / 4;
    sending.pause(ANSWER, at);
    let paused = sent(&mut sending, &mut kept, zero + Duration::from_secs(9));
    assert_eq!(
        paused,
        [Outgoing::Pause {
            generation: ANSWER,
            at
        }]
    );

    sending.resume(ANSWER, at);
    sending.audio((ANSWER, 0), at, SECOND);
    sending.audio((ANSWER, 1), 0, SECOND);
    let later = zero + Duration::from_secs(10);
    let resumed = sent(&mut sending, &mut kept, later);
    assert_eq!(
        resumed[0],
        Outgoing::Resume {
            generation: ANSWER,
            at
        }
    );
    assert_eq!(begins(&resumed), at);
    assert_eq!(
        samples(&resumed),
        SECOND / 2 + MESSAGE,
        "ahead of the ear again"
    );
    let rest = played(&mut sending, &mut kept, later, 2);
    assert_eq!(samples(&resumed) + samples(&rest), 2 * SECOND - at);
    assert!(is_last(&rest, &all_sent()));
    let words = |it: &&Outgoing| matches!(it, Outgoing::PhraseBegins { .. });
    assert_eq!(
        resumed.iter().chain(&rest).filter(words).count(),
        1,
        "told once"
    );
}

#[test]
fn nothing_of_an_answer_follows_its_flush() {
    let (mut sending, mut kept, zero) = (ahead(100), made(&[2]), Instant::now());
    sending.audio((ANSWER, 0), 0, 2 * SECOND);
    sending.event(all_sent());
    sent(&mut sending, &mut kept, zero);
    let flush = Outgoing::Flush {
        generation: ANSWER,
        at: 7,
    };
    sending.flush(ANSWER, 7);
    kept.forget_all(ANSWER);
    sending.event(ended(Outcome::Interrupted));
    let all = sent(&mut sending, &mut kept, zero + Duration::from_secs(9));
    assert_eq!(all, [flush, Outgoing::Event(ended(Outcome::Interrupted))]);
    kept.drop_over(|key| sending.holds(key));
    assert!(kept.is_empty());
}

#[test]
fn a_client_that_was_slow_gets_all_of_an_answer_before_its_end_and_before_the_next() {
    let (mut sending, mut kept, zero) = (ahead(100), made(&[2]), Instant::now());
    sending.audio((ANSWER, 0), 0, 2 * SECOND);
    // By the conversation's clock it was heard.
    kept.forget_all(ANSWER);
    kept.drop_over(|key| sending.holds(key));
    sending.event(ended(Outcome::Completed));
    let next = Event::AnswerStarted {
        generation: Generation(2),
        turn: None,
    };
    sending.event(next.clone());
    let all = sent(&mut sending, &mut kept, zero);
    assert_eq!(samples(&all), 2 * SECOND);
    let last = [ended(Outcome::Completed), next].map(Outgoing::Event);
    assert!(all[all.len() - 2..] == last);
}

#[test]
fn the_ear_waits_when_all_was_heard() {
    let (mut sending, mut kept, zero) = (ahead(100), made(&[1, 3]), Instant::now());
    sending.audio((ANSWER, 0), 0, SECOND);
    played(&mut sending, &mut kept, zero, 1);
    // The next phrase is late.
    sending.audio((ANSWER, 1), 0, 3 * SECOND);
    let late = sent(&mut sending, &mut kept, zero + Duration::from_secs(5));
    assert_eq!(samples(&late), 2 * MESSAGE, "no more ahead than otherwise");
}
