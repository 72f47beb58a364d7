//! What answers, hears, speaks and looks up, over real sockets, against servers that do as they
//! are told.

#![allow(clippy::unwrap_used)]

mod chat;
mod quirks;
mod recogniser;
mod settings;
mod speaker;
#[allow(dead_code, reason = "voice-upstream's own tests need more of it")]
#[path = "../../../upstream/tests/sockets/stub.rs"]
mod stub;
mod tools;

use clap::Parser;
use voice_common::settings::{Variables, parse};
use voice_stack_gateway::responder::ResponderConfig;
use voice_stack_gateway::speech::SpeechConfig;
use voice_stack_gateway::tools::ToolsConfig;
use voice_upstream::{Outcome, Pool, PoolSettings, Upstream};

use stub::{Step, Stub, chunk};

/// All settings, as the service will have them.
#[derive(Debug, Parser)]
struct Config {
    #[command(flatten)]
    responder: ResponderConfig,
    #[command(flatten)]
    speech: SpeechConfig,
    #[command(flatten)]
    tools: ToolsConfig,
}

fn config(variables: &[(&str, &str)]) -> Config {
    let variables = Variables::from_pairs(variables.to_vec());
    parse("GATEWAY_", ["gateway".into()], &variables).unwrap()
}

fn pool() -> Pool {
    Pool::new(PoolSettings::default()).unwrap()
}

/// Addresses of several servers, as a setting.
fn list(stubs: &[&Stub]) -> String {
    let urls: Vec<String> = stubs.iter().map(|it| it.base_url()).collect();
    urls.join(",")
}

/// The head of an answer in chunks, of this content type.
fn head_of(content_type: &str) -> Step {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    Step::Send(head.into())
}

/// The end of an answer in chunks.
fn end() -> Step {
    chunk("")
}

/// How often an outcome was counted at the first host.
fn counted(upstream: &Upstream, outcome: Outcome) -> u64 {
    let attempts = &upstream.snapshot().hosts[0].attempts;
    attempts.iter().find(|it| it.0 == outcome).unwrap().1
}
