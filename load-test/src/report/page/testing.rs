//! A made-up run.

use std::time::Duration;

use crate::corpus::Class;
use crate::exchange::{Exchange, Outcome, Refusal};
use crate::report::document::{
    Document, Generator, ObjectiveReport, SCHEMA, ServerFigures, ServiceReport,
};
use crate::service::Service;
use crate::summary::Summary;
use crate::watch::ServerSample;

/// A run of both services: each has this number of exchanges, of all outcomes and with a long
/// tail, and this number of samples.
pub(super) fn document(exchanges: u64, looks: u64) -> Document {
    let run_seconds = 60.0;
    let services = Service::ALL.map(|service| {
        let at = |number: u64| run_seconds * number as f64 / exchanges as f64;
        let exchanges = (0..exchanges).map(|it| exchange(service, it, at(it)));
        let exchanges: Vec<_> = exchanges.collect();
        ServiceReport {
            service,
            url: "http://box:8001/".into(),
            version: Some("1.2.3".into()),
            model: Some("base.en".into()),
            client: Summary::of(service, &exchanges, 0, run_seconds).client,
            server: ServerFigures {
                slots: Some(2.0),
                rejections: vec![("queue_full".into(), 12.0)],
                ..ServerFigures::default()
            },
            samples: (0..looks).map(|it| sample(it, looks)).collect(),
            exchanges,
        }
    });
    Document {
        schema: SCHEMA.into(),
        tool_version: "0.1.0".into(),
        command: vec!["http".into(), "--rate".into(), "5".into()],
        began_at: "2026-01-02T03:04:05Z".into(),
        elapsed_seconds: run_seconds,
        is_stopped: false,
        arrivals: "5 requests/s at equal distances, for 60 s".into(),
        generator: Generator {
            cpu_seconds: Some(1.5),
            share_of_a_core: Some(0.025),
            lag: None,
            is_bottleneck: false,
        },
        services: services.into(),
        objectives: Vec::new(),
        findings: Vec::new(),
    }
}

pub(super) fn exchange(service: Service, number: u64, at_seconds: f64) -> Exchange {
    // Scattered as if by chance, and the same every time.
    let spread = (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / f64::from(1 << 24);
    let (seconds, outcome) = match number % 97 {
        31 => (
            0.002,
            Outcome::Rejected(Refusal {
                status: 503,
                code: "queue_full".into(),
                message: format!("the queue is full: {number} wait"),
                retry_after_seconds: Some(1),
            }),
        ),
        73 => (
            10.0,
            Outcome::Failed {
                status: None,
                message: "no answer within 10 s".into(),
            },
        ),
        _ => (0.2 + 0.1 / (1.001 - spread), Outcome::Served),
    };
    let total = Duration::from_secs_f64(seconds);
    Exchange {
        service,
        number,
        sample: "sample".into(),
        class: Class::Short,
        intended: Duration::from_secs_f64(at_seconds),
        started: Duration::from_secs_f64(at_seconds),
        connect: None,
        first_byte: Some(total / 2),
        first_audio: (service == Service::Tts).then_some(total / 2),
        total,
        bytes: 1000,
        queue_wait: None,
        audio_seconds: Some(2.0),
        retries: 0,
        outcome,
        score: None,
    }
}

pub(super) fn sample(number: u64, of: u64) -> ServerSample {
    let at_seconds = 60.0 * number as f64 / of as f64;
    ServerSample {
        at_seconds,
        scrape_seconds: 0.002,
        in_flight: Some((number / 4 % 3) as f64),
        in_flight_high_water: Some(2.0),
        queue_depth: Some((number / 3 % 7) as f64),
        memory_ratio: Some(0.5),
        vram_ratio: None,
        rss_bytes: Some(5e8 + 1e6 * number as f64),
        open_fds: Some(20.0),
        threads: Some(9.0),
        cpu_seconds: Some(1.5 * at_seconds),
    }
}

pub(super) fn objective(text: &str, is_held: bool) -> ObjectiveReport {
    ObjectiveReport {
        objective: text.parse().unwrap(),
        value: Some(1.0),
        is_held,
        sentence: format!("{text} {}: 1s", if is_held { "held" } else { "not held" }),
    }
}
