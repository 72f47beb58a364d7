use voice_stack_gateway::conversation::{
    Command, Detection, Eagerness, Event, Input, Settings, State,
};

use crate::scene::{Scene, ms, settings};

fn is_end(command: &Command) -> bool {
    matches!(command, Command::Emit(Event::TurnEnded { .. }))
}

fn semantic(eagerness: Eagerness) -> Scene {
    let mut scene = Scene::new(Settings {
        detection: Detection::Semantic(eagerness),
        ..settings()
    });
    scene.until(200);
    scene.speech(0);
    scene.until(1200);
    scene.silence(1000);
    scene
}

#[test]
fn half_a_second_of_silence_ends_a_turn() {
    let mut scene = Scene::new(settings());
    scene.until(200);
    scene.speech(0);
    assert_eq!(scene.state(), State::UserSpeaks);
    scene.until(1200);
    scene.silence(1000);
    assert_eq!(scene.state(), State::UserPauses);
    scene.until(5000);
    assert_eq!(scene.when(is_end), 1500);
    let turn = scene.turn();
    assert!(scene.emitted(&Event::TurnEnded {
        turn,
        from: ms(0),
        to: ms(1000)
    }));
}

#[test]
fn a_shorter_silence_does_not() {
    let mut scene = Scene::new(settings());
    for second in 0..10 {
        scene.until(second * 1000 + 30);
        scene.speech(second * 1000);
        scene.until(second * 1000 + 760);
        scene.silence(second * 1000 + 550);
    }
    assert_eq!(scene.count(is_end), 0);
    scene.until(20_000);
    assert_eq!(scene.count(is_end), 1);
    assert_eq!(scene.when(is_end), 10_050);
}

#[test]
fn what_sounds_complete_ends_a_turn_at_once() {
    let mut scene = semantic(Eagerness::Low);
    scene.until(1250);
    let job = scene.score();
    scene.tell(Input::TurnScore { job, complete: 0.5 });
    assert_eq!(scene.when(is_end), 1250);
}

#[test]
fn what_sounds_incomplete_is_waited_for_as_long_as_the_eagerness_says() {
    for (eagerness, end) in [
        (Eagerness::Low, 9000),
        (Eagerness::Medium, 5000),
        (Eagerness::High, 3000),
    ] {
        let mut scene = semantic(eagerness);
        let job = scene.score();
        scene.tell(Input::TurnScore {
            job,
            complete: 0.49,
        });
        scene.until(20_000);
        assert_eq!(scene.when(is_end), end, "{eagerness:?}");
    }
}

#[test]
fn a_turn_detector_that_never_answers_is_waited_for_no_longer() {
    let mut scene = semantic(Eagerness::High);
    scene.until(20_000);
    assert_eq!(scene.when(is_end), 3000);
}

#[test]
fn the_score_of_a_pause_that_is_over_ends_nothing() {
    let mut scene = semantic(Eagerness::High);
    let job = scene.score();
    scene.until(1700);
    scene.speech(1500);
    scene.tell(Input::TurnScore { job, complete: 1.0 });
    assert_eq!(scene.count(is_end), 0);
    scene.until(2700);
    scene.silence(2500);
    scene.tell(Input::TurnScore { job, complete: 1.0 });
    assert_eq!(scene.count(is_end), 0);
}

#[test]
fn with_push_to_talk_only_the_client_ends_a_turn() {
    let mut scene = Scene::new(Settings {
        detection: Detection::Manual,
        ..settings()
    });
    scene.speech(0);
    scene.until(1200);
    scene.silence(1000);
    scene.until(20_000);
    assert_eq!(scene.count(is_end), 0);
    assert_eq!(
        scene.count(|it| matches!(it, Command::Transcribe { .. })),
        0
    );
    scene.tell(Input::SpeechEnded { at: ms(20_000) });
    assert_eq!(scene.when(is_end), 20_000);
}

#[test]
fn the_client_can_end_a_turn_whoever_else_detects_its_end() {
    for detection in [
        Detection::Silence(ms(500)),
        Detection::Semantic(Eagerness::Low),
        Detection::Manual,
    ] {
        let mut scene = Scene::new(Settings {
            detection,
            ..settings()
        });
        scene.speech(0);
        scene.until(700);
        scene.tell(Input::SpeechEnded { at: ms(700) });
        assert_eq!(scene.when(is_end), 700, "{detection:?}");
    }
}

#[test]
fn speech_that_never_ends_is_a_turn_after_a_minute() {
    let mut scene = Scene::new(settings());
    scene.speech(0);
    scene.until(100_000);
    assert_eq!(scene.when(is_end), 60_000);
}

#[test]
fn a_turn_in_which_nothing_was_said_is_not_answered() {
    for text in ["", " ", "...", "-"] {
        let mut scene = Scene::new(settings());
        scene.ask(text);
        let turn = scene.turn();
        assert!(scene.emitted(&Event::NothingUnderstood { turn }), "{text}");
        assert_eq!(scene.state(), State::Listening);
        assert_eq!(scene.conversation.history(), []);
        assert_eq!(scene.requests_to_respond(), 0);
    }
}

#[test]
fn a_turn_is_answered_as_soon_as_its_words_are_known() {
    let mut scene = Scene::new(settings());
    scene.ask("Hello there.");
    assert_eq!(scene.when(|it| matches!(it, Command::Respond { .. })), 1500);
    assert_eq!(scene.state(), State::Thinking);
}

#[test]
fn a_turn_may_be_only_written_down() {
    let mut scene = Scene::new(Settings {
        create_response: false,
        ..settings()
    });
    scene.ask("Hello there.");
    let turn = scene.turn();
    assert!(scene.emitted(&Event::Transcript {
        turn,
        text: "Hello there.".into()
    }));
    assert_eq!(scene.requests_to_respond(), 0);
    assert_eq!(scene.state(), State::Listening);
    scene.tell(Input::CreateResponse);
    assert_eq!(scene.told().len(), 1);
}

#[test]
fn a_conversation_in_which_nothing_happens_is_closed() {
    let mut scene = Scene::new(settings());
    scene.until(100_000);
    scene.tell(Input::EchoCancelled(true));
    scene.until(900_000);
    assert_eq!(scene.when(|it| matches!(it, Command::Close(_))), 400_000);
    assert_eq!(scene.conversation.next_deadline(), None);
    scene.speech(900_000);
    assert_eq!(scene.state(), State::Closed);
}
