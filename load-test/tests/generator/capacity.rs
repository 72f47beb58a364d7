//! The capacity that is found is that of the service: its slots by the time that each is taken.

use std::path::Path;
use std::time::Duration;

use clap::Parser as _;
use serde_json::Value;
use voice_stack_load::cli::{Cli, Command};
use voice_stack_load::corpus::synthetic;
use voice_stack_load::exit::Ending;
use voice_stack_load::mode;

use crate::alone;
use crate::stub::{Script, Stub, TEXT};

const SLOTS: usize = 8;
const SERVICE: Duration = Duration::from_millis(50);
/// Runs in which the machine had no time for the generator say nothing.
const TRIES: usize = 3;

/// A folder with one recording, of what the stub hears in everything.
fn corpus() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |name: &str, content: &[u8]| {
        std::fs::write(folder.path().join(name), content).expect("it can be written");
    };
    write("three.wav", &synthetic::white_noise(1.0, 0.1));
    write("refs.tsv", format!("three.wav\ten\t{TEXT}\n").as_bytes());
    folder
}

/// Looks for the capacity of a stub, and gives how it ended and what `--json` wrote.
async fn search(stub: &Stub, corpus: &Path) -> (Ending, Value) {
    let json = corpus.join("capacity.json");
    let line = format!(
        "voice-stack-load capacity --service asr --asr-host {} --corpus {} --json {} \
         --slo p95<150ms,errors<1% --start 40 --step-seconds 1.5",
        stub.address(),
        corpus.display(),
        json.display()
    );
    let cli = Cli::try_parse_from(line.split_whitespace()).expect("the flags are right");
    let Some(Command::Capacity(args)) = cli.command else {
        panic!("capacity was asked for");
    };
    let ending = mode::capacity::run(*args).await.expect("the stub answers");
    let written = std::fs::read(json).expect("the report was written");
    (
        ending,
        serde_json::from_slice(&written).expect("it is JSON"),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rate_that_is_found_is_what_the_slots_carry() {
    let _machine = alone().await;
    let stub = Stub::start(Script {
        usual: SERVICE,
        stall: None,
        slots: Some(SLOTS),
    });
    let corpus = corpus();
    let mut tries = 0;
    let report = loop {
        tries += 1;
        let (ending, report) = search(&stub, corpus.path()).await;
        if ending == Ending::Held {
            break report;
        }
        let is_busy = ending == Ending::Bottleneck && tries < TRIES;
        assert!(is_busy, "{ending:?}: {report:#}");
    };
    let truth = SLOTS as f64 / SERVICE.as_secs_f64();
    let of_service = &report["services"][0];
    let found = of_service["result"]["per_second"].as_f64();
    let found = found.expect("a rate was found");
    println!("{found} requests/s found, {truth} are true");
    assert!((found / truth - 1.0).abs() < 0.25, "{found}, not {truth}");
    assert_eq!(of_service["result"]["kind"], "limit");

    let steps = of_service["steps"].as_array().expect("there are steps");
    let confirmed = steps.iter().rev().take(3);
    for step in confirmed {
        assert_eq!(step["purpose"], "confirm");
        assert_eq!(step["is_held"], true);
    }
}
