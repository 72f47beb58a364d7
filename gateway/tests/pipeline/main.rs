//! Conversations as clients have them, with the model of voice that `voice-stack-models pull` installs,
//! against a recognition and a synthesis that do as they are told.

#![allow(clippy::unwrap_used)]

mod stall;
#[allow(dead_code, reason = "voice-upstream's own tests need more of it")]
#[path = "../../../upstream/tests/sockets/stub.rs"]
mod stub;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use tokio::time::timeout;
use voice_listen::{OpenError, VoiceModel};
use voice_stack_audio::DecodeLimits;
use voice_stack_gateway::clock::Clock;
use voice_stack_gateway::config::GatewayConfig;
use voice_stack_gateway::conversation::{Event, Settings};
use voice_stack_gateway::pipeline::{
    ConversationMetrics, Line, Opening, Outgoing, Outgoings, Parts, Pipeline,
};
use voice_stack_gateway::responder::Builtin;
use voice_stack_gateway::speech::{Recogniser, Speaker};
use voice_stack_gateway::tools::Tools;
use voice_stack_models::{Error, Store};
use voice_upstream::{Pool, PoolSettings};

use stub::{Step, Stub, answer, chunk};

const PATIENCE: Duration = Duration::from_mins(1);

/// What is heard and what speaks.
struct Scene {
    asr: Stub,
    tts: Stub,
    pipeline: Pipeline,
}

impl Scene {
    /// `None`, and a line in the output, where the model of voice is not installed.
    async fn new(asr: Vec<Step>, tts: Vec<Step>) -> Option<Self> {
        let store = Store::new(Store::default_dir().unwrap());
        let voice = match VoiceModel::open(&store) {
            Ok(voice) => voice,
            Err(OpenError::Files(error @ Error::NotInstalled { .. })) => {
                println!("NOT TESTED: {error}");
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        let asr = Stub::start(move |_| asr.clone()).await;
        let tts = Stub::start(move |_| tts.clone()).await;
        let flags = [
            "gateway".to_owned(),
            format!("--asr-base-url={}", asr.base_url()),
            format!("--tts-base-url={}", tts.base_url()),
        ];
        let config = GatewayConfig::try_parse_from(flags).unwrap();
        let pool = Pool::new(PoolSettings::default()).unwrap();
        let clock = Clock::system();
        let pipeline = Pipeline::new(Parts {
            recogniser: Recogniser::open(&pool, &config.speech, None).unwrap(),
            recogniser_slots: 2,
            speaker: Speaker::open(&pool, &config.speech, None).unwrap(),
            responder: Arc::new(Builtin::new(clock.clone())),
            tools: Tools::open(&pool, &config.tools, clock, true).unwrap(),
            voice,
            turns: None,
            metrics: ConversationMetrics::default(),
        });
        Some(Self { asr, tts, pipeline })
    }

    fn converse(&self, settings: Settings) -> (Line, Client) {
        let (line, outgoings) = self.pipeline.converse(Opening {
            settings,
            ..Opening::default()
        });
        (line, Client(outgoings))
    }
}

struct Client(Outgoings);

impl Client {
    async fn next(&mut self) -> Outgoing {
        let next = timeout(PATIENCE, self.0.next()).await;
        next.expect("something comes").expect("it is not over")
    }

    /// The first event of which this makes something.
    async fn event<T>(&mut self, wanted: impl Fn(Event) -> Option<T>) -> T {
        loop {
            if let Outgoing::Event(event) = self.next().await
                && let Some(it) = wanted(event)
            {
                return it;
            }
        }
    }
}

/// What the recognition says.
fn transcript(text: &str) -> Vec<Step> {
    let body = format!(r#"{{"text":"{text}"}}"#);
    answer(200, "content-type: application/json\r\n", &body)
}

/// Speech of so many seconds.
fn speech(seconds: usize) -> Vec<Step> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: audio/pcm\r\ntransfer-encoding: chunked\r\n\r\n";
    let samples: Vec<u8> = (0..24_000 * seconds)
        .flat_map(|it| (it as i16).to_le_bytes())
        .collect();
    vec![Step::Send(head.into()), chunk(samples), chunk("")]
}

/// Somebody who speaks: three sentences in eleven seconds.
fn recording() -> Vec<i16> {
    let limits = DecodeLimits {
        max_audio_seconds: 60.0,
    };
    let file = include_bytes!("../../../samples/jfk.flac").as_slice();
    let decoded = voice_stack_audio::decode(file, None, limits, &|| false).unwrap();
    decoded
        .samples
        .iter()
        .map(|it| (it * 32_767.0) as i16)
        .collect()
}
