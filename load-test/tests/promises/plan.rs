use std::process::Command;

use serde_json::Value;

use crate::service;

/// The verdicts of each step by check, and the exit status.
fn plan(fault: Option<&str>) -> (Vec<Vec<(String, String)>>, i32) {
    let service = service(fault);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let output = Command::new(env!("CARGO_BIN_EXE_voice-stack-load"))
        .args(["plan", "--service", "asr", "--asr-host", &service.address])
        .args([
            "--tts-host",
            "http://127.0.0.1:9",
            "--sustained",
            "2",
            "--stress",
            "2",
        ])
        .arg("--json")
        .arg(file("plan.json"))
        .arg("--html")
        .arg(file("plan.html"))
        .arg("--junit")
        .arg(file("plan.xml"))
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let read = std::fs::read(file("plan.json")).unwrap_or_else(|_| panic!("{printed}"));
    let document: Value = serde_json::from_slice(&read).unwrap();
    let text = |it: &Value| it.as_str().unwrap().to_string();
    let steps = document["steps"].as_array().unwrap().iter().map(|step| {
        let findings = step["findings"].as_array().unwrap().iter();
        findings
            .map(|it| (text(&it["check"]), text(&it["verdict"])))
            .collect()
    });
    let page = std::fs::read_to_string(file("plan.html")).unwrap();
    assert!(page.ends_with("</html>") && page.contains("6. Does it stand more"));
    let junit = std::fs::read_to_string(file("plan.xml")).unwrap();
    assert_eq!(junit.matches("<testsuite ").count(), 6);
    (steps.collect(), output.status.code().unwrap())
}

#[test]
fn the_six_steps_are_carried_out_and_two_seconds_prove_no_stability() {
    let (steps, status) = plan(None);
    assert_eq!(steps.len(), 6);
    for (check, verdict) in steps.iter().flatten() {
        let expected = if check == "growth" {
            "not_proven"
        } else {
            "proven"
        };
        assert_eq!(verdict, expected, "{check} {steps:?}");
    }
    assert_eq!(status, 1, "what isn't proven is not held");
}

#[test]
fn a_service_that_runs_too_many_at_once_is_found() {
    let (steps, status) = plan(Some("too-many-at-once"));
    let slots: Vec<_> = steps
        .iter()
        .flatten()
        .filter(|it| it.0 == "slots")
        .collect();
    assert!(slots.iter().all(|it| it.1 == "broken"), "{steps:?}");
    assert_eq!((slots.len(), status), (5, 1));
}
