//! Answers as chat servers in the wild send them: each of these was seen somewhere.

use std::time::Instant;

use serde_json::json;
use voice_stack_gateway::conversation::ToolCall;
use voice_stack_gateway::responder::{Ending, Part, Responder as _};
use voice_upstream::UpstreamError;

use crate::chat::{DONE, WORD_LIMIT, all, chat, finished, prompt, token};
use crate::stub::{Step, Stub, answer, chunk};
use crate::{end, head_of};

/// A connection that ends where its answer does.
fn undelimited() -> Step {
    Step::Send("HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\n".into())
}

fn events(pieces: &[&[u8]]) -> Vec<Step> {
    let chunks = pieces.iter().map(chunk);
    let mut steps = vec![head_of("text/event-stream")];
    steps.extend(chunks);
    steps.push(end());
    steps
}

fn event(value: &serde_json::Value) -> String {
    format!("data: {value}\n\n")
}

fn delta(delta: &serde_json::Value) -> String {
    event(&json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]}))
}

/// What was said, what was called, and how it ended.
async fn read(steps: Vec<Step>) -> (String, Vec<ToolCall>, Result<Ending, UpstreamError>) {
    let stub = Stub::start(move |_| steps.clone()).await;
    let (parts, failure) = all(chat(&stub).respond(prompt())).await;
    let (mut text, mut calls, mut ending) = (String::new(), Vec::new(), None);
    for part in parts {
        assert_eq!(ending, None, "nothing follows the end");
        match part {
            Part::Token(it) => text.push_str(&it),
            Part::ToolCall(it) => calls.push(it),
            Part::Done(it) => ending = Some(it),
        }
    }
    let ending = match failure {
        Some(failure) => Err(failure.error),
        None => Ok(ending.expect("an answer has an end")),
    };
    (text, calls, ending)
}

#[tokio::test]
async fn an_answer_that_seems_over_is_not_waited_for_long() {
    let events = token("Hello.") + &finished("stop");
    let steps = vec![head_of("text/event-stream"), chunk(events), Step::Stall];
    let begun = Instant::now();
    let (text, _, ending) = read(steps).await;
    assert_eq!((&*text, ending), ("Hello.", Ok(Ending::Complete)));
    assert!(begun.elapsed() < WORD_LIMIT / 2, "{:?}", begun.elapsed());
}

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "a table")]
async fn answers_of_many_forms_say_the_same() {
    let (hello, stop) = (token("Hello, Zoë."), finished("stop"));
    let plain = [&*hello, &*stop, DONE].concat();
    let bytes = plain.as_bytes();
    let in_the_letter = plain.find('ë').unwrap() + 1;
    let usage = event(&json!({"choices": [], "usage": {"total_tokens": 3}}));
    let no_choices = event(&json!({"choices": null, "usage": {"total_tokens": 3}}));
    let role = delta(&json!({"role": "assistant"}));
    let null = delta(&json!({"role": "assistant", "content": null, "tool_calls": null}));
    let empty = delta(&json!({"content": ""}));
    let no_delta = event(&json!({"id": "x", "choices": [{"index": 0}]}));
    let filters = event(&json!({"choices": [], "prompt_filter_results": [{"index": 0}]}));
    let other_choice = event(&json!({"choices": [{"index": 1, "delta": {"content": "No."}}]}));
    let list = delta(&json!({"content": [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        {"type": "text", "text": "Hello, Zoë."},
    ]}));
    let reasoning = delta(&json!({"reasoning_content": "Who is that?", "content": null}))
        + &delta(&json!({"reasoning": "A friend.", "reasoning_details": [{"text": "Yes."}]}));
    let in_one = event(&json!({"choices": [{
        "delta": {"role": "assistant", "content": "Hello, Zoë."}, "finish_reason": "stop",
    }]}));
    let whole = json!({"object": "chat.completion", "choices": [{
        "index": 0, "finish_reason": "stop",
        "message": {
            "role": "assistant", "content": "Hello, Zoë.", "reasoning_content": "Hm.",
            "tool_calls": [],
        },
    }], "usage": {"total_tokens": 3}})
    .to_string();
    let thought = token("<think>Who is") + &token(" that?</think>\n\n");
    let split_thought = ["<th", "ink>", "Who?", "</", "think", ">"]
        .map(token)
        .concat();
    let join = |parts: &[&str]| events(&[parts.concat().as_bytes()]);

    for (form, steps) in [
        ("as it should be", events(&[bytes])),
        ("byte by byte", events(&bytes.chunks(1).collect::<Vec<_>>())),
        (
            "cut within a letter",
            events(&[&bytes[..in_the_letter], &bytes[in_the_letter..]]),
        ),
        ("CRLF", events(&[plain.replace('\n', "\r\n").as_bytes()])),
        (
            "single line ends",
            events(&[plain.replace("\n\n", "\n").as_bytes()]),
        ),
        ("without [DONE]", join(&[&hello, &stop])),
        ("without finish_reason", join(&[&hello, DONE])),
        ("without either", join(&[&hello])),
        (
            "[DONE] without an empty line",
            join(&[&hello, &stop, "data: [DONE]"]),
        ),
        (
            "without blanks behind colons",
            events(&[plain.replace("data: ", "data:").as_bytes()]),
        ),
        (
            "comments and keep-alives",
            join(&[
                ":\n\n",
                &hello,
                ": ping\n\n",
                "event: ping\ndata:\n\n",
                &stop,
                DONE,
            ]),
        ),
        ("role only", join(&[&role, &hello, &stop, DONE])),
        ("null content", join(&[&null, &hello, &stop, DONE])),
        (
            "empty content",
            join(&[&empty, &hello, &empty, &stop, DONE]),
        ),
        ("no delta", join(&[&no_delta, &hello, &stop, DONE])),
        (
            "no choices",
            join(&[&filters, &hello, &stop, &usage, &no_choices, DONE]),
        ),
        (
            "another choice",
            join(&[&other_choice, &hello, &other_choice, &stop, DONE]),
        ),
        ("usage and no [DONE]", join(&[&hello, &stop, &usage])),
        ("all in one chunk", join(&[&in_one, DONE])),
        ("content as a list", join(&[&list, &stop, DONE])),
        (
            "reasoning in fields",
            join(&[&reasoning, &hello, &stop, DONE]),
        ),
        ("reasoning in tags", join(&[&thought, &hello, &stop, DONE])),
        (
            "reasoning in tags in pieces",
            join(&[&split_thought, &hello, &stop, DONE]),
        ),
        (
            "not streamed",
            answer(200, "content-type: application/json\r\n", &whole),
        ),
        (
            "not streamed, and late",
            answer(200, "", &format!("\n\n  {whole}\n")),
        ),
        (
            "until the connection ends",
            vec![
                undelimited(),
                Step::Send(plain.clone().into()),
                Step::HangUp,
            ],
        ),
        (
            "broken off behind its end",
            vec![
                head_of("text/event-stream"),
                chunk(hello.clone() + &stop),
                Step::HangUp,
            ],
        ),
    ] {
        let (text, calls, ending) = read(steps).await;
        assert_eq!(text.trim_start(), "Hello, Zoë.", "{form}");
        assert_eq!((calls, ending), (vec![], Ok(Ending::Complete)), "{form}");
    }
}

