//! A chat server that does what it should, or nothing at all.

use std::io::Write as _;
use std::time::Duration;

use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use voice_stack_gateway::conversation::{Message, Stage, ToolCall};
use voice_stack_gateway::failure::Failure;
use voice_stack_gateway::responder::{Chat, Ending, Part, Prompt, Responder as _, Response, Tool};
use voice_upstream::{Outcome, UpstreamError};

use crate::stub::{Step, Stub, answer, chunk, nobody};
use crate::{config, counted, end, head_of, list, pool};

pub(crate) fn chat_with(stubs: &[&Stub], settings: &[(&str, &str)]) -> Chat {
    let urls = list(stubs);
    let mut variables = vec![("LLM_BASE_URL", &*urls)];
    variables.extend(settings);
    let config = config(&variables).responder;
    Chat::open(&pool(), &config).unwrap().unwrap()
}

/// Of [`chat`].
pub(crate) const WORD_LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn chat(stub: &Stub) -> Chat {
    let limit = WORD_LIMIT.as_secs().to_string();
    chat_with(&[stub], &[("VOICE_LLM_TIMEOUT", &limit)])
}

pub(crate) fn prompt() -> Prompt {
    Prompt {
        messages: vec![Message::User("Hello?".into())],
        ..Prompt::default()
    }
}

/// An event with a piece of text.
pub(crate) fn token(text: &str) -> String {
    let chunk = json!({"choices": [{"index": 0, "delta": {"content": text}}]});
    format!("data: {chunk}\n\n")
}

pub(crate) fn finished(reason: &str) -> String {
    let chunk = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]});
    format!("data: {chunk}\n\n")
}

pub(crate) const DONE: &str = "data: [DONE]\n\n";

fn events() -> Step {
    head_of("text/event-stream")
}

fn good() -> Vec<Step> {
    let said = [token("Hel"), token("lo. "), token("Yes?")].concat();
    vec![events(), chunk(said), chunk(finished("stop") + DONE), end()]
}

pub(crate) async fn all(response: Response) -> (Vec<Part>, Option<Failure>) {
    let mut parts = Vec::new();
    let mut failure = None;
    let all: Vec<_> = response.collect().await;
    for it in all {
        assert_eq!(failure, None, "nothing follows a failure");
        match it {
            Ok(part) => parts.push(part),
            Err(error) => failure = Some(error),
        }
    }
    (parts, failure)
}

fn said(text: &str) -> Part {
    Part::Token(text.into())
}

#[tokio::test]
async fn an_answer_comes_token_by_token() {
    let stub = Stub::start(|_| good()).await;
    let chat = chat(&stub);
    let (parts, failure) = all(chat.respond(prompt())).await;
    assert_eq!(failure, None);
    assert_eq!(
        parts,
        [
            said("Hel"),
            said("lo. "),
            said("Yes?"),
            Part::Done(Ending::Complete)
        ]
    );
    let seen = &stub.seen()[0];
    assert!(seen.head.starts_with("POST /v1/chat/completions "));
    assert!(seen.head.contains("accept: text/event-stream\r\n"));
    assert!(!seen.head.contains("authorization"), "{}", seen.head);
    let asked: Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(
        asked,
        json!({
            "model": "default",
            "stream": true,
            "messages": [{"role": "user", "content": "Hello?"}],
        })
    );
}

#[tokio::test]
async fn tokens_are_handed_on_as_they_come() {
    let stub = Stub::start(|_| vec![events(), chunk(token("Hello.")), Step::Stall]).await;
    let mut response = chat(&stub).respond(prompt());
    assert_eq!(response.next().await, Some(Ok(said("Hello."))));
}

