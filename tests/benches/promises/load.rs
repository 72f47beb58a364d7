//! Clients of all kinds.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use voice_stack_tests::raw;
use voice_stack_tests::service::Service;

/// A client that is turned away comes back after this: sooner than it was told.
const IMPATIENCE: Duration = Duration::from_millis(50);

/// So many clients ask one after another for so long: times of those served, without their
/// time in the queue, and of those turned away. The queue is left out because it is always
/// full beside a surplus, and empty for a moment between two requests of a steady client.
pub(crate) fn clients(
    asr: &Service,
    clients: usize,
    audio: &[u8],
    window: Duration,
) -> (Vec<Duration>, Vec<Duration>) {
    let ends = Instant::now() + window;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|_| {
                scope.spawn(move || {
                    let client = asr.client();
                    let (mut served, mut refused) = (Vec::new(), Vec::new());
                    while Instant::now() < ends {
                        let asked = Instant::now();
                        let answer = client.transcribe(audio, &[]);
                        match answer.status {
                            200 => {
                                let waited = answer.header("x-queue-wait-ms").unwrap();
                                let waited = Duration::from_millis(waited.parse().unwrap());
                                served.push(asked.elapsed().saturating_sub(waited));
                            }
                            503 if answer.code() == "queue_full" => {
                                refused.push(asked.elapsed());
                                std::thread::sleep(IMPATIENCE);
                            }
                            status => panic!("{status}: {}", answer.text),
                        }
                    }
                    (served, refused)
                })
            })
            .collect();
        let (mut served, mut refused) = (Vec::new(), Vec::new());
        for thread in threads {
            let (some, others) = thread.join().unwrap();
            served.extend(some);
            refused.extend(others);
        }
        (served, refused)
    })
}

/// Connections that send a byte a second and never come to an end.
pub(crate) struct SlowConnections {
    trickle: JoinHandle<()>,
    watch: JoinHandle<Duration>,
}

impl SlowConnections {
    pub(crate) fn open(port: u16, heads: usize, bodies: usize) -> Self {
        let head = b"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: localhost\r\n";
        let body = [
            &head[..],
            b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n--b\r\n",
        ]
        .concat();
        let mut connections = Vec::new();
        for (count, beginning) in [(heads, &head[..]), (bodies, &body)] {
            connections.extend((0..count).map(|_| (Instant::now(), raw::send(port, beginning))));
        }
        let connections: Arc<Vec<(Instant, TcpStream)>> = Arc::new(connections);
        let all_closed = Arc::new(AtomicBool::new(false));
        let trickle = std::thread::spawn({
            let (connections, all_closed) = (Arc::clone(&connections), Arc::clone(&all_closed));
            move || {
                while !all_closed.load(Ordering::SeqCst) {
                    for (_, stream) in connections.iter() {
                        let mut stream: &TcpStream = stream;
                        let _ = stream.write_all(b"x");
                    }
                    std::thread::sleep(Duration::from_secs(1));
                }
            }
        });
        let watch = std::thread::spawn(move || {
            let open_for = connections.iter().map(|(opened, stream)| {
                raw::rest_of(stream);
                opened.elapsed()
            });
            let longest = open_for.max().unwrap_or_default();
            all_closed.store(true, Ordering::SeqCst);
            longest
        });
        Self { trickle, watch }
    }

    /// Waits for the service to close them all; how long the last one was open.
    pub(crate) fn until_closed(self) -> Duration {
        self.trickle.join().unwrap();
        self.watch.join().unwrap()
    }
}

/// What a service computes while nobody asks for anything.
pub(crate) struct Background<'a> {
    asr: &'a Service,
    since: Instant,
    cpu_seconds: f64,
}

impl<'a> Background<'a> {
    pub(crate) fn of(asr: &'a Service) -> Self {
        Self {
            asr,
            since: Instant::now(),
            cpu_seconds: asr.cpu_seconds(),
        }
    }

    pub(crate) fn cpu_percent(&self) -> f64 {
        let busy = self.asr.cpu_seconds() - self.cpu_seconds;
        100.0 * busy / self.since.elapsed().as_secs_f64()
    }
}