#[tokio::test]
async fn calls_of_many_forms_are_the_same() {
    let call = |index: u64, id: &str, name: &str, arguments: &str| {
        let function = json!({"name": name, "arguments": arguments});
        json!({"index": index, "id": id, "type": "function", "function": function})
    };
    let called = |calls: serde_json::Value| delta(&json!({"tool_calls": calls}));
    let as_specified = called(json!([call(0, "a", "look", "")]))
        + &called(json!([{"index": 0, "function": {"arguments": "{\"at\""}}]))
        + &called(json!([{"index": 0, "function": {"arguments": ":1}"}}]))
        + &finished("tool_calls");
    let at_once = called(json!([call(0, "a", "look", "{\"at\":1}")])) + &finished("tool_calls");
    let anonymous = called(json!([{"function": {"name": "look", "arguments": "{\"at\""}}]))
        + &called(json!([{"id": null, "function": {"arguments": ":1}"}}]))
        + &finished("stop");
    let old = delta(&json!({"function_call": {"name": "look", "arguments": "{\"at\""}}))
        + &delta(&json!({"function_call": {"arguments": ":1}"}}))
        + &finished("function_call");
    let object = json!({"id": "", "function": {"name": "look", "arguments": {"at": 1}}});
    let as_object = called(json!([object])) + &finished("tool_calls");
    let whole = json!({"choices": [{"message": {
        "content": null, "tool_calls": [call(0, "a", "look", "{\"at\":1}")],
    }}]});
    for (form, steps, id) in [
        (
            "as specified",
            events(&[as_specified.as_bytes(), DONE.as_bytes()]),
            "a",
        ),
        (
            "at once",
            events(&[at_once.as_bytes(), DONE.as_bytes()]),
            "a",
        ),
        (
            "without id or index",
            events(&[anonymous.as_bytes()]),
            "call_0",
        ),
        (
            "as of old",
            events(&[old.as_bytes(), DONE.as_bytes()]),
            "call_0",
        ),
        ("as an object", events(&[as_object.as_bytes()]), "call_0"),
        ("not streamed", answer(200, "", &whole.to_string()), "a"),
    ] {
        let (text, calls, ending) = read(steps).await;
        let expected = ToolCall {
            id: id.into(),
            name: "look".into(),
            arguments: r#"{"at":1}"#.into(),
            by_client: false,
        };
        assert_eq!((&*text, calls), ("", vec![expected]), "{form}");
        assert_eq!(ending, Ok(Ending::Complete), "{form}");
    }
}

