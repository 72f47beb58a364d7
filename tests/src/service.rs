//! A service under test: the real binary on a free port, ended when dropped.

mod usage;

use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use rustix::process::{Pid, Signal, kill_process};

use voice_stack_models::Store;

use crate::cgroup::MemoryGroup;
use crate::client::Client;
use crate::kind::{Kind, Program, Startable};

/// Generous: the machines that run this are slow and shared.
const START_LIMIT: Duration = Duration::from_mins(1);

/// Of the log of a service whose test failed.
const LOG_LINES_SHOWN: usize = 20;

/// A running service.
pub struct Service<K: Startable = Kind> {
    kind: &'static K,
    child: Child,
    port: u16,
    log: tempfile::NamedTempFile,
}

/// Where `cargo build` put the binaries: beside this test's own.
///
/// # Panics
/// The binary isn't there.
pub fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a test knows its own path");
    let path = own
        .ancestors()
        .nth(2)
        .expect("tests run from target/<profile>/deps")
        .join(name);
    assert!(
        path.exists(),
        "{name} is not built: run ./scripts/test, or `cargo build --workspace`"
    );
    path
}

/// Where the models are that `scripts/test` has fetched.
///
/// # Panics
/// There is no home directory.
pub fn models_dir() -> PathBuf {
    Store::default_dir().expect("the user has a home directory")
}

fn command(kind: &Program, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(binary(kind.binary));
    prepare(&mut command, kind, settings);
    command
}

/// No .env of a developer, and nothing of the caller's settings, must reach the test.
fn prepare(command: &mut Command, kind: &Program, settings: &[(&str, &str)]) {
    command.current_dir(std::env::temp_dir());
    for (name, _) in std::env::vars() {
        if name.starts_with(kind.prefix) || name == "API_KEYS_FILE" {
            command.env_remove(name);
        }
    }
    command.envs(kind.settings.iter().copied());
    command.envs(settings.iter().copied());
}

/// Runs the binary to its end and gives what it printed: for starts that must fail.
///
/// # Panics
/// The binary can't be started.
pub fn run_to_end(kind: &impl Startable, settings: &[(&str, &str)], arguments: &[&str]) -> Output {
    command(kind.program(), settings)
        .args(arguments)
        .output()
        .expect("the binary starts")
}

impl<K: Startable> Service<K> {
    /// Starts the service with these settings and waits until it answers.
    ///
    /// # Panics
    /// It ends, or doesn't answer in time; the message holds its log.
    pub fn start(kind: &'static K, settings: &[(&str, &str)]) -> Self {
        Self::run(kind, command(kind.program(), settings))
    }

