use voice_stack_gateway::conversation::{
    Closing, Command, Detection, Event, Input, Message, Outcome, Refusal, Settings, State,
};

use crate::scene::{Scene, ms, settings};

fn ended(scene: &Scene, outcome: Outcome) -> bool {
    scene.count(|it| matches!(it, Command::Emit(Event::AnswerEnded { outcome: own, .. }) if *own == outcome)) == 1
}

fn manual() -> Scene {
    Scene::new(Settings {
        detection: Detection::Manual,
        ..settings()
    })
}

#[test]
fn what_the_client_writes_is_answered() {
    let mut scene = Scene::new(settings());
    scene.tell(Input::Text("Hello".into()));
    assert_eq!(scene.told(), [Message::User("Hello".into())]);
}

#[test]
fn what_the_client_writes_supersedes_the_answer_in_progress() {
    let mut scene = Scene::new(settings());
    let generation = scene.ask_and_hear("one two three four.", 4000);
    scene.until(3000);
    scene.tell(Input::Text("Stop".into()));
    assert!(ended(&scene, Outcome::Superseded));
    assert!(scene.has(&Command::Flush {
        generation,
        at: 1000
    }));
    assert_ne!(scene.respond().1, generation);
}

#[test]
fn what_is_written_while_somebody_speaks_is_answered_with_it() {
    let mut scene = Scene::new(settings());
    scene.until(200);
    scene.speech(0);
    scene.tell(Input::Text("Hello".into()));
    assert_eq!(scene.requests_to_respond(), 0);
    scene.until(1200);
    scene.silence(1000);
    scene.until(1500);
    scene.transcript("");
    assert_eq!(scene.told(), [Message::User("Hello".into())]);
}

#[test]
fn a_committed_buffer_is_transcribed_and_answered_only_on_request() {
    let mut scene = manual();
    scene.until(2000);
    scene.commit(100, 1900, false);
    scene.until(2100);
    scene.tell(Input::CreateResponse);
    assert_eq!(scene.requests_to_respond(), 0, "its words are not known");
    scene.transcript("Hello.");
    assert_eq!(scene.told(), [Message::User("Hello.".into())]);
}

#[test]
fn several_commits_are_answered_together_in_their_order() {
    let mut scene = manual();
    scene.until(1000);
    scene.commit(0, 1000, false);
    let first = scene.transcribe();
    scene.until(2000);
    scene.commit(1000, 2000, false);
    let second = scene.transcribe();
    scene.tell(Input::CreateResponse);
    scene.tell(Input::Transcript {
        job: second,
        text: "Two.".into(),
    });
    scene.tell(Input::Transcript {
        job: first,
        text: "One.".into(),
    });
    let said = ["One.", "Two."].map(|it| Message::User(it.into()));
    assert_eq!(scene.told(), said);
}

#[test]
fn a_new_query_supersedes_the_one_before_in_every_stage() {
    // Answered are: nothing, the transcript, the responder, the synthesis.
    for stage in 0..4 {
        let mut scene = manual();
        scene.until(1000);
        scene.commit(0, 1000, true);
        if stage > 0 {
            scene.transcript("One.");
        }
        if stage > 1 {
            scene.token("Fine. ");
        }
        if stage > 2 {
            scene.audio(0, 9000);
        }
        scene.until(1100);
        scene.commit(1000, 1100, true);
        assert_eq!(ended(&scene, Outcome::Superseded), stage > 0, "{stage}");
        scene.transcript("Two.");
        if stage == 0 {
            let job = scene.log.iter().find_map(|(_, it)| match it {
                Command::Transcribe { job, .. } => Some(*job),
                _ => None,
            });
            scene.tell(Input::Transcript {
                job: job.unwrap(),
                text: "One.".into(),
            });
        }
        assert_eq!(scene.told().last(), Some(&Message::User("Two.".into())));
    }
}

