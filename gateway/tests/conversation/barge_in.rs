use voice_stack_gateway::conversation::{
    Command, Event, Generation, Input, Message, Outcome, Settings, State,
};

use crate::scene::{Scene, ms, settings};

pub(crate) const TEXT: &str = "one two three four five six seven eight nine ten.";

/// The bot speaks from 2 s to 7 s; speech is noticed at 3.2 s.
pub(crate) fn interrupted() -> (Scene, Generation) {
    let mut scene = Scene::new(settings());
    let generation = scene.ask_and_hear(TEXT, 5000);
    scene.until(3200);
    assert_eq!(scene.state(), State::BotSpeaks);
    scene.speech(3000);
    assert_eq!(scene.state(), State::Held);
    (scene, generation)
}

pub(crate) fn has_ended(scene: &Scene, outcome: Outcome) -> bool {
    scene.count(|it| matches!(it, Command::Emit(Event::AnswerEnded { outcome: own, .. }) if *own == outcome)) > 0
}

/// A bot that speaks on while somebody else speaks.
fn uninterruptible() -> Scene {
    Scene::new(Settings {
        interrupt_response: false,
        ..settings()
    })
}

#[test]
fn the_bot_pauses_at_once() {
    let (scene, generation) = interrupted();
    assert!(scene.has(&Command::Pause {
        generation,
        at: 1200
    }));
    assert!(!has_ended(&scene, Outcome::Interrupted));
}

#[test]
fn half_a_second_of_speech_interrupts() {
    let (mut scene, generation) = interrupted();
    // A pause is reported 200 ms after it began.
    scene.until(3699);
    assert!(!has_ended(&scene, Outcome::Interrupted));
    scene.until(3700);
    assert!(has_ended(&scene, Outcome::Interrupted));
    assert!(scene.has(&Command::Flush {
        generation,
        at: 1200
    }));
    assert!(scene.has(&Command::ForgetSpeech(generation)));
    assert_eq!(scene.state(), State::UserSpeaks);
    let bot = Message::Assistant("one two".into());
    assert_eq!(scene.conversation.history()[1..], [bot]);

    scene.until(5200);
    scene.silence(5000);
    scene.until(5500);
    scene.transcript("Something else.");
    assert_eq!(scene.told().len(), 3);
    assert_ne!(scene.respond().1, generation);
}

#[test]
fn interruption_cancels_the_responder_and_what_is_made_of_its_words() {
    let mut scene = Scene::new(settings());
    scene.ask("Tell me a story.");
    scene.token("Once upon a time, there was. And then. And then");
    let (job, generation) = scene.respond();
    scene.audio(0, 1000);
    let next = scene.speak(1);
    scene.until(1900);
    scene.speech(1700);
    scene.until(2400);
    assert!(scene.has(&Command::CancelResponse(job)));
    assert!(scene.has(&Command::ForgetSpeech(generation)));
    scene.take();
    scene.tell_all([
        Input::Token {
            job,
            text: " more. And more. ".into(),
        },
        Input::AudioReady {
            job: next,
            samples: 500,
        },
        Input::AudioDone { job: next },
        Input::ResponseDone { job },
        Input::Playback {
            generation,
            played: 900,
        },
    ]);
    scene.pass(100);
    assert_eq!(scene.take(), []);
}

#[test]
fn one_word_that_is_no_backchannel_interrupts() {
    let (mut scene, _) = interrupted();
    scene.until(3500);
    scene.silence(3300);
    scene.until(3600);
    scene.transcript("Stop!");
    assert!(has_ended(&scene, Outcome::Interrupted));
    scene.until(3800);
    assert_eq!(scene.told().last(), Some(&Message::User("Stop!".into())));
}

#[test]
fn a_word_in_a_partial_transcript_interrupts_at_once() {
    let (mut scene, _) = interrupted();
    let turn = scene.turn();
    scene.until(3300);
    for (text, interrupts) in [("uh", false), ("uh wait", true)] {
        scene.tell(Input::PartialTranscript {
            turn,
            text: text.into(),
        });
        assert_eq!(
            has_ended(&scene, Outcome::Interrupted),
            interrupts,
            "{text}"
        );
    }
}

#[test]
fn words_that_come_late_still_interrupt() {
    let (mut scene, generation) = interrupted();
    scene.until(3500);
    scene.silence(3300);
    scene.until(5300);
    scene.transcript("Stop that.");
    assert!(scene.has(&Command::Flush {
        generation,
        at: 2200
    }));
    assert_eq!(
        scene.told().last(),
        Some(&Message::User("Stop that.".into()))
    );
}

