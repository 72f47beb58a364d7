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
