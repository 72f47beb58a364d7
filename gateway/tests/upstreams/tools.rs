//! Tools behind addresses, and those that are built in.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Zoned;
use serde_json::{Value, json};
use tokio::time::Instant;
use voice_stack_gateway::clock::Clock;
use voice_stack_gateway::conversation::{Stage, ToolCall};
use voice_stack_gateway::tools::{MOST_RESULT_BYTES, Tools, ToolsConfig};
use voice_upstream::UpstreamError;

use crate::stub::{Step, Stub, answer, chunk, head};
use crate::{config, end, pool};

fn open(config: &ToolsConfig, with_demo: bool) -> Tools {
    let clock = Clock::stopped(Zoned::default());
    Tools::open(&pool(), config, clock, with_demo).unwrap()
}

/// A file with one tool, `look`, at this server, and the settings that name it.
fn declared(stub: &Stub, more: &Value) -> (tempfile::NamedTempFile, ToolsConfig) {
    let mut tool = json!({
        "name": "look", "description": "Looks.", "url": stub.base_url() + "/look",
    });
    let fields = more.as_object().unwrap().clone();
    tool.as_object_mut().unwrap().extend(fields);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), json!({"tools": [tool]}).to_string()).unwrap();
    let config = config(&[("TOOLS_FILE", file.path().to_str().unwrap())]).tools;
    (file, config)
}

fn tools(stub: &Stub, more: &Value) -> Tools {
    open(&declared(stub, more).1, false)
}

fn call(name: &str, arguments: &str) -> ToolCall {
    ToolCall {
        id: "a".into(),
        name: name.into(),
        arguments: arguments.into(),
        by_client: false,
    }
}

#[tokio::test]
async fn a_tool_gets_the_arguments_and_its_answer_is_the_result() {
    let stub = Stub::start(|_| answer(200, "", "{\"seen\": 3}\n")).await;
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), "tool-key").unwrap();
    let tools = tools(&stub, &json!({"key_file": key.path()}));
    for (arguments, sent) in [("{\"at\": 1}", "{\"at\":1}"), ("", "{}"), (" null ", "{}")] {
        let result = tools.run(&call("look", arguments)).await.unwrap();
        assert_eq!(result, "{\"seen\": 3}");
        let seen = stub.seen().pop().unwrap();
        assert_eq!(String::from_utf8(seen.body).unwrap(), sent);
        assert!(
            seen.head.starts_with("POST /v1/look HTTP/1.1\r\n"),
            "{}",
            seen.head
        );
        assert!(seen.head.contains("authorization: Bearer tool-key\r\n"));
    }
}

#[tokio::test]
async fn what_the_responder_gets_wrong_is_told_to_it() {
    let refusals = |n| match n {
        0 => answer(400, "", r#"{"error": {"message": "at must be positive"}}"#),
        _ => answer(422, "", "no such place"),
    };
    let stub = Stub::start(refusals).await;
    let tools = tools(&stub, &json!({}));
    for (name, arguments, says) in [
        ("look", "{}", "Error: at must be positive"),
        ("look", "{}", "Error: no such place"),
        (
            "look",
            "{\"at\"",
            "Error: the arguments are no JSON object.",
        ),
        ("look", "[1]", "Error: the arguments are no JSON object."),
        ("glance", "{}", "Error: there is no such tool."),
    ] {
        let result = tools.run(&call(name, arguments)).await;
        assert_eq!(result.unwrap(), says);
    }
}

#[tokio::test]
async fn a_tool_that_fails_is_asked_once() {
    let stub = Stub::start(|_| answer(500, "", "out of order")).await;
    let failure = tools(&stub, &json!({})).run(&call("look", "")).await;
    let failure = failure.unwrap_err();
    assert_eq!(failure.stage, Stage::Tool);
    assert_eq!(
        failure.to_string(),
        "look failed (500 Internal Server Error): out of order"
    );
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn a_tool_has_as_long_as_was_declared() {
    for steps in [
        vec![Step::Stall],
        vec![head(), Step::Stall],
        vec![head(), chunk("well"), Step::Stall],
    ] {
        let stub = Stub::start(move |_| steps.clone()).await;
        let tools = tools(&stub, &json!({"timeout_seconds": 0.5}));
        let failure = tools.run(&call("look", "")).await.unwrap_err();
        assert!(matches!(failure.error, UpstreamError::TimedOut { .. }));
        assert!(failure.advice().contains("timeout_seconds"));
        stub.until_hung_up().await;
    }
}

#[tokio::test]
async fn a_tool_that_is_not_waited_for_any_more_is_stopped() {
    let stub = Stub::start(|_| vec![Step::Stall]).await;
    let tools = tools(&stub, &json!({}));
    let call = call("look", "");
    tokio::select! {
        result = tools.run(&call) => panic!("nobody answers: {result:?}"),
        () = stub.until_asked() => {}
    }
    stub.until_hung_up().await;
}

#[tokio::test]
async fn a_result_is_bounded() {
    let mut long = String::new();
    for line in 0..2000 {
        writeln!(long, "{line}: größer").unwrap();
    }
    let endless = vec![head(), chunk(&long), Step::Stall];
    let ended = vec![head(), chunk(&long), end()];
    for steps in [endless, ended] {
        let stub = Stub::start(move |_| steps.clone()).await;
        let tools = tools(&stub, &json!({}));
        let result = tools.run(&call("look", "")).await.unwrap();
        assert!(result.len() <= MOST_RESULT_BYTES, "{} bytes", result.len());
        assert!(result.starts_with("0: größer\n"));
        assert!(result.ends_with(" … (the rest was cut off)"));
    }
    let stub = Stub::start(|_| answer(204, "", "")).await;
    let result = tools(&stub, &json!({})).run(&call("look", "")).await;
    assert_eq!(result.unwrap(), "Done; there is no result.");
}

#[tokio::test(start_paused = true)]
async fn the_made_up_balance_is_there_where_it_is_wanted() {
    let names = |tools: &Tools| -> Vec<String> {
        let all = tools.declarations().into_iter();
        all.map(|it| it.name).collect()
    };
    let none = config(&[]).tools;
    assert_eq!(names(&open(&none, false)), ["get_time"]);
    assert_eq!(names(&open(&none, true)), ["get_time", "demo_balance"]);
    let slow = config(&[("DEMO_BALANCE_DELAY_SECONDS", "7")]).tools;
    let tools = open(&slow, false);
    let begun = Instant::now();
    let result = tools.run(&call("demo_balance", "{}")).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(7));
    assert!(result.contains("1234.5"), "{result}");
    let time = tools.run(&call("get_time", "{}")).await.unwrap();
    assert!(time.contains("1970-01-01"), "{time}");
}

#[tokio::test]
async fn a_file_that_can_not_be_used_stops_the_start() {
    let stub = Stub::start(|_| answer(200, "", "")).await;
    for (more, says) in [
        (
            json!({"name": "get_time"}),
            "the tool 'get_time': there is another one",
        ),
        (
            json!({"key_file": "/absent"}),
            "the tool 'look': key_file: the key file /absent",
        ),
    ] {
        let (_file, config) = declared(&stub, &more);
        let clock = Clock::system();
        let error = Tools::open(&pool(), &config, clock, false).unwrap_err();
        let begins = format!("TOOLS_FILE: {says}");
        assert!(error.to_string().starts_with(&begins), "{error}");
    }
}
