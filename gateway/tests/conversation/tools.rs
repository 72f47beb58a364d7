use voice_stack_gateway::conversation::{
    Command, Event, Input, Job, Message, Saying, Stage, State, ToolCall,
};

use crate::scene::{Scene, settings, tool};

fn run(scene: &Scene) -> Job {
    scene.last(|it| match it {
        Command::RunTool { job, .. } => Some(*job),
        _ => None,
    })
}

fn is_excuse(command: &Command) -> bool {
    matches!(
        command,
        Command::Speak {
            saying: Saying::ToolTakesLong,
            ..
        }
    )
}

fn result(output: &str) -> Message {
    Message::ToolResult {
        call_id: "a".into(),
        output: output.into(),
    }
}

fn calling() -> Scene {
    let mut scene = Scene::new(settings());
    scene.ask("What is my balance?");
    scene.until(2000);
    scene.call(&tool("a"));
    scene.response_done();
    assert_eq!(scene.state(), State::UsingTools);
    scene
}

#[test]
fn the_responder_is_told_what_the_tool_says() {
    let mut scene = calling();
    scene.until(2500);
    let job = run(&scene);
    scene.tell(Input::ToolDone {
        job,
        output: Some("42".into()),
    });
    assert_eq!(
        scene.told()[1..],
        [Message::ToolCall(tool("a")), result("42")]
    );
    scene.token("It is 42.");
    scene.response_done();
    scene.audio(0, 1000);
    scene.until(10_000);
    assert_eq!(scene.count(is_excuse), 0);
    let bot = Message::Assistant("It is 42.".into());
    assert_eq!(
        scene.conversation.history()[1..],
        [Message::ToolCall(tool("a")), result("42"), bot]
    );
}

#[test]
fn while_a_tool_runs_longer_than_a_second_the_bot_says_so_once() {
    let mut scene = calling();
    scene.until(9000);
    assert_eq!(scene.when(is_excuse), 3000);
    scene.audio(0, 500);
    let job = run(&scene);
    scene.tell(Input::ToolDone {
        job,
        output: Some("42".into()),
    });
    scene.call(&tool("b"));
    scene.response_done();
    scene.until(14_000);
    assert_eq!(scene.count(is_excuse), 1);
    let job = run(&scene);
    scene.tell(Input::ToolDone {
        job,
        output: Some("43".into()),
    });
    scene.token("43.");
    scene.response_done();
    scene.audio(1, 500);
    scene.until(20_000);
    let heard = "43.".to_owned();
    let bot = scene.last(|it| match it {
        Command::Emit(Event::AnswerEnded { heard, .. }) => Some(heard.clone()),
        _ => None,
    });
    assert_eq!(bot, heard, "the excuse is no part of the answer");
}

#[test]
fn a_tool_that_fails_or_takes_too_long_is_told_to_the_responder() {
    let mut scene = calling();
    scene.until(3500);
    scene.audio(0, 100);
    scene.until(20_000);
    let job = run(&scene);
    assert_eq!(scene.when(|it| *it == Command::CancelTool(job)), 17_000);
    assert!(scene.emitted(&Event::Failed { stage: Stage::Tool }));
    assert_eq!(scene.told()[2], result("The tool failed."));
    scene.tell(Input::ToolDone {
        job,
        output: Some("late".into()),
    });
    assert_eq!(scene.requests_to_respond(), 2);
}

#[test]
fn all_tools_of_a_response_are_waited_for() {
    let mut scene = Scene::new(settings());
    scene.ask("Two things.");
    scene.call(&tool("a"));
    let first = run(&scene);
    scene.call(&tool("b"));
    let second = run(&scene);
    scene.tell(Input::ToolDone {
        job: first,
        output: Some("1".into()),
    });
    scene.response_done();
    assert_eq!(scene.requests_to_respond(), 1);
    scene.tell(Input::ToolDone {
        job: second,
        output: Some("2".into()),
    });
    scene.tell(Input::ToolDone {
        job: second,
        output: Some("3".into()),
    });
    assert_eq!(scene.requests_to_respond(), 2);
}

#[test]
fn a_responder_that_calls_tools_for_ever_has_failed() {
    let mut scene = Scene::new(settings());
    scene.ask("What is my balance?");
    for round in 0..9 {
        if scene.emitted(&Event::Failed {
            stage: Stage::Response,
        }) {
            break;
        }
        scene.call(&tool(&format!("call {round}")));
        scene.response_done();
        let job = run(&scene);
        scene.tell(Input::ToolDone {
            job,
            output: Some("again".into()),
        });
    }
    assert_eq!(scene.requests_to_respond(), 5);
    assert_eq!(scene.spoken(), ["Sorry, I have no answer right now."]);
}

#[test]
fn a_tool_of_the_client_ends_the_answer_and_its_result_is_answered_on_request() {
    let mut scene = Scene::new(settings());
    scene.ask("What is my balance?");
    let call = ToolCall {
        by_client: true,
        ..tool("a")
    };
    scene.call(&call);
    scene.response_done();
    let (_, generation) = scene.respond();
    assert!(scene.emitted(&Event::ToolCalled {
        generation,
        call: call.clone()
    }));
    assert_eq!(scene.count(|it| matches!(it, Command::RunTool { .. })), 0);
    assert_eq!(scene.state(), State::Listening);
    scene.tell(Input::AddItem {
        message: result("42"),
        after: None,
    });
    scene.tell(Input::CreateResponse);
    assert_eq!(scene.told()[1..], [Message::ToolCall(call), result("42")]);
}

#[test]
fn an_answer_asked_for_while_the_one_before_is_played_waits_for_its_end() {
    let mut scene = Scene::new(settings());
    scene.ask("What is my balance?");
    scene.until(2000);
    scene.token("Let me see.");
    scene.call(&ToolCall {
        by_client: true,
        ..tool("a")
    });
    scene.response_done();
    scene.audio(0, 1000);
    scene.tell(Input::AddItem {
        message: result("42"),
        after: None,
    });
    scene.tell(Input::CreateResponse);
    assert_eq!(scene.requests_to_respond(), 1);
    scene.take();
    scene.until(4000);
    assert_eq!(scene.when(|it| matches!(it, Command::Respond { .. })), 3000);
}

#[test]
fn an_interruption_stops_tools() {
    let mut scene = calling();
    let job = run(&scene);
    scene.until(2700);
    scene.speech(2500);
    scene.until(3300);
    assert!(scene.has(&Command::CancelTool(job)));
    assert_eq!(
        scene.conversation.history().len(),
        3,
        "the call keeps a result"
    );
}
