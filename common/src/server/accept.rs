//! Taking connections, up to a number.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures::FutureExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{self, Shared};
use super::limits::ConnectionLimits;
use super::listen::Listening;
use super::refusal;
use crate::ApiError;
use crate::core::ServiceCore;
use crate::metrics::ConnectionEnd;

/// After a failure that is not one connection's own, such as too many open files.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);
/// Refusals that are on their way at once; beyond them, a connection is dropped unanswered.
const MOST_REFUSALS: usize = 64;

/// A socket on the runtime.
pub(super) struct Listener {
    socket: TcpListener,
    is_inherited: bool,
}

impl Listener {
    /// Must be called on a runtime.
    pub(super) fn new(listening: Listening) -> std::io::Result<Self> {
        listening.socket.set_nonblocking(true)?;
        Ok(Self {
            socket: TcpListener::from_std(listening.socket)?,
            is_inherited: listening.is_inherited,
        })
    }
}

/// Takes the connections of a listener.
pub(super) struct Acceptor {
    /// What they share.
    pub(super) shared: Arc<Shared>,
    /// No new connections.
    pub(super) stopping: CancellationToken,
    /// All connections that are open.
    pub(super) open: TaskTracker,
    places: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
}

impl Acceptor {
    pub(super) fn new(limits: ConnectionLimits, core: Arc<ServiceCore>) -> Arc<Self> {
        Arc::new(Self {
            stopping: CancellationToken::new(),
            open: TaskTracker::new(),
            places: Arc::new(Semaphore::new(limits.max_connections)),
            refusals: Arc::new(Semaphore::new(MOST_REFUSALS)),
            shared: Arc::new(Shared {
                limits,
                core,
                closing: CancellationToken::new(),
            }),
        })
    }

    /// Takes connections until told to stop; the listener is closed then.
    pub(super) async fn run(self: Arc<Self>, listener: Listener, router: Router) {
        let mut is_failing = false;
        loop {
            let accepted = tokio::select! {
                () = self.stopping.cancelled() => break,
                accepted = listener.socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    is_failing = false;
                    self.take(stream, &router);
                }
                Err(cause) if is_of_one_connection(&cause) => {}
                Err(cause) => {
                    if !std::mem::replace(&mut is_failing, true) {
                        tracing::warn!(%cause, "connections can't be accepted now");
                    }
                    tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                }
            }
        }
        if !listener.is_inherited {
            // Connections that the kernel has accepted already get an answer, not a reset.
            while let Some(Ok((stream, _))) = listener.socket.accept().now_or_never() {
                self.take(stream, &router);
            }
        }
    }

    fn take(self: &Arc<Self>, stream: TcpStream, router: &Router) {
        // Answers are small and written at once: waiting to fill a packet only adds delay.
        if let Err(cause) = stream.set_nodelay(true) {
            tracing::debug!(%cause, "TCP_NODELAY could not be set");
        }
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            let connection = connection::serve(stream, router.clone(), Arc::clone(&self.shared));
            let counted = self.shared.core.metrics.connection_opened();
            self.open.spawn(async move {
                connection.await;
                drop((place, counted));
            });
            return;
        }
        self.shared
            .core
            .metrics
            .connection_closed(ConnectionEnd::TooMany);
        if let Ok(refusal) = Arc::clone(&self.refusals).try_acquire_owned() {
            self.open.spawn(async move {
                refusal::send(stream, &ApiError::TooManyConnections).await;
                drop(refusal);
            });
        }
    }
}

fn is_of_one_connection(cause: &std::io::Error) -> bool {
    matches!(
        cause.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::error::no_such_route;
    use crate::server::options::ServerOptions;
    use crate::testing;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

    #[tokio::test]
    async fn clients_that_the_kernel_has_connected_get_an_answer_when_the_listener_closes() {
        let options: ServerOptions = testing::options(&[]);
        let core = testing::core(&[]);
        let acceptor = Acceptor::new(ConnectionLimits::configured(&options), Arc::clone(&core));
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let listener = Listener::new(Listening {
            socket,
            is_inherited: false,
        });
        let mut has_asked = TcpStream::connect(address).await.unwrap();
        has_asked.write_all(REQUEST).await.unwrap();
        let mut is_about_to_ask = TcpStream::connect(address).await.unwrap();

        core.start_draining();
        acceptor.stopping.cancel();
        acceptor.shared.closing.cancel();
        let router = Router::new().fallback(no_such_route);
        Arc::clone(&acceptor).run(listener.unwrap(), router).await;
        tokio::task::yield_now().await;
        is_about_to_ask.write_all(REQUEST).await.unwrap();
        for mut client in [has_asked, is_about_to_ask] {
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 404 "), "{answer:?}");
            assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        }
        assert!(TcpStream::connect(address).await.is_err());
        acceptor.open.close();
        acceptor.open.wait().await;
    }
}
