use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::service;

#[test]
fn ctrl_c_in_the_middle_leaves_a_complete_report() {
    let service = service(None);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let mut running = Command::new(env!("CARGO_BIN_EXE_voice-stack-load"))
        .args(["--service", "asr", "--asr-host", &service.address])
        .args(["--tts-host", "http://127.0.0.1:9", "--verbose"])
        .args(["--workers", "3", "--duration", "600"])
        .args(["--assert", "errors<1%"])
        .args(
            ["json", "html", "csv", "junit", "hdr"]
                .iter()
                .flat_map(|it| [format!("--{it}"), file(it).display().to_string()]),
        )
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(running.stderr.take().unwrap()).lines();
    // A line for each request that has ended.
    let ended = told
        .by_ref()
        .take_while(|it| !it.as_ref().unwrap().contains("#5"));
    let _ = ended.count();
    let pid = running.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let rest = std::thread::spawn(move || told.map_while(Result::ok).collect::<Vec<_>>());
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?} {:?}", rest.join());

    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("Stopped early"), "{printed}");
    let document: Value = serde_json::from_slice(&std::fs::read(file("json")).unwrap()).unwrap();
    assert_eq!(document["is_stopped"], true);
    let client = &document["services"][0]["client"];
    let requests = client["requests"].as_u64().unwrap();
    assert!(requests >= 5, "{client}");
    assert!(client["abandoned"].as_u64().unwrap() > 0, "{client}");
    let lines = std::fs::read_to_string(file("csv"))
        .unwrap()
        .lines()
        .count();
    assert_eq!(lines as u64, requests + 1, "a heading and each request");
    let page = std::fs::read_to_string(file("html")).unwrap();
    assert!(page.ends_with("</html>") && page.contains("Stopped early"));
    let junit = std::fs::read_to_string(file("junit")).unwrap();
    assert!(junit.contains("failures=\"0\""), "{junit}");
    assert!(
        std::fs::read_to_string(file("hdr"))
            .unwrap()
            .lines()
            .count()
            > 1
    );
}