#[test]
fn by_the_client_s_word_speech_starts_and_ends_without_delay() {
    let mut scene = Scene::new(Settings {
        detection: voice_stack_gateway::conversation::Detection::Manual,
        ..settings()
    });
    scene.speech(0);
    scene.until(1000);
    scene.tell(Input::SpeechEnded { at: ms(1000) });
    scene.transcript("How are you?");
    scene.token(TEXT);
    scene.response_done();
    scene.audio(0, 5000);
    let (_, generation) = scene.respond();
    scene.until(2000);
    scene.speech(2000);
    assert!(scene.has(&Command::Pause {
        generation,
        at: 1000
    }));
    scene.until(2300);
    scene.tell(Input::SpeechEnded { at: ms(2300) });
    scene.until(4000);
    assert_eq!(
        scene.when(|it| *it
            == Command::Resume {
                generation,
                at: 1000
            }),
        3300
    );

    scene.until(4100);
    scene.speech(4100);
    scene.until(4600);
    assert!(has_ended(&scene, Outcome::Interrupted));
}

#[test]
fn a_bot_that_is_not_to_be_interrupted_answers_afterwards() {
    let mut scene = uninterruptible();
    scene.ask_and_hear(TEXT, 5000);
    scene.until(3200);
    scene.speech(3000);
    scene.until(4700);
    scene.silence(4500);
    scene.until(5000);
    scene.transcript("And you?");
    assert_eq!(scene.count(|it| matches!(it, Command::Pause { .. })), 0);
    scene.take();
    scene.until(8000);
    assert_eq!(scene.when(|it| matches!(it, Command::Respond { .. })), 7000);
    let said: Vec<_> = scene.told();
    assert_eq!(said.last(), Some(&Message::User("And you?".into())));
}

#[test]
fn a_cough_is_not_answered_by_a_bot_that_is_not_to_be_interrupted() {
    for is_known_early in [true, false] {
        let mut scene = uninterruptible();
        scene.ask_and_hear(TEXT, 5000);
        scene.until(3200);
        scene.speech(3000);
        scene.until(3500);
        scene.silence(3300);
        if !is_known_early {
            scene.until(4000);
        }
        scene.transcript("");
        scene.until(20_000);
        assert_eq!(scene.requests_to_respond(), 1);
    }
}

#[test]
fn words_that_are_known_only_when_the_bot_has_finished_are_answered_too() {
    let mut scene = uninterruptible();
    scene.ask_and_hear(TEXT, 5000);
    scene.until(6200);
    scene.speech(6000);
    scene.until(6700);
    scene.silence(6500);
    scene.until(8000);
    assert_eq!(scene.state(), State::Transcribing);
    scene.transcript("And you?");
    assert_eq!(scene.told().last(), Some(&Message::User("And you?".into())));
}

#[test]
fn noise_that_interrupts_before_the_first_sound_leaves_nothing_unanswered() {
    let mut scene = Scene::new(settings());
    scene.ask("Hello?");
    scene.until(2600);
    scene.speech(2400);
    scene.until(4000);
    assert!(has_ended(&scene, Outcome::Interrupted));
    scene.silence(3800);
    scene.until(4300);
    scene.transcript("");
    assert_eq!(scene.requests_to_respond(), 2);
    assert_eq!(scene.told(), [Message::User("Hello?".into())]);
}

#[test]
fn noise_that_interrupts_loses_no_answer_that_was_to_follow() {
    let (mut scene, _) = interrupted();
    scene.tell(Input::CreateResponse);
    scene.until(4000);
    assert!(has_ended(&scene, Outcome::Interrupted));
    scene.silence(3800);
    scene.until(4300);
    scene.transcript("");
    assert_eq!(scene.requests_to_respond(), 2);
}

#[test]
fn speech_before_the_first_sound_holds_the_answer_back() {
    let mut scene = Scene::new(settings());
    scene.ask("Hello?");
    scene.until(2600);
    scene.speech(2400);
    scene.token("Hi there. ");
    scene.response_done();
    scene.audio(0, 1000);
    assert_eq!(scene.sent(), []);
    scene.until(2900);
    scene.silence(2700);
    scene.until(3100);
    scene.transcript("mhm");
    assert_eq!(scene.sent(), [(0, 0, 1000)]);
    assert_eq!(
        scene.count(|it| matches!(it, Command::Pause { .. } | Command::Resume { .. })),
        0
    );
}
