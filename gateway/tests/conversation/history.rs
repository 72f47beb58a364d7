use voice_stack_gateway::conversation::{Command, Event, Input, Item, Message, Settings};

use crate::scene::{Scene, settings, tool};

fn user(text: &str) -> Message {
    Message::User(text.into())
}

fn bot(text: &str) -> Message {
    Message::Assistant(text.into())
}

#[test]
fn an_answer_that_was_heard_is_in_the_history_as_it_was_said() {
    let mut scene = Scene::new(settings());
    scene.ask_and_hear("Fine.  Thank you", 1000);
    scene.audio(1, 500);
    scene.until(9000);
    assert_eq!(
        scene.conversation.history(),
        [user("How are you?"), bot("Fine. Thank you")]
    );
}

#[test]
fn of_an_interrupted_answer_it_is_what_was_heard_to_the_word() {
    for (stopped_at, expected) in [
        (2010, None),
        (2500, Some("ab cd")),
        (2999, Some("ab cd ef gh")),
        (3250, Some("ab cd ef gh ij.")),
    ] {
        let mut scene = Scene::new(settings());
        scene.ask_and_hear("ab cd ef gh ij. ", 1000);
        scene.until(stopped_at);
        scene.tell(Input::Cancel);
        let mut history = vec![user("How are you?")];
        history.extend(expected.map(bot));
        assert_eq!(scene.conversation.history(), history, "at {stopped_at}");
    }
}

#[test]
fn the_client_s_word_on_what_was_heard_counts() {
    let mut scene = Scene::new(settings());
    let generation = scene.ask_and_hear("ab cd ef gh ij. ", 1000);
    scene.until(2800);
    scene.tell(Input::Cancel);
    assert_eq!(scene.conversation.history()[1..], [bot("ab cd ef gh")]);
    scene.tell(Input::Truncate {
        generation,
        played: 300,
    });
    assert_eq!(scene.conversation.history()[1..], [bot("ab")]);
    scene.tell(Input::Truncate {
        generation,
        played: 0,
    });
    assert_eq!(scene.conversation.history(), [user("How are you?")]);
}

#[test]
fn a_client_that_stops_by_itself_ends_the_answer() {
    let mut scene = Scene::new(settings());
    let generation = scene.ask_and_hear("ab cd ef gh ij. ", 1000);
    scene.until(2800);
    scene.tell(Input::Truncate {
        generation,
        played: 500,
    });
    assert!(scene.has(&Command::Flush {
        generation,
        at: 500
    }));
    assert_eq!(scene.conversation.history()[1..], [bot("ab cd")]);
}

#[test]
fn only_the_last_turns_are_kept_and_the_instructions_always() {
    let mut scene = Scene::new(Settings {
        instructions: "Be brief.".into(),
        history_turns: 3,
        ..settings()
    });
    for number in 0..10 {
        for message in [user(&format!("{number}")), bot("ok")] {
            scene.tell(Input::AddItem {
                message,
                after: None,
            });
        }
    }
    let history = scene.conversation.history();
    assert_eq!(history[0], Message::System("Be brief.".into()));
    assert_eq!(
        history[1..],
        [
            user("7"),
            bot("ok"),
            user("8"),
            bot("ok"),
            user("9"),
            bot("ok")
        ]
    );
}

#[test]
fn its_bytes_are_bounded() {
    let mut scene = Scene::new(Settings {
        history_bytes: 100,
        ..settings()
    });
    for _ in 0..10 {
        scene.tell(Input::AddItem {
            message: user(&"a".repeat(30)),
            after: None,
        });
    }
    assert_eq!(scene.conversation.history().len(), 3);
    scene.tell(Input::AddItem {
        message: user(&"ä".repeat(300)),
        after: None,
    });
    assert_eq!(scene.conversation.history(), [user(&"ä".repeat(50))]);
}

#[test]
fn a_tool_s_call_and_its_result_go_together() {
    let result = |id: &str| Message::ToolResult {
        call_id: id.into(),
        output: "42".into(),
    };
    let mut scene = Scene::new(Settings {
        history_turns: 2,
        ..settings()
    });
    for message in [
        user("1"),
        Message::ToolCall(tool("a")),
        user("2"),
        result("a"),
    ] {
        scene.tell(Input::AddItem {
            message,
            after: None,
        });
    }
    let expected = [
        user("1"),
        Message::ToolCall(tool("a")),
        result("a"),
        user("2"),
    ];
    assert_eq!(scene.conversation.history(), expected);
    scene.tell(Input::AddItem {
        message: user("3"),
        after: None,
    });
    assert_eq!(scene.conversation.history(), [user("2"), user("3")]);

    scene.tell(Input::AddItem {
        message: Message::ToolCall(tool("b")),
        after: None,
    });
    let result = scene.conversation.history().pop();
    assert!(matches!(result, Some(Message::ToolResult { call_id, .. }) if call_id == "b"));
}

#[test]
fn entries_can_be_placed_and_taken_out() {
    let mut scene = Scene::new(settings());
    scene.tell(Input::AddItem {
        message: user("1"),
        after: None,
    });
    let first = scene.last(|it| match it {
        Command::Emit(Event::ItemAdded { item }) => Some(*item),
        _ => None,
    });
    scene.tell(Input::AddItem {
        message: user("3"),
        after: None,
    });
    scene.tell(Input::AddItem {
        message: user("2"),
        after: Some(first),
    });
    assert_eq!(
        scene.conversation.history(),
        [user("1"), user("2"), user("3")]
    );
    scene.tell(Input::DeleteItem(first));
    assert_eq!(scene.conversation.history(), [user("2"), user("3")]);
    let refused = |it: &Command| matches!(it, Command::Emit(Event::Refused(_)));
    scene.tell(Input::DeleteItem(first));
    scene.tell(Input::AddItem {
        message: user("4"),
        after: Some(first),
    });
    assert_eq!(scene.count(refused), 2);
    assert_eq!(scene.conversation.history().len(), 2);
}

#[test]
fn an_entry_can_come_before_all_others() {
    let mut scene = Scene::new(settings());
    for (message, after) in [
        (user("second"), None),
        (Message::System("first".into()), Some(Item::NONE)),
        (user("third"), None),
    ] {
        scene.tell(Input::AddItem { message, after });
    }
    assert_eq!(
        scene.conversation.history(),
        [
            Message::System("first".into()),
            user("second"),
            user("third")
        ]
    );
}
