//! The units, the installation and the life of the services under a real systemd.
//!
//! Each test is a shell script of `scenarios/`, run as root where a systemd of its own has been
//! booted: `$VOICE_STACK_SYSTEMD_SANDBOX UNIT_DIR SCRIPT SECONDS` is to do so on a copy of this
//! system's root. Without such a tool, the machine's own systemd is used if
//! `VOICE_STACK_TEST_SYSTEMD=own` says that it may: the scripts install the services there and
//! remove them. Else the tests say that nothing was tested.
#![allow(missing_docs)]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use voice_stack_tests::service::{binary, models_dir};

/// For a scenario, boot and copies of the models included.
const LIMIT_SECONDS: &str = "300";

/// How the tool ends, with a line of its own, where it may not make control groups.
const CANT_BOOT: i32 = 2;

/// What a scenario would take away at its end.
const OF_AN_INSTALLATION: [&str; 8] = [
    "/usr/local/bin/voice-stack-asr",
    "/usr/local/bin/voice-stack-tts",
    "/usr/local/bin/voice-stack-gateway",
    "/usr/bin/voice-stack-asr",
    "/usr/bin/voice-stack-tts",
    "/usr/bin/voice-stack-gateway",
    "/etc/voice-stack",
    "/var/lib/voice-stack",
];

#[test]
fn an_installation_serves_is_updated_and_leaves_the_system_as_it_was() {
    run("install");
}

#[test]
fn packages_are_installed_updated_and_purged_with_and_without_a_systemd() {
    run("package");
}

#[test]
fn a_killed_service_is_back_and_its_socket_refuses_nobody() {
    run("crash");
}

#[test]
fn three_crashes_in_a_row_hit_the_start_limit() {
    run("start-limit");
}

#[test]
fn a_hung_service_is_restarted_by_the_watchdog() {
    run("watchdog");
}

#[test]
fn a_restart_under_load_loses_nothing() {
    run("drain");
}

#[test]
fn settings_right_and_wrong_do_what_they_say() {
    run("settings");
}

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("in the workspace")
}

/// Where a systemd can be had.
enum Systemd {
    /// A program that boots one.
    Booted(PathBuf),
    /// This machine's.
    Own,
}

fn systemd() -> Result<Systemd, &'static str> {
    if !rustix::process::geteuid().is_root() {
        return Err("not root");
    }
    let named = std::env::var_os("VOICE_STACK_SYSTEMD_SANDBOX").map(PathBuf::from);
    let beside = checkout().join("../shared/tools/systemd-sandbox");
    if let Some(tool) = named.or_else(|| beside.exists().then_some(beside)) {
        return Ok(Systemd::Booted(tool));
    }
    if std::env::var_os("VOICE_STACK_TEST_SYSTEMD").is_none_or(|it| it != "own") {
        return Err("no tool to boot one (VOICE_STACK_SYSTEMD_SANDBOX), \
             and VOICE_STACK_TEST_SYSTEMD=own is not set");
    }
    if !Path::new("/run/systemd/system").exists() {
        return Err("no systemd runs here");
    }
    // Binaries, but also what an installation that was removed has left.
    if OF_AN_INSTALLATION.iter().any(|it| Path::new(it).exists()) {
        return Err("the services are or were installed here: their data would be lost");
    }
    Ok(Systemd::Own)
}

/// A machine's own systemd bears one scenario at a time, and each test may be a process of its own:
/// the turn ends where the file is closed.
fn turn() -> File {
    let path = std::env::temp_dir().join("voice-stack-systemd-tests.lock");
    let file = File::create(path).expect("a lock file can be made");
    file.lock().expect("a file can be locked");
    file
}

fn run(scenario: &str) {
    let systemd = match systemd() {
        Ok(systemd) => systemd,
        Err(why) => {
            println!("NOT TESTED under a real systemd: {why}");
            return;
        }
    };
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/systemd/scenarios");
    let script = scenarios.join(format!("{scenario}.sh"));
    let binaries = binary("voice-stack-asr");
    let binaries = binaries.parent().expect("in a directory");

    // The sandbox passes no variables on and copies the one script that it is given.
    let folder = tempfile::tempdir().expect("a temporary directory");
    let start = folder.path().join("start");
    let line = format!(
        "#!/bin/bash\nBINARIES={} MODELS={} exec bash {}\n",
        binaries.display(),
        models_dir().display(),
        script.display()
    );
    std::fs::write(&start, line).expect("the script is written");
    let is_own = matches!(systemd, Systemd::Own);
    let mut command = match systemd {
        Systemd::Booted(tool) => {
            let units = folder.path().join("units");
            std::fs::create_dir(&units).expect("a directory for units");
            // An empty unit is masked: this one clears /tmp, where the checkout may be.
            std::fs::write(units.join("systemd-tmpfiles-setup.service"), "")
                .expect("a unit is written");
            let mut command = Command::new(tool);
            command.arg(units).arg(&start).arg(LIMIT_SECONDS);
            command
        }
        Systemd::Own => {
            let mut command = Command::new("bash");
            command.arg(&start);
            command
        }
    };
    let _turn = is_own.then(turn);
    let output = command
        .current_dir(checkout())
        .output()
        .expect("the scenario starts");
    let complaints = String::from_utf8_lossy(&output.stderr);
    println!("{}", String::from_utf8_lossy(&output.stdout));
    eprintln!("{complaints}");
    if output.status.code() == Some(CANT_BOOT) && complaints.starts_with("systemd-sandbox:") {
        println!("NOT TESTED under a real systemd: none can be booted here");
        return;
    }
    assert!(output.status.success(), "{scenario}: {}", output.status);
}
