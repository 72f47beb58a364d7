//! `validate` proves what is kept, and finds what is broken; so does `plan`. Ctrl-C ends neither
//! without a report.
#![allow(clippy::unwrap_used)] // in tests, helpers included

mod plan;
mod stopped;

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A service that keeps its promises but for one.
struct Service {
    process: Child,
    address: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn service(fault: Option<&str>) -> Service {
    // Cargo builds examples before tests, beside them.
    let tests = std::env::current_exe().unwrap();
    let built = tests.parent().and_then(|it| it.parent()).unwrap();
    let mut command = Command::new(built.join("examples/unfaithful"));
    command.stdout(Stdio::piped());
    if let Some(fault) = fault {
        command.env("FAULT", fault);
    }
    let mut process = command.spawn().unwrap();
    let mut address = String::new();
    let told = process.stdout.take().unwrap();
    BufReader::new(told).read_line(&mut address).unwrap();
    Service {
        process,
        address: address.trim().to_string(),
    }
}

/// The verdicts by check, what was printed, and the exit status.
fn validate(service: &Service, more: &[&str]) -> (Vec<(String, String)>, String, i32) {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("findings.json");
    let output = Command::new(env!("CARGO_BIN_EXE_voice-stack-load"))
        .args([
            "validate",
            "--service",
            "asr",
            "--asr-host",
            &service.address,
        ])
        // What the stub promises doesn't hang on how busy the box is; its probes may.
        .args(["--probe-within", "0.08", "--long-minutes", "1", "--json"])
        .arg(&file)
        .args(more)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let read = std::fs::read(&file).unwrap_or_else(|_| panic!("{printed}"));
    let document: Value = serde_json::from_slice(&read).unwrap();
    let findings = document["findings"].as_array().unwrap();
    let text = |it: &Value| it.as_str().unwrap().to_string();
    let verdicts = findings
        .iter()
        .map(|it| (text(&it["check"]), text(&it["verdict"])))
        .collect();
    (verdicts, printed, output.status.code().unwrap())
}

#[test]
fn promises_that_are_kept_are_proven() {
    let (verdicts, printed, status) = validate(&service(None), &[]);
    assert_eq!(verdicts.len(), 10, "{printed}");
    assert!(verdicts.iter().all(|it| it.1 == "proven"), "{printed}");
    assert_eq!(status, 0, "{printed}");
}

#[test]
fn a_promise_that_is_broken_is_found() {
    let faults = [
        ("too-many-at-once", "slots"),
        ("endless-queue", "full-queue"),
        ("no-retry-after", "full-queue"),
        ("no-retry-after", "memory-guard"),
        ("keeps-slots", "hang-up"),
        ("no-upload-limit", "upload-limit"),
        ("breaks-on-nonsense", "nonsense"),
        ("slow-probes", "probes"),
        ("loads-for-each", "reload"),
        ("unloads-in-use", "reload"),
        ("no-memory-guard", "memory-guard"),
        ("never-unloads", "idle-unload"),
        ("loses-requests", "drain"),
        ("never-ends", "drain"),
    ];
    // Checks mostly wait.
    std::thread::scope(|scope| {
        for (fault, check) in faults {
            scope.spawn(move || {
                let (verdicts, printed, status) =
                    validate(&service(Some(fault)), &["--only", check]);
                let broken = [(check.to_string(), "broken".to_string())];
                assert_eq!(verdicts, broken, "{fault}: {printed}");
                assert_eq!(status, 1, "{fault}: {printed}");
            });
        }
    });
}

#[test]
fn what_could_not_be_looked_into_is_not_proven() {
    let mut gone = service(None);
    gone.process.kill().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_voice-stack-load"))
        .args(["validate", "--service", "asr", "--asr-host", &gone.address])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("does not answer"), "{said}");
}

/// What an operator would give to `--manage`: ends this service, waits, and starts it again.
/// A service that is started again is killed when the guard is dropped.
struct Restart {
    folder: tempfile::TempDir,
    command: String,
}

impl Restart {
    fn of(service: &Service) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pid = service.process.id();
        let binary = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap();
        let (_, port) = service.address.rsplit_once(':').unwrap();
        // The command line of a process that has ended, but has not been waited for, is empty.
        let command = format!(
            "kill -TERM {pid}; \
             while [ -n \"$(tr -d '\\0' </proc/{pid}/cmdline)\" ]; do sleep 0.02; done; \
             ASR_PORT={port} {} >/dev/null 2>&1 & echo $! >{}",
            binary.display(),
            folder.path().join("pid").display()
        );
        Self { folder, command }
    }
}

impl Drop for Restart {
    fn drop(&mut self) {
        if let Ok(pid) = std::fs::read_to_string(self.folder.path().join("pid")) {
            let _ = Command::new("kill").args(["-KILL", pid.trim()]).status();
        }
    }
}

#[test]
fn a_restart_by_the_operator_s_command_is_proven_to_lose_nothing() {
    for (fault, verdict) in [(None, "proven"), (Some("loses-requests"), "broken")] {
        let service = service(fault);
        let restart = Restart::of(&service);
        let more = ["--only", "drain", "--manage", &restart.command];
        let (verdicts, printed, _) = validate(&service, &more);
        let expected = [("drain".to_string(), verdict.to_string())];
        assert_eq!(verdicts, expected, "{fault:?}: {printed}");
    }
    let (verdicts, printed, status) =
        validate(&service(None), &["--only", "drain", "--manage", "true"]);
    let nothing = [("drain".to_string(), "not_proven".to_string())];
    assert_eq!(
        (verdicts.as_slice(), status),
        (&nothing[..], 1),
        "{printed}"
    );
    assert!(printed.contains("restarted nothing"), "{printed}");
}