#[test]
fn a_query_in_which_nothing_was_said_is_reported() {
    let mut scene = manual();
    scene.until(1000);
    scene.commit(0, 1000, true);
    scene.transcript("");
    assert_eq!(
        scene.count(|it| matches!(it, Command::Emit(Event::NothingUnderstood { .. }))),
        1
    );
    assert_eq!(scene.state(), State::Listening);
}

#[test]
fn a_cleared_buffer_is_forgotten() {
    let mut scene = Scene::new(settings());
    scene.until(200);
    scene.speech(0);
    scene.until(1200);
    scene.silence(1000);
    let job = scene.transcribe();
    scene.tell(Input::ClearInput);
    assert!(scene.has(&Command::DropTranscription(job)));
    scene.until(9000);
    assert_eq!(
        scene.count(|it| matches!(it, Command::Emit(Event::TurnEnded { .. }))),
        0
    );
    assert_eq!(scene.state(), State::Listening);
}

#[test]
fn clearing_what_paused_the_bot_lets_it_go_on() {
    let mut scene = Scene::new(settings());
    let generation = scene.ask_and_hear("one two three four.", 4000);
    scene.until(3000);
    scene.speech(2800);
    scene.tell(Input::ClearInput);
    assert!(scene.has(&Command::Resume {
        generation,
        at: 1000
    }));
}

#[test]
fn an_answer_can_be_cancelled_and_only_one_is_in_progress() {
    let mut scene = Scene::new(settings());
    scene.ask("Hello?");
    scene.tell(Input::CreateResponse);
    assert!(scene.emitted(&Event::Refused(Refusal::AnswerInProgress)));
    scene.tell(Input::Cancel);
    assert!(ended(&scene, Outcome::Cancelled));
    scene.tell(Input::Cancel);
    assert!(scene.emitted(&Event::Refused(Refusal::NoAnswer)));
    assert_eq!(scene.state(), State::Listening);
}

#[test]
fn cancelling_a_paused_answer_leaves_the_floor_to_the_user() {
    let mut scene = Scene::new(settings());
    scene.ask_and_hear("one two three four.", 4000);
    scene.until(3000);
    scene.speech(2800);
    scene.tell(Input::Cancel);
    assert_eq!(scene.state(), State::UserSpeaks);
    scene.until(3300);
    scene.silence(3100);
    scene.until(3600);
    scene.transcript("mhm");
    assert_eq!(scene.told().last(), Some(&Message::User("mhm".into())));
}

#[test]
fn a_client_that_hangs_up_stops_all_work() {
    let mut scene = Scene::new(settings());
    scene.ask("Hello?");
    scene.token("One. Two. ");
    let (job, generation) = scene.respond();
    scene.take();
    scene.tell(Input::HungUp);
    assert!(scene.has(&Command::CancelResponse(job)));
    assert!(scene.has(&Command::ForgetSpeech(generation)));
    assert!(scene.has(&Command::Close(Closing::HungUp)));
    scene.take();
    scene.tell(Input::Token {
        job,
        text: "Three. ".into(),
    });
    assert_eq!(scene.take(), []);
}

#[test]
fn new_settings_hold_from_now_on() {
    let mut scene = Scene::new(settings());
    let mut new = settings();
    new.detection = Detection::Silence(ms(300));
    new.instructions = "Be brief.".into();
    scene.tell(Input::Configure(Box::new(new)));
    scene.until(200);
    scene.speech(0);
    scene.until(1200);
    scene.silence(1000);
    scene.until(1300);
    scene.transcript("Hello.");
    assert_eq!(scene.told().len(), 2);
}

#[test]
fn what_was_asked_for_behind_an_answer_is_superseded_with_it() {
    let mut scene = Scene::new(settings());
    scene.ask_and_hear("one two three four.", 4000);
    scene.tell(Input::CreateResponse);
    scene.tell(Input::Text("Hello".into()));
    scene.token("Hi.");
    scene.response_done();
    scene.audio(0, 500);
    scene.pass(9000);
    assert_eq!(scene.requests_to_respond(), 2);
    assert_eq!(scene.state(), State::Listening);
}
