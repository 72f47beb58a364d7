//! What may happen next, and how a conversation may be set.

use proptest::prelude::*;
use voice_stack_gateway::conversation::{
    Detection, Eagerness, Limits, Output, Settings, Speculation,
};

use crate::scene::ms;

/// Something that happens. Numbers choose among what there is: 0 is the newest order of its kind.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Time passes, in milliseconds.
    Pass(u64),
    /// Time passes and nobody tells the conversation.
    Oversleep(u64),
    /// The user makes a sound, in milliseconds, and is silent.
    Noise(u64),
    /// The newest order of each kind is carried out.
    Deliver {
        words: usize,
        calls: bool,
    },
    Speech {
        ago: u64,
        echo: Option<f32>,
    },
    Silence {
        ago: u64,
    },
    SpeechEnded,
    EchoCorrelation(f32),
    EchoCancelled(bool),
    Score {
        order: usize,
        complete: f32,
    },
    Partial {
        words: usize,
    },
    Transcript {
        order: usize,
        words: usize,
    },
    TranscriptFailed {
        order: usize,
    },
    Token {
        order: usize,
        text: usize,
    },
    ToolCalled {
        order: usize,
        by_client: bool,
    },
    ResponseDone {
        order: usize,
    },
    ResponseFailed {
        order: usize,
    },
    ToolDone {
        order: usize,
        works: bool,
    },
    AudioReady {
        order: usize,
        samples: u64,
    },
    AudioDone {
        order: usize,
    },
    AudioFailed {
        order: usize,
    },
    /// What the client's player has really played.
    Played,
    /// What it has not.
    PlayedWrongly {
        samples: u64,
    },
    Text,
    AddItem {
        kind: usize,
        after: usize,
    },
    DeleteItem {
        item: usize,
    },
    Commit {
        ago: u64,
        respond: bool,
    },
    ClearInput,
    CreateResponse,
    Cancel,
    Truncate {
        share: u64,
    },
    Configure(Box<Settings>),
}

/// Mostly the newest, often enough an older one, which may be over.
fn order() -> impl Strategy<Value = usize> {
    prop_oneof![6 => Just(0_usize), 2 => Just(1_usize), 1 => 2_usize..9]
}

pub(crate) fn any_step() -> impl Strategy<Value = Step> {
    let time = prop_oneof![0_u64..60, 0_u64..400, 200_u64..1600, 0_u64..9000];
    let echo = prop_oneof![3 => Just(None), 1 => (0_f32..1.0).prop_map(Some)];
    let user = prop_oneof![
        8 => (0_u64..400, echo).prop_map(|(ago, echo)| Step::Speech { ago, echo }),
        8 => (0_u64..400).prop_map(|ago| Step::Silence { ago }),
        2 => Just(Step::SpeechEnded),
        1 => (0_f32..1.0).prop_map(Step::EchoCorrelation),
        1 => any::<bool>().prop_map(Step::EchoCancelled),
    ];
    let hearing = prop_oneof![
        3 => (order(), 0_f32..1.0).prop_map(|(order, complete)| Step::Score { order, complete }),
        1 => (0_usize..6).prop_map(|words| Step::Partial { words }),
        8 => (order(), 0_usize..6).prop_map(|(order, words)| Step::Transcript { order, words }),
        1 => order().prop_map(|order| Step::TranscriptFailed { order }),
    ];
    let thinking = prop_oneof![
        9 => (order(), 0_usize..8).prop_map(|(order, text)| Step::Token { order, text }),
        1 => (order(), any::<bool>()).prop_map(|(order, by_client)| Step::ToolCalled { order, by_client }),
        3 => order().prop_map(|order| Step::ResponseDone { order }),
        1 => order().prop_map(|order| Step::ResponseFailed { order }),
        2 => (order(), any::<bool>()).prop_map(|(order, works)| Step::ToolDone { order, works }),
    ];
    let speaking = prop_oneof![
        8 => (order(), 0_u64..2000).prop_map(|(order, samples)| Step::AudioReady { order, samples }),
        5 => order().prop_map(|order| Step::AudioDone { order }),
        1 => order().prop_map(|order| Step::AudioFailed { order }),
        2 => Just(Step::Played),
        1 => (0_u64..20_000).prop_map(|samples| Step::PlayedWrongly { samples }),
    ];
    let client = prop_oneof![
        2 => Just(Step::Text),
        2 => (0_usize..4, 0_usize..4).prop_map(|(kind, after)| Step::AddItem { kind, after }),
        1 => (0_usize..4).prop_map(|item| Step::DeleteItem { item }),
        2 => (0_u64..3000, any::<bool>()).prop_map(|(ago, respond)| Step::Commit { ago, respond }),
        1 => Just(Step::ClearInput),
        2 => Just(Step::CreateResponse),
        1 => Just(Step::Cancel),
        1 => (0_u64..120).prop_map(|share| Step::Truncate { share }),
        1 => any_settings().prop_map(|it| Step::Configure(Box::new(it))),
    ];
    prop_oneof![
        12 => time.prop_map(Step::Pass),
        1 => (0_u64..9000).prop_map(Step::Oversleep),
        8 => user,
        4 => (50_u64..900).prop_map(Step::Noise),
        6 => (0_usize..6, prop::bool::weighted(0.2)).prop_map(|(words, calls)| Step::Deliver { words, calls }),
        7 => hearing,
        10 => thinking,
        10 => speaking,
        1 => client,
    ]
}

pub(crate) fn any_settings() -> impl Strategy<Value = Settings> {
    let detection = prop_oneof![
        3 => Just(Detection::Silence(ms(500))),
        1 => Just(Detection::Silence(ms(2500))),
        1 => Just(Detection::Semantic(Eagerness::Low)),
        1 => Just(Detection::Semantic(Eagerness::High)),
        1 => Just(Detection::Manual),
    ];
    let speculation = prop_oneof![
        Just(Speculation::Off),
        Just(Speculation::Transcript),
        Just(Speculation::Response)
    ];
    let output = prop_oneof![
        8 => Just(Output::Speech { rate_hz: 1000 }),
        1 => Just(Output::Speech { rate_hz: 24_000 }),
        1 => Just(Output::Text),
    ];
    let likely = || prop::bool::weighted(0.9);
    (
        detection,
        speculation,
        output,
        likely(),
        likely(),
        any::<bool>(),
        1_usize..5,
    )
        .prop_map(
            |(detection, speculation, output, create, interrupt, echo_cancelled, turns)| Settings {
                detection,
                speculation,
                output,
                create_response: create,
                interrupt_response: interrupt,
                echo_cancelled,
                history_turns: turns * 5,
                history_bytes: turns * 1000,
                limits: Limits {
                    answer_bytes: 2000,
                    ..Limits::default()
                },
                ..Settings::default()
            },
        )
}
