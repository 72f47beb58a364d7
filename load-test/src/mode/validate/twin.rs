//! A copy of a running service with other settings. What would disturb the service itself, or
//! needs settings that no operator runs it with, is tried out on its copy: the same binary, the same
//! files, the same environment but for what is asked for.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use procfs::process::Process;
use tokio::process::{Child, Command};

use super::subject::{Obstacle, Subject};
use crate::service::Service;
use crate::target::Target;
use crate::watch::state::state;

/// How long a copy may take to answer.
const START_WITHIN: Duration = Duration::from_mins(1);

/// Variables that systemd and the like set for the service itself: a copy must not get them.
const NOT_INHERITED: [&str; 7] = [
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "INVOCATION_ID",
];

/// A copy. It is killed when it is dropped.
#[derive(Debug)]
pub(super) struct Twin {
    /// The copy, as what can be asked.
    pub subject: Subject,
    process: Child,
}

/// What a running service was started with.
#[derive(Debug)]
struct Original {
    binary: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: PathBuf,
}

impl Twin {
    /// Starts a copy of a service that runs on this box, with these settings, and waits for it
    /// to answer.
    ///
    /// # Errors
    /// Its process can't be looked into, or its copy does not start.
    pub(super) async fn start(
        subject: &Subject,
        settings: &[(&str, &str)],
    ) -> Result<Self, Obstacle> {
        let cannot = |what: String| Obstacle::NotProven(what);
        let Some(pid) = subject.pid else {
            return Err(cannot(
                "it needs a copy of the service with other settings, and the service is not on \
                 this box"
                    .into(),
            ));
        };
        let original = Original::of(pid).map_err(|cause| {
            cannot(format!(
                "it needs a copy of the service with other settings, and its process {pid} can't \
                 be looked into: {cause}. Run the tool as the same user, or as root"
            ))
        })?;
        let service = subject.target.service;
        let port = free_port().map_err(|cause| cannot(format!("no port is free: {cause}")))?;
        let address = format!("127.0.0.1:{port}");
        let port = port.to_string();
        let mut all = vec![
            ("HOST", "127.0.0.1"),
            (service.port_setting(), port.as_str()),
        ];
        all.extend_from_slice(settings);
        let process = original
            .command(service, &all)
            .spawn()
            .map_err(|cause| cannot(format!("a copy of the service can't be started: {cause}")))?;
        let target = Target::new(service, &address, subject.target.key.clone());
        let target = target.map_err(cannot)?;
        let mut twin = Self {
            subject: subject.moved_to(target),
            process,
        };
        twin.wait_for_answer().await?;
        Ok(twin)
    }

    async fn wait_for_answer(&mut self) -> Result<(), Obstacle> {
        let began = Instant::now();
        while state(&self.subject.http, &self.subject.target)
            .await
            .is_err()
        {
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(Obstacle::NotProven(format!(
                    "a copy of the service ended at its start: {status}"
                )));
            }
            if began.elapsed() > START_WITHIN {
                return Err(Obstacle::NotProven(format!(
                    "a copy of the service did not answer within {} s",
                    START_WITHIN.as_secs()
                )));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Asks it to end, as systemd does.
    ///
    /// # Errors
    /// It has ended already.
    pub(super) fn terminate(&self) -> Result<(), Obstacle> {
        let ended = || Obstacle::NotProven("the copy of the service has ended by itself".into());
        let pid = self.process.id().ok_or_else(ended)?;
        let pid = rustix::process::Pid::from_raw(pid as i32).ok_or_else(ended)?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).map_err(|_| ended())
    }

    /// Waits for its end; `None` if it goes on for longer than `patience`.
    pub(super) async fn ended(&mut self, patience: Duration) -> Option<std::process::ExitStatus> {
        let ended = tokio::time::timeout(patience, self.process.wait()).await;
        ended.ok()?.ok()
    }
}

impl Original {
    fn of(pid: u32) -> Result<Self, procfs::ProcError> {
        let process = Process::new(pid as i32)?;
        let mut arguments = process.cmdline()?.into_iter().map(OsString::from);
        let _name = arguments.next();
        Ok(Self {
            binary: process.exe()?,
            arguments: arguments.collect(),
            environment: process.environ()?.into_iter().collect(),
            folder: process.cwd()?,
        })
    }

    fn command(self, service: Service, settings: &[(&str, &str)]) -> Command {
        let prefix = format!("{}_", service.title());
        let is_set = |name: &str| {
            let plain = name.strip_prefix(&prefix).unwrap_or(name);
            settings
                .iter()
                .any(|(set, _)| *set == name || set.strip_prefix(&prefix).unwrap_or(set) == plain)
        };
        let inherited = self.environment.into_iter().filter(|(name, _)| {
            let name = name.to_string_lossy();
            let is_probe_port = name.ends_with("_PROBE_PORT");
            !is_set(&name) && !is_probe_port && !NOT_INHERITED.contains(&name.as_ref())
        });
        let mut command = Command::new(self.binary);
        command
            .args(without_flags(self.arguments, |name| {
                is_set(name) || name.ends_with("_PROBE_PORT")
            }))
            .current_dir(self.folder)
            .env_clear()
            .envs(inherited)
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        command
    }
}

/// Arguments without the flags of these settings: `--max-queue 5`, `--max-queue=5`.
fn without_flags(arguments: Vec<OsString>, is_unwanted: impl Fn(&str) -> bool) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut rest = arguments.into_iter().peekable();
    while let Some(argument) = rest.next() {
        let text = argument.to_string_lossy().into_owned();
        let Some(flag) = text.strip_prefix("--") else {
            kept.push(argument);
            continue;
        };
        let (flag, has_value) = match flag.split_once('=') {
            Some((flag, _)) => (flag, true),
            None => (flag, false),
        };
        if !is_unwanted(&flag.replace('-', "_").to_uppercase()) {
            kept.push(argument);
            continue;
        }
        if !has_value {
            rest.next_if(|it| !it.to_string_lossy().starts_with("--"));
        }
    }
    kept
}

fn free_port() -> std::io::Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    #[test]
    fn flags_that_are_set_anew_are_left_out_with_their_values() {
        let line = "--max-queue 5 --asr-port=5001 --preload --asr-model base --max-queue=7 x";
        let arguments = line.split(' ').map(OsString::from).collect();
        let kept = without_flags(arguments, |it| {
            ["MAX_QUEUE", "ASR_PORT", "PRELOAD"].contains(&it)
        });
        assert_eq!(kept, ["--asr-model", "base", "x"].map(OsString::from));
    }

    #[test]
    fn bytes_that_are_no_text_are_kept() {
        let odd = OsString::from_vec(vec![0xff, 0xfe]);
        assert_eq!(without_flags(vec![odd.clone()], |_| true), [odd]);
    }
}
