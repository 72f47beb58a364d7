use voice_stack_gateway::conversation::{Command, Event, Input, Message, Settings, Speculation};

use crate::scene::{Scene, settings, tool};

fn scene(speculation: Speculation) -> Scene {
    let mut scene = Scene::new(Settings {
        speculation,
        ..settings()
    });
    scene.until(200);
    scene.speech(0);
    scene.until(1200);
    scene.silence(1000);
    scene
}

fn reaches_client(command: &Command) -> bool {
    match command {
        Command::Emit(event) => !matches!(
            event,
            Event::SpeechStarted { .. } | Event::Speculated { .. }
        ),
        Command::SendAudio { .. } | Command::Speak { .. } | Command::RunTool { .. } => true,
        _ => false,
    }
}

#[test]
fn the_transcript_is_asked_for_when_the_turn_may_have_ended() {
    let mut scene = scene(Speculation::Transcript);
    let job = scene.transcribe();
    assert_eq!(
        scene.when(|it| matches!(
            it,
            Command::Transcribe {
                speculative: true,
                ..
            }
        )),
        1200
    );
    scene.until(2000);
    assert_eq!(
        scene.when(|it| *it == Command::AwaitTranscription(job)),
        1500
    );
    assert_eq!(
        scene.count(|it| matches!(it, Command::Transcribe { .. })),
        1
    );
    assert!(scene.emitted(&Event::Speculated { used: true }));
}

#[test]
fn a_transcript_that_is_there_already_is_answered_when_the_turn_ends() {
    let mut scene = scene(Speculation::Transcript);
    scene.until(1300);
    scene.transcript("Hello.");
    assert_eq!(scene.count(reaches_client), 0);
    scene.until(2000);
    assert_eq!(
        scene.when(|it| matches!(
            it,
            Command::Respond {
                speculative: false,
                ..
            }
        )),
        1500
    );
}

#[test]
fn a_speaker_who_goes_on_makes_the_guess_void() {
    let mut scene = scene(Speculation::Transcript);
    let old = scene.transcribe();
    scene.until(1600 - 200);
    scene.speech(1390);
    assert!(scene.has(&Command::DropTranscription(old)));
    assert!(scene.emitted(&Event::Speculated { used: false }));
    scene.tell(Input::Transcript {
        job: old,
        text: "Half of".into(),
    });
    scene.until(2200);
    scene.silence(2000);
    scene.until(2500);
    scene.tell(Input::Transcript {
        job: old,
        text: "Half of".into(),
    });
    scene.transcript("Half of it.");
    assert_eq!(scene.told().len(), 1);
    assert!(format!("{:?}", scene.told()).contains("Half of it."));
}

#[test]
fn nothing_of_a_response_is_told_before_the_turn_has_ended() {
    let mut scene = scene(Speculation::Response);
    scene.until(1250);
    scene.transcript("Hello.");
    let (job, generation) = scene.respond();
    scene.token("Good day to you. ");
    scene.tell(Input::ToolCalled {
        job,
        call: tool("a"),
    });
    scene.until(1499);
    assert_eq!(scene.count(reaches_client), 0);
    scene.until(1500);
    let text = "Good day to you. ".to_owned();
    assert!(scene.emitted(&Event::AnswerText { generation, text }));
    assert_eq!(scene.spoken(), ["Good day to you."]);
    assert_eq!(scene.count(|it| matches!(it, Command::RunTool { .. })), 1);
    assert_eq!(scene.requests_to_respond(), 1);
}

#[test]
fn a_response_that_was_guessed_in_vain_is_cancelled() {
    let mut scene = scene(Speculation::Response);
    scene.transcript("Hello.");
    let (job, _) = scene.respond();
    scene.token("Good day");
    scene.until(1400);
    scene.speech(1300);
    assert!(scene.has(&Command::CancelResponse(job)));
    scene.tell(Input::Token {
        job,
        text: " to you.".into(),
    });
    scene.until(2200);
    scene.silence(2000);
    scene.until(2500);
    scene.transcript("Hello and goodbye.");
    scene.token("Bye.");
    scene.response_done();
    assert_eq!(scene.spoken(), ["Bye."]);
}

#[test]
fn a_response_that_was_not_told_all_is_asked_for_again() {
    let mut scene = scene(Speculation::Response);
    scene.transcript("Hello.");
    let (job, _) = scene.respond();
    let message = Message::System("The user is called Ada.".into());
    scene.tell(Input::AddItem {
        message,
        after: None,
    });
    scene.until(1500);
    assert!(scene.has(&Command::CancelResponse(job)));
    assert_eq!(scene.told().len(), 2);
}

#[test]
fn a_guess_that_failed_is_made_again_when_the_turn_ends() {
    let mut scene = scene(Speculation::Response);
    let job = scene.transcribe();
    scene.tell(Input::TranscriptFailed { job });
    scene.until(1500);
    let again = scene.transcribe();
    assert_ne!(again, job);
    scene.transcript("Hello.");
    assert_eq!(
        scene.count(|it| matches!(it, Command::Emit(Event::Failed { .. }))),
        0
    );

    let mut scene = self::scene(Speculation::Response);
    scene.transcript("Hello.");
    let (job, _) = scene.respond();
    scene.tell(Input::ResponseFailed { job });
    scene.until(1500);
    assert_ne!(scene.respond().0, job);
    assert_eq!(
        scene.count(|it| matches!(it, Command::Emit(Event::Failed { .. }))),
        0
    );
}

#[test]
fn without_speculation_nothing_is_asked_before_the_turn_has_ended() {
    let mut scene = scene(Speculation::Off);
    scene.until(1499);
    assert_eq!(
        scene.count(|it| matches!(it, Command::Transcribe { .. })),
        0
    );
    scene.until(1500);
    assert_eq!(
        scene.count(|it| matches!(
            it,
            Command::Transcribe {
                speculative: false,
                ..
            }
        )),
        1
    );
}