#[tokio::test]
async fn a_server_that_answered_keeps_its_connection_and_counts_as_well() {
    let stub = Stub::start(|_| good()).await;
    let chat = chat(&stub);
    for answers in 1..4 {
        all(chat.respond(prompt())).await;
        while counted(chat.upstream(), Outcome::Served) < answers {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    assert!(stub.connections() < 3, "{}", stub.connections());
}

#[tokio::test]
async fn nothing_is_asked_before_the_first_part_is() {
    let stub = Stub::start(|_| good()).await;
    drop(chat(&stub).respond(prompt()));
    assert_eq!(stub.connections(), 0);
}

#[tokio::test]
async fn a_dropped_answer_closes_its_connection() {
    for first in [None, Some(chunk(token("Hello.")))] {
        let has_begun = first.is_some();
        let stub = Stub::start(move |_| {
            let begun = first.clone().map(|it| vec![events(), it]);
            let mut steps = begun.unwrap_or_default();
            steps.push(Step::Stall);
            steps
        })
        .await;
        let chat = chat(&stub);
        let mut response = chat.respond(prompt());
        if has_begun {
            response.next().await.unwrap().unwrap();
        } else {
            tokio::select! {
                part = response.next() => panic!("nobody answers: {part:?}"),
                () = stub.until_asked() => {}
            }
        }
        drop(response);
        stub.until_hung_up().await;
        assert_eq!(counted(chat.upstream(), Outcome::Abandoned), 1);
    }
}

#[tokio::test]
async fn tools_are_called_with_what_they_need() {
    let call = json!({"choices": [{"delta": {"tool_calls": [
        {"index": 0, "id": "a", "function": {"name": "look", "arguments": "{\"at\":1}"}},
    ]}}]});
    let events_sent = format!("data: {call}\n\n") + &finished("tool_calls") + DONE;
    let stub = Stub::start(move |_| vec![events(), chunk(&events_sent), end()]).await;
    let mut prompt = prompt();
    prompt.tools = vec![Tool {
        name: "look".into(),
        description: "Looks.".into(),
        parameters: json!({"type": "object"}),
        by_client: true,
    }];
    let used = ToolCall {
        id: "a".into(),
        name: "look".into(),
        arguments: "{}".into(),
        by_client: true,
    };
    prompt.messages.push(Message::ToolCall(used.clone()));
    let (parts, _) = all(chat(&stub).respond(prompt)).await;
    let again = ToolCall {
        id: "call_1".into(),
        arguments: r#"{"at":1}"#.into(),
        ..used
    };
    assert_eq!(parts, [Part::ToolCall(again), Part::Done(Ending::Complete)]);
}

#[tokio::test]
async fn the_first_word_is_waited_for_as_long_as_was_set() {
    let thought = json!({"choices": [{"delta": {"reasoning_content": "Hm."}}]});
    let thought = format!(": working on it\n\ndata: {thought}\n\n");
    for steps in [
        vec![Step::Stall],
        vec![events(), Step::Stall],
        vec![events(), chunk(&thought), Step::Stall],
    ] {
        let stub = Stub::start(move |_| steps.clone()).await;
        let chat = chat_with(&[&stub], &[("VOICE_LLM_TIMEOUT", "1")]);
        let (parts, failure) = all(chat.respond(prompt())).await;
        assert_eq!(parts, []);
        let failure = failure.unwrap();
        assert_eq!(failure.stage, Stage::Response);
        assert!(
            matches!(failure.error, UpstreamError::TimedOut { .. }),
            "{failure}"
        );
        assert!(failure.advice().contains("VOICE_LLM_TIMEOUT"));
        stub.until_hung_up().await;
    }
}

#[tokio::test]
async fn signs_of_life_are_no_words() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let pinging = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (Step::Send(head), Step::Send(ping)) = (events(), chunk(": ping\n\n")) else {
            unreachable!("both are bytes");
        };
        assert_eq!(stream.peek(&mut [0; 1]).await.unwrap(), 1);
        stream.write_all(&head).await.unwrap();
        while stream.write_all(&ping).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let config = config(&[("LLM_BASE_URL", &url), ("VOICE_LLM_TIMEOUT", "1")]).responder;
    let chat = Chat::open(&pool(), &config).unwrap().unwrap();
    let failure = all(chat.respond(prompt())).await.1.unwrap();
    assert!(matches!(failure.error, UpstreamError::TimedOut { .. }));
    pinging.await.unwrap();
}

#[tokio::test]
async fn a_server_that_never_answers_is_held_against_it() {
    let stub = Stub::start(|_| vec![Step::Stall]).await;
    let chat = chat_with(&[&stub], &[("VOICE_LLM_TIMEOUT", "1")]);
    all(chat.respond(prompt())).await;
    assert_eq!(counted(chat.upstream(), Outcome::TimedOut), 1);
}

#[tokio::test]
async fn fallbacks_answer_in_time_for_one_that_does_not() {
    let second = Stub::start(|_| good()).await;
    let stalls = Stub::start(|_| vec![Step::Stall]).await;
    let fails = Stub::start(|_| answer(500, "", "")).await;
    for (first, limit) in [
        (stalls.base_url(), "8"),
        (fails.base_url(), "60"),
        (nobody().await, "60"),
    ] {
        let urls = format!("{first} {}", second.base_url());
        let config = config(&[("LLM_BASE_URL", &urls), ("VOICE_LLM_TIMEOUT", limit)]).responder;
        let chat = Chat::open(&pool(), &config).unwrap().unwrap();
        let (parts, failure) = all(chat.respond(prompt())).await;
        assert_eq!((parts.len(), failure), (4, None));
    }
}

#[tokio::test]
async fn the_key_is_sent_and_shown_nowhere() {
    const KEY: &str = "sk-very-secret";
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{KEY}").unwrap();
    let quoting = [
        answer(401, "", KEY),
        vec![
            events(),
            chunk(format!("data: {{\"error\":\"no {KEY}\"}}\n\n")),
            end(),
        ],
    ];
    let stub = Stub::start(move |n| quoting[n.min(1)].clone()).await;
    let path = file.path().to_str().unwrap();
    let chat = chat_with(&[&stub], &[("LLM_API_KEY_FILE", path)]);
    for advice in ["LLM_API_KEY_FILE", "Its own log"] {
        let failure = all(chat.respond(prompt())).await.1.unwrap();
        let shown = format!("{failure} {failure:?} {} {chat:?}", failure.advice());
        assert!(shown.contains("***") && shown.contains(advice), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
    let head = &stub.seen()[0].head;
    assert!(head.contains("authorization: Bearer sk-very-secret\r\n"));
}

#[tokio::test]
async fn without_an_address_there_is_no_chat_server() {
    let chat = Chat::open(&pool(), &config(&[]).responder).unwrap();
    assert!(chat.is_none());
    let config = config(&[("LLM_BASE_URL", "http://127.0.0.1:1/v1")]).responder;
    let chat = Chat::open(&pool(), &config).unwrap().unwrap();
    assert!(chat.is_language_model());
}
