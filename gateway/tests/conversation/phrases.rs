use voice_stack_gateway::conversation::{Command, Event, Input};

use crate::scene::{Scene, settings};

#[test]
fn the_first_phrase_is_spoken_as_soon_as_it_is_whole() {
    let mut scene = Scene::new(settings());
    scene.ask("Hello?");
    scene.token("Well, you");
    assert_eq!(scene.spoken(), [] as [&str; 0]);
    scene.token(" see, it");
    assert_eq!(scene.spoken(), ["Well, you see,"]);
}

#[test]
fn six_words_are_spoken_after_250_ms_though_the_responder_says_no_more() {
    let mut scene = Scene::new(settings());
    scene.ask("Hello?");
    scene.token("one two three four five six seven");
    scene.until(2000);
    assert_eq!(scene.when(|it| matches!(it, Command::Speak { .. })), 1750);
    assert_eq!(scene.spoken(), ["one two three four five six"]);
}

#[test]
fn never_more_than_two_phrases_are_made_ahead_of_the_ear() {
    let mut scene = Scene::new(settings());
    scene.ask("Hello?");
    scene.until(2000);
    scene.token("First. Second. Third. Fourth. Fifth. ");
    assert_eq!(scene.spoken(), ["First.", "Second."]);
    scene.audio(0, 1000);
    scene.audio(1, 1000);
    scene.until(2001);
    assert_eq!(scene.spoken().len(), 3, "the first is being heard");
    scene.audio(2, 1000);
    scene.until(3000);
    assert_eq!(scene.spoken().len(), 3);
    scene.until(3001);
    assert_eq!(scene.spoken().len(), 4);
}

#[test]
fn audio_is_sent_as_it_is_made_in_order_and_without_gaps() {
    let mut scene = Scene::new(settings());
    scene.ask("Hello?");
    scene.token("First. Second. ");
    let (first, second) = (scene.speak(0), scene.speak(1));
    scene.tell(Input::AudioReady {
        job: first,
        samples: 100,
    });
    scene.tell(Input::AudioReady {
        job: second,
        samples: 300,
    });
    scene.tell(Input::AudioDone { job: second });
    assert_eq!(scene.sent(), [(0, 0, 100)]);
    scene.tell(Input::AudioReady {
        job: first,
        samples: 50,
    });
    assert_eq!(scene.sent(), [(0, 0, 100), (0, 100, 150)]);
    scene.tell(Input::AudioDone { job: first });
    assert_eq!(scene.sent(), [(0, 0, 100), (0, 100, 150), (1, 0, 300)]);
}

#[test]
fn an_answer_is_sent_and_then_it_is_heard() {
    let mut scene = Scene::new(settings());
    let generation = scene.ask_and_hear("Fine indeed, thank you.", 800);
    let second = scene.speak(1);
    scene.tell_all([
        Input::AudioReady {
            job: second,
            samples: 200,
        },
        Input::AudioDone { job: second },
    ]);
    scene.until(9000);
    assert_eq!(
        scene.when(|it| *it == Command::Emit(Event::AnswerSent { generation })),
        2000
    );
    assert_eq!(
        scene.when(|it| matches!(it, Command::Emit(Event::AnswerEnded { .. }))),
        3000
    );
    assert!(scene.has(&Command::ForgetSpeech(generation)));
}

#[test]
fn a_client_that_takes_whole_answers_is_not_made_to_wait() {
    let mut scene = Scene::new(voice_stack_gateway::conversation::Settings {
        phrases_ahead: usize::MAX,
        ..settings()
    });
    scene.ask("Hello?");
    scene.token("First. Second. Third. Fourth. ");
    scene.response_done();
    for phrase in 0..4 {
        scene.audio(phrase, 1000);
    }
    let (_, generation) = scene.respond();
    assert!(scene.emitted(&Event::AnswerSent { generation }));
    scene.tell(Input::Playback {
        generation,
        played: 4000,
    });
    let outcome = voice_stack_gateway::conversation::Outcome::Completed;
    let heard = "First. Second. Third. Fourth.".into();
    assert!(scene.emitted(&Event::AnswerEnded {
        generation,
        outcome,
        heard
    }));
}

#[test]
fn what_was_heard_long_ago_is_not_kept() {
    let mut scene = Scene::new(settings());
    scene.ask("Hello?");
    let (_, generation) = scene.respond();
    scene.until(2000);
    scene.token("First. Second. Third. ");
    scene.audio(0, 1000);
    scene.audio(1, 1000);
    scene.until(3999);
    assert_eq!(
        scene.count(|it| matches!(it, Command::ForgetPhrase { .. })),
        0
    );
    scene.until(4000);
    assert!(scene.has(&Command::ForgetPhrase {
        generation,
        phrase: 0
    }));
}

#[test]
fn an_answer_may_be_only_written() {
    let mut scene = Scene::new(voice_stack_gateway::conversation::Settings {
        output: voice_stack_gateway::conversation::Output::Text,
        ..settings()
    });
    scene.ask("Hello?");
    scene.token("Hi. ");
    scene.token("There.");
    scene.response_done();
    let (_, generation) = scene.respond();
    assert_eq!(scene.spoken(), [] as [&str; 0]);
    let outcome = voice_stack_gateway::conversation::Outcome::Completed;
    let heard = "Hi. There.".into();
    assert!(scene.emitted(&Event::AnswerEnded {
        generation,
        outcome,
        heard
    }));
}
