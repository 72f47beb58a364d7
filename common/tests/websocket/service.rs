//! The echo service as a process.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Longer than anything takes, however busy the box is.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// A running echo service, killed when dropped.
pub(crate) struct Service {
    process: Child,
    pub(crate) port: u16,
    log: Receiver<String>,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Service {
    pub(crate) fn start(flags: &[&str]) -> Self {
        // Cargo builds examples before tests, beside them.
        let tests = std::env::current_exe().unwrap();
        let built = tests.parent().and_then(|it| it.parent()).unwrap();
        // A directory without an `.env` of somebody's own.
        let mut process = Command::new(built.join("examples/echo"))
            .args(["--port", "0", "--log-format", "json"])
            .args(flags)
            .current_dir("/")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let (sender, log) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let port = loop {
            let line = log.recv_timeout(LONG).expect("it listens");
            let entry: serde_json::Value = serde_json::from_str(&line).expect(&line);
            if entry["message"] == "listening" {
                let address = entry["address"].as_str().unwrap();
                break address.rsplit(':').next().unwrap().parse().unwrap();
            }
        };
        Self { process, port, log }
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        let pid = self.process.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(killed.unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < LONG, "it never ends");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it has logged since it listened. It has to be ended.
    pub(crate) fn log(&self) -> String {
        self.log.iter().collect::<Vec<_>>().join("\n")
    }

    /// The answer to a request that asks for nothing more.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Waits until the metrics have all of these lines.
    pub(crate) fn shows(&self, lines: &[&str]) {
        let begun = Instant::now();
        loop {
            let metrics = self.get("/metrics");
            if lines.iter().all(|line| metrics.contains(line)) {
                return;
            }
            assert!(begun.elapsed() < LONG, "{lines:?} not in\n{metrics}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