#[tokio::test]
async fn failures_in_the_midst_of_an_answer_are_found() {
    let object = json!({"error": {"message": "no slot", "type": "server_error", "code": 500}});
    for (form, failure) in [
        ("an object", event(&object)),
        ("a text", event(&json!({"error": "no slot"}))),
        (
            "beside choices",
            event(&json!({"choices": [], "error": {"message": "no slot"}})),
        ),
        (
            "an object of the kind error",
            event(&json!({"object": "error", "message": "no slot", "code": 500})),
        ),
        (
            "an event of that kind",
            format!("event: error\n{}", event(&object)),
        ),
        (
            "a field of that name",
            "error: {\"message\":\"no slot\"}\n\n".into(),
        ),
    ] {
        let said = token("Hello");
        let (text, _, ending) = read(events(&[
            said.as_bytes(),
            failure.as_bytes(),
            DONE.as_bytes(),
        ]))
        .await;
        assert_eq!(text, "Hello", "{form}");
        let error = ending.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the answer of chat broke off: it says: no slot",
            "{form}"
        );
    }
    let (_, _, ending) = read(answer(200, "", &object.to_string())).await;
    assert!(ending.unwrap_err().to_string().ends_with("no slot"));
}

#[tokio::test]
async fn an_answer_that_may_not_be_all_is_no_whole_one() {
    let hello = token("Hello");
    let half_a_call = delta(&json!({"tool_calls": [
        {"index": 0, "id": "a", "function": {"name": "look", "arguments": "{\"at"}},
    ]}));
    for (form, steps) in [
        (
            "nothing until the connection ends",
            vec![undelimited(), Step::HangUp],
        ),
        (
            "lost",
            vec![head_of("text/event-stream"), chunk(&hello), Step::HangUp],
        ),
        (
            "ended with the connection and an empty reason",
            vec![
                undelimited(),
                Step::Send((hello.clone() + &finished("")).into()),
                Step::HangUp,
            ],
        ),
        (
            "ended with the connection",
            vec![
                undelimited(),
                Step::Send(hello.clone().into()),
                Step::HangUp,
            ],
        ),
        (
            "half a call",
            events(&[hello.as_bytes(), half_a_call.as_bytes()]),
        ),
    ] {
        let (_, calls, ending) = read(steps).await;
        assert_eq!(calls, [], "{form}");
        let error = ending.unwrap_err();
        let is_interrupted = matches!(error, UpstreamError::Interrupted { .. });
        assert!(is_interrupted, "{form}: {error}");
    }
}

#[tokio::test]
async fn an_answer_without_words_is_a_failure() {
    let thought = token("<think>I wonder") + &finished("length") + DONE;
    let silent = finished("stop") + DONE;
    let broken = "data: {\"choices\":\n\n".to_owned();
    let page = "<html>Welcome!</html>\n\n".to_owned();
    for text in [thought, silent, broken] {
        let (said, _, ending) = read(events(&[text.as_bytes()])).await;
        assert_eq!(said, "");
        let error = ending.unwrap_err();
        assert!(matches!(error, UpstreamError::Malformed { .. }), "{error}");
    }
    for steps in [events(&[]), answer(200, "", ""), answer(200, "", &page)] {
        let (_, _, ending) = read(steps).await;
        assert!(matches!(ending, Err(UpstreamError::Malformed { .. })));
    }
}

#[tokio::test]
async fn an_answer_that_was_cut_off_says_by_what() {
    for (reason, expected) in [
        ("length", Ending::Length),
        ("content_filter", Ending::Filtered),
        ("eos", Ending::Complete),
        ("", Ending::Complete),
    ] {
        let text = token("Hello.") + &finished(reason) + DONE;
        let (_, _, ending) = read(events(&[text.as_bytes()])).await;
        assert_eq!(ending, Ok(expected), "{reason}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_left() {
    let line = format!("data: {}", "x".repeat(1 << 20));
    let endless = vec![head_of("text/event-stream"), chunk(line), Step::Stall];
    let comments = chunk(": nothing yet\n".repeat(100_000));
    let mut many = vec![head_of("text/event-stream"), chunk(token("Hello."))];
    many.extend(std::iter::repeat_n(comments, 7));
    many.push(Step::Stall);
    for steps in [endless, many] {
        let (_, _, ending) = read(steps).await;
        let error = ending.unwrap_err();
        assert!(matches!(error, UpstreamError::TooLong { .. }), "{error}");
    }
}