    /// The same on this port, as one that comes back to where it was.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_on(kind: &'static K, port: u16, settings: &[(&str, &str)]) -> Self {
        Self::run_on(kind, port, command(kind.program(), settings))
    }

    /// The same with listening sockets of these names, as systemd hands them over. The first
    /// is the service's.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_with_sockets(
        kind: &'static K,
        sockets: &[(&TcpListener, &str)],
        settings: &[(&str, &str)],
    ) -> Self {
        // They arrive as 3 and up; a shell can arrange that, and knows the pid. Until then they
        // have high numbers, so that none of them is in the way of another.
        let inherited: Vec<OwnedFd> = sockets
            .iter()
            .map(|(socket, _)| {
                let copy = fcntl_dupfd_cloexec(socket, 64).expect("a number is free");
                fcntl_setfd(&copy, FdFlags::empty()).expect("a socket can be inherited");
                copy
            })
            .collect();
        let redirections: Vec<String> = (3..)
            .zip(&inherited)
            .map(|(target, copy)| format!("{target}<&{}", copy.as_raw_fd()))
            .collect();
        let script = format!("LISTEN_PID=$$ exec \"$0\" {}", redirections.join(" "));
        let names: Vec<&str> = sockets.iter().map(|(_, name)| *name).collect();
        let mut shell = Command::new("bash");
        shell
            .arg("-c")
            .arg(script)
            .arg(binary(kind.program().binary));
        prepare(&mut shell, kind.program(), settings);
        shell
            .env("LISTEN_FDS", sockets.len().to_string())
            .env("LISTEN_FDNAMES", names.join(":"));
        let port = sockets[0].0.local_addr().expect("it listens").port();
        Self::run_on(kind, port, shell)
    }

    /// The same inside a memory cgroup.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_in(kind: &'static K, group: &MemoryGroup, settings: &[(&str, &str)]) -> Self {
        Self::run(kind, group.enter(&command(kind.program(), settings)))
    }

    fn run(kind: &'static K, command: Command) -> Self {
        // The port is free now and, as nobody else picks ports here, also a moment later.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .expect("loopback has a free port")
            .port();
        Self::run_on(kind, port, command)
    }

    fn run_on(kind: &'static K, port: u16, mut command: Command) -> Self {
        let log = tempfile::NamedTempFile::new().expect("a log file can be made");
        let child = command
            .env(kind.program().own("PORT"), port.to_string())
            .stdout(Stdio::null())
            .stderr(log.reopen().expect("the log can be opened twice"))
            .spawn()
            .expect("the binary starts");
        let mut service = Self {
            kind,
            child,
            port,
            log,
        };
        let started = Instant::now();
        while !service.client().is_alive() {
            if let Some(status) = service.child.try_wait().expect("a child can be waited for") {
                panic!("the service ended with {status}:\n{}", service.log());
            }
            assert!(
                started.elapsed() < START_LIMIT,
                "no answer:\n{}",
                service.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        service
    }

    /// Which one it is.
    pub fn kind(&self) -> &'static K {
        self.kind
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// `http://127.0.0.1:PORT` of its probes, which it must have been told to serve.
    ///
    /// # Panics
    /// It doesn't serve any.
    pub fn probe_url(&self) -> String {
        let log = self.log();
        let line = log.lines().find(|it| it.contains("listening for probes"));
        let line = line.expect("it was told to have a probe port");
        let (_, address) = line.split_once("address=").expect("the log names it");
        format!("http://{}", address.trim())
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process, the same for its whole life.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A client of this service.
    pub fn client(&self) -> Client {
        Client::new(self.url())
    }

    /// Waits until so many requests have a slot.
    ///
    /// # Panics
    /// It takes too long.
    pub fn wait_for_active(&self, requests: usize) {
        let client = self.client();
        wait_until(&format!("{requests} slots are taken"), || {
            client.slots()["active"] == requests
        });
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }

    /// Checks that nothing in it has panicked so far.
    ///
    /// # Panics
    /// Something has; the message holds the log's line.
    pub fn assert_no_panic(&self) {
        let log = self.log();
        let panic = log.lines().find(|line| line.contains("panicked"));
        assert!(panic.is_none(), "{panic:?}");
    }

    /// Sends SIGTERM.
    ///
    /// # Panics
    /// The process is gone already.
    pub fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("the service still runs");
    }

    /// Ends it as a crash would: no chance to say anything.
    ///
    /// # Panics
    /// It can't be ended.
    pub fn kill(&mut self) {
        self.child.kill().expect("it is this process's child");
        self.child.wait().expect("a child can be waited for");
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// It doesn't end within a minute.
    pub fn wait(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            assert!(
                started.elapsed() < START_LIMIT,
                "it doesn't end:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl<K: Startable> Drop for Service<K> {
    fn drop(&mut self) {
        // Whoever reads why a test failed wants to know what the service thought of it.
        if std::thread::panicking() {
            let log = self.log();
            let of_interest = |line: &&str| {
                [" WARN ", " ERROR ", "panicked"]
                    .iter()
                    .any(|it| line.contains(it))
            };
            let lines: Vec<&str> = log.lines().filter(of_interest).collect();
            let last = &lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..];
            eprintln!("the service's log, in part:\n{}", last.join("\n"));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks again and again until the condition holds.
///
/// # Panics
/// It doesn't within a minute.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(
            started.elapsed() < Duration::from_mins(1),
            "not in time: {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
