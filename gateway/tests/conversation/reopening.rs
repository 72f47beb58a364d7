use voice_stack_gateway::conversation::{Command, Event, Input, Message, Outcome, State};

use crate::scene::{Scene, ms, settings};

#[test]
fn a_speaker_who_goes_on_within_800_ms_continues_the_turn() {
    let mut scene = Scene::new(settings());
    scene.ask("I would like");
    let (job, generation) = scene.respond();
    let turn = scene.turn();
    scene.token("What");
    scene.until(2500);
    scene.speech(2300);
    assert!(scene.has(&Command::CancelResponse(job)));
    let outcome = Outcome::Reopened;
    assert!(scene.emitted(&Event::AnswerEnded {
        generation,
        outcome,
        heard: String::new()
    }));
    assert!(scene.emitted(&Event::TurnReopened { turn }));
    assert_eq!(scene.conversation.history(), []);

    scene.until(3200);
    scene.silence(3000);
    let (from, to) = scene.last(|it| match it {
        Command::Transcribe { from, to, .. } => Some((*from, *to)),
        _ => None,
    });
    assert_eq!((from, to), (ms(0), ms(3000)));
    scene.until(3500);
    scene.transcript("I would like tea.");
    assert_eq!(scene.told(), [Message::User("I would like tea.".into())]);
}

#[test]
fn a_turn_whose_words_are_awaited_can_be_continued_too() {
    let mut scene = Scene::new(settings());
    scene.until(200);
    scene.speech(0);
    scene.until(1200);
    scene.silence(1000);
    scene.until(1600);
    assert_eq!(scene.state(), State::Transcribing);
    let job = scene.transcribe();
    scene.speech(1550);
    assert!(scene.has(&Command::DropTranscription(job)));
    assert_eq!(scene.state(), State::UserSpeaks);
    scene.until(2200);
    scene.silence(2000);
    scene.until(2500);
    scene.transcript("All of it.");
    assert_eq!(scene.told(), [Message::User("All of it.".into())]);
}

#[test]
fn later_it_is_a_turn_of_its_own() {
    let mut scene = Scene::new(settings());
    scene.ask("I would like");
    scene.until(2501);
    scene.speech(2301);
    assert_eq!(scene.state(), State::Held);
    assert_eq!(
        scene.count(|it| matches!(it, Command::Emit(Event::TurnReopened { .. }))),
        0
    );
    // Nothing had been sent, so there is nothing that the client could pause.
    assert_eq!(scene.count(|it| matches!(it, Command::Pause { .. })), 0);
    scene.until(3500);
    scene.silence(3300);
    scene.until(3800);
    scene.transcript("tea.");
    let said = ["I would like", "tea."].map(|it| Message::User(it.into()));
    assert_eq!(scene.told(), said);
}

#[test]
fn what_was_answered_with_sound_is_not_reopened() {
    let mut scene = Scene::new(settings());
    scene.ask("I would like");
    scene.token("What? ");
    scene.audio(0, 100);
    scene.until(2000);
    scene.speech(1900);
    assert_eq!(
        scene.count(|it| matches!(it, Command::Emit(Event::TurnReopened { .. }))),
        0
    );
}

#[test]
fn what_was_written_before_is_answered_though_nothing_follows() {
    let mut scene = Scene::new(settings());
    scene.until(200);
    scene.speech(0);
    scene.tell(Input::Text("Hello".into()));
    scene.until(1200);
    scene.silence(1000);
    scene.until(1550);
    scene.speech(1520);
    scene.until(2200);
    scene.silence(2000);
    scene.until(2500);
    scene.transcript("");
    assert_eq!(scene.told(), [Message::User("Hello".into())]);
}
