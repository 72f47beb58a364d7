use voice_stack_gateway::conversation::{
    Command, Event, Input, Outcome, Saying, Settings, Stage, State,
};

use crate::scene::{Scene, settings};

fn failed(stage: Stage) -> impl Fn(&Command) -> bool {
    move |it| *it == Command::Emit(Event::Failed { stage })
}

/// The failure's sentence is spoken and heard, and the bot listens again.
fn says_it_and_goes_on(scene: &mut Scene, stage: Stage) {
    let (phrase, text) = scene.last(|it| match it {
        Command::Speak {
            phrase,
            saying: Saying::Failure(own),
            text,
            ..
        } if *own == stage => Some((*phrase, text.clone())),
        _ => None,
    });
    assert!(text.starts_with("Sorry"), "{text}");
    scene.audio(phrase, 1000);
    scene.pass(10_000);
    let ended = scene.last(|it| match it {
        Command::Emit(Event::AnswerEnded { outcome, .. }) => Some(*outcome),
        _ => None,
    });
    assert_eq!(ended, Outcome::Failed(stage));
    assert_eq!(scene.state(), State::Listening);
    let now = u64::try_from(scene.now.as_millis()).unwrap();
    scene.speech(now);
    assert_eq!(scene.state(), State::UserSpeaks);
}

#[test]
fn transcription_has_five_seconds() {
    let mut scene = Scene::new(settings());
    scene.until(200);
    scene.speech(0);
    scene.until(1200);
    scene.silence(1000);
    scene.until(7000);
    let job = scene.transcribe();
    assert_eq!(scene.when(failed(Stage::Transcript)), 6500);
    assert!(scene.has(&Command::DropTranscription(job)));
    assert_eq!(scene.conversation.history(), []);
    says_it_and_goes_on(&mut scene, Stage::Transcript);
    scene.tell(Input::Transcript {
        job,
        text: "late".into(),
    });
    assert_eq!(scene.conversation.history(), []);
}

#[test]
fn the_responder_has_ten_seconds_for_its_first_token_and_for_each_that_follows() {
    let mut scene = Scene::new(settings());
    scene.ask("Hello?");
    scene.until(20_000);
    let (job, _) = scene.respond();
    assert_eq!(scene.when(failed(Stage::Response)), 11_500);
    assert!(scene.has(&Command::CancelResponse(job)));
    says_it_and_goes_on(&mut scene, Stage::Response);

    let mut scene = Scene::new(settings());
    scene.ask("Hello?");
    scene.until(11_000);
    scene.token("Well. And");
    scene.audio(0, 500);
    scene.until(30_000);
    assert_eq!(scene.when(failed(Stage::Response)), 21_000);
    assert_eq!(
        scene.spoken().len(),
        2,
        "what is no whole phrase is not spoken"
    );
}

#[test]
fn a_responder_that_breaks_off_or_says_nothing_has_failed() {
    let mut scene = Scene::new(settings());
    scene.ask("Hello?");
    let (job, _) = scene.respond();
    scene.tell(Input::ResponseFailed { job });
    says_it_and_goes_on(&mut scene, Stage::Response);

    for token in ["", " ", "\n"] {
        let mut scene = Scene::new(settings());
        scene.ask("Hello?");
        scene.token(token);
        scene.response_done();
        says_it_and_goes_on(&mut scene, Stage::Response);
    }
}

#[test]
fn synthesis_has_five_seconds_for_its_first_audio_and_for_each_piece_that_follows() {
    let mut scene = Scene::new(settings());
    scene.ask("Hello?");
    scene.token("One two three. ");
    let job = scene.speak(0);
    scene.until(7000);
    assert_eq!(scene.when(failed(Stage::Speech)), 6500);
    assert!(scene.has(&Command::CancelSpeech(job)));
    says_it_and_goes_on(&mut scene, Stage::Speech);

    let mut scene = Scene::new(settings());
    scene.ask("Hello?");
    scene.token("One two three. ");
    let job = scene.speak(0);
    scene.until(6000);
    scene.tell(Input::AudioReady { job, samples: 300 });
    scene.until(12_000);
    assert_eq!(scene.when(failed(Stage::Speech)), 11_000);
    says_it_and_goes_on(&mut scene, Stage::Speech);
    assert_eq!(scene.sent()[0], (0, 0, 300));
}

#[test]
fn if_not_even_the_failure_can_be_said_the_conversation_goes_on_silently() {
    let mut scene = Scene::new(settings());
    scene.ask("Hello?");
    scene.token("One two three. ");
    for phrase in [0, 0] {
        let job = scene.speak(phrase);
        scene.tell(Input::AudioFailed { job });
    }
    assert_eq!(scene.state(), State::Listening);
}

#[test]
fn a_turn_has_25_seconds_until_its_answer_is_heard() {
    let mut scene = Scene::new(Settings {
        limits: voice_stack_gateway::conversation::Limits {
            tool: crate::scene::ms(12_000),
            ..Default::default()
        },
        ..settings()
    });
    scene.ask("Hello?");
    for round in 0..2 {
        scene.pass(5000);
        scene.call(&crate::scene::tool(&format!("{round}")));
        scene.response_done();
        if round == 0 {
            scene.pass(2000);
            scene.audio(0, 500);
        }
        scene.pass(10_000);
    }
    assert_eq!(scene.when(failed(Stage::Turn)), 26_500);
    says_it_and_goes_on(&mut scene, Stage::Turn);
}

#[test]
fn so_long_may_no_silence_within_an_answer_be() {
    let mut scene = Scene::new(settings());
    scene.ask("Tell me a story.");
    let (job, _) = scene.respond();
    scene.tell(Input::Token {
        job,
        text: "Once upon a time. ".into(),
    });
    scene.audio(0, 1000);
    for _ in 0..10 {
        scene.pass(5000);
        scene.tell(Input::Token {
            job,
            text: " ".into(),
        });
    }
    assert_eq!(scene.when(failed(Stage::Turn)), 27_500);
}

#[test]
fn a_long_story_is_no_failure() {
    let mut scene = Scene::new(settings());
    scene.ask("Tell me a story.");
    let (job, generation) = scene.respond();
    for phrase in 0..30 {
        scene.tell(Input::Token {
            job,
            text: "And they went on. ".into(),
        });
        scene.audio(phrase, 2000);
        scene.pass(2000);
    }
    scene.tell(Input::ResponseDone { job });
    scene.pass(5000);
    let text = vec!["And they went on."; 30].join(" ");
    let outcome = Outcome::Completed;
    assert!(scene.emitted(&Event::AnswerEnded {
        generation,
        outcome,
        heard: text
    }));
}

#[test]
fn an_answer_without_end_is_cut() {
    let mut scene = Scene::new(settings());
    scene.ask("Tell me a story.");
    let (job, _) = scene.respond();
    for _ in 0..40 {
        scene.tell(Input::Token {
            job,
            text: "x ".repeat(500),
        });
    }
    assert!(scene.has(&Command::CancelResponse(job)));
}
