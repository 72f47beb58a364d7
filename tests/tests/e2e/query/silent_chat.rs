//! A chat server that takes every question and answers none.

use std::io::{ErrorKind, Read as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Generous: the machines that run this are slow and shared.
const PATIENCE: Duration = Duration::from_mins(2);

/// See the module.
pub(super) struct SilentChat {
    port: u16,
    asked: mpsc::Receiver<Asked>,
}

/// A question that is not answered.
pub(super) struct Asked(TcpStream);

impl SilentChat {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, asked) = mpsc::channel();
        // It ends with the test's process.
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let sender = sender.clone();
                thread::spawn(move || {
                    // The question is small: its first bytes are proof enough.
                    if matches!(connection.read(&mut [0; 16_384]), Ok(1..)) {
                        let _ = sender.send(Asked(connection));
                    }
                });
            }
        });
        Self { port, asked }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// The next question.
    pub(super) fn asked(&self) -> Asked {
        self.asked.recv_timeout(PATIENCE).unwrap()
    }
}

impl Asked {
    /// Whoever asked closes the connection.
    pub(super) fn assert_hung_up(mut self) {
        self.0.set_read_timeout(Some(PATIENCE)).unwrap();
        loop {
            match self.0.read(&mut [0; 16_384]) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return,
                Err(error) => panic!("{error}"),
            }
        }
    }
}
