//! Made-up requests and runs, for tests.

use std::time::{Duration, SystemTime};

use crate::corpus::Class;
use crate::exchange::{Exchange, Outcome};
use crate::report::document::{Document, Generator, SCHEMA, ServerFigures, ServiceReport, moment};
use crate::service::Service;
use crate::summary::Summary;

/// A request to ASR that was served in this time, one a second.
pub(super) fn exchange(number: u64, seconds: f64) -> Exchange {
    let total = Duration::from_secs_f64(seconds);
    Exchange {
        service: Service::Asr,
        number,
        sample: format!("sample-{}", number % 4),
        class: Class::Short,
        intended: Duration::from_secs(number),
        started: Duration::from_secs(number),
        connect: None,
        first_byte: Some(total),
        first_audio: None,
        total,
        bytes: 100,
        queue_wait: None,
        audio_seconds: Some(2.0),
        retries: 0,
        outcome: Outcome::Served,
        score: None,
    }
}

/// A run with one service.
pub(super) fn document(exchanges: Vec<Exchange>) -> Document {
    let service = exchanges.first().map_or(Service::Asr, |it| it.service);
    let elapsed_seconds = exchanges.len() as f64;
    Document {
        schema: SCHEMA.into(),
        tool_version: "1.0.0".into(),
        command: vec!["--workers".into(), "1".into()],
        began_at: moment(SystemTime::UNIX_EPOCH),
        elapsed_seconds,
        is_stopped: false,
        arrivals: "1 clients that wait for their answers".into(),
        generator: Generator {
            cpu_seconds: None,
            share_of_a_core: None,
            lag: None,
            is_bottleneck: false,
        },
        services: vec![ServiceReport {
            service,
            url: "http://localhost:5001/".into(),
            version: Some("1.0.0".into()),
            model: Some("small".into()),
            client: Summary::of(service, &exchanges, 0, elapsed_seconds).client,
            server: ServerFigures::default(),
            samples: Vec::new(),
            exchanges,
        }],
        objectives: Vec::new(),
        findings: Vec::new(),
    }
}
