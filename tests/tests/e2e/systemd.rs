//! What a service manager sees, without one: notifications and inherited sockets.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use voice_stack_tests::client::Client;
use voice_stack_tests::kind::Kind;
use voice_stack_tests::raw;
use voice_stack_tests::service::Service;

for_both! {
    a_service_manager_is_told_of_the_start_the_watchdog_and_the_end,
    without_a_watchdog_only_the_status_is_kept_true,
    sockets_of_a_service_manager_are_taken_and_outlive_the_service,
}

/// Listens where systemd would.
struct Manager {
    socket: UnixDatagram,
    dir: tempfile::TempDir,
}

impl Manager {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(dir.path().join("notify")).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        Self { socket, dir }
    }

    fn address(&self) -> String {
        self.dir.path().join("notify").to_str().unwrap().to_string()
    }

    /// Reads news until one holds this line, and gives it.
    fn until(&self, line: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            let length = self.socket.recv(&mut buffer).expect("news come");
            let news = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if news.lines().any(|it| it.starts_with(line)) {
                return news;
            }
        }
    }
}

fn a_service_manager_is_told_of_the_start_the_watchdog_and_the_end(kind: &'static Kind) {
    let manager = Manager::new();
    let mut service = Service::start(
        kind,
        &[
            ("NOTIFY_SOCKET", &manager.address()),
            ("WATCHDOG_USEC", "600000"),
            ("DRAIN_GRACE_SECONDS", "0"),
        ],
    );
    let ready = manager.until("READY=1");
    assert!(
        ready.contains("STATUS=0 of 2 slots in use, 0 waiting"),
        "{ready}"
    );
    for _ in 0..3 {
        manager.until("WATCHDOG=1");
    }
    service.terminate();
    let stopping = manager.until("STOPPING=1");
    assert!(stopping.contains("EXTEND_TIMEOUT_USEC="), "{stopping}");
    assert_eq!(service.wait().code(), Some(0));
}

fn without_a_watchdog_only_the_status_is_kept_true(kind: &'static Kind) {
    let manager = Manager::new();
    let _service = Service::start(kind, &[("NOTIFY_SOCKET", &manager.address())]);
    manager.until("READY=1");
    assert!(!manager.until("STATUS=").contains("WATCHDOG"));
}

fn sockets_of_a_service_manager_are_taken_and_outlive_the_service(kind: &'static Kind) {
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (main, probe) = (listen(), listen());
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    let client = |listener| Client::new(format!("http://127.0.0.1:{}", port(listener)));
    let mut early = None;
    for _ in 0..2 {
        let mut service = Service::start_with_sockets(
            kind,
            &[(&main, kind.name), (&probe, "probe")],
            &[("DRAIN_GRACE_SECONDS", "0")],
        );
        assert!(client(&main).is_alive() && client(&probe).is_alive());
        assert_eq!(client(&main).get("/v1/models").status, 200);
        assert_eq!(client(&probe).get("/metrics").status, 200);
        assert_eq!(
            client(&probe).get("/v1/models").code(),
            "not_found",
            "probes only"
        );
        if let Some(stream) = early.take() {
            let answer = raw::rest_of(&stream);
            assert_eq!(raw::status_of(&answer), Some(200), "{answer}");
        }
        service.terminate();
        assert_eq!(service.wait().code(), Some(0));
        // Whoever comes between two instances is served by the next.
        let request = b"GET /health HTTP/1.1\r\nHost: l\r\nConnection: close\r\n\r\n";
        early = Some(raw::send(port(&main), request));
    }
}
