//! The life of a service: listening, serving, draining, and telling systemd about it.

mod accept;
mod activity;
mod connection;
mod limits;
mod listen;
mod open_files;
pub(crate) mod options;
mod refusal;
mod systemd;
mod upgrade;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use self::accept::{Acceptor, Listener};
pub use self::limits::ConnectionLimits;
pub use self::listen::{InheritedSockets, Listening};
pub use self::options::ServerOptions;
pub(crate) use self::upgrade::{AfterUpgrade, Upgraded};
use crate::cancellation::CancelCause;
use crate::core::ServiceCore;
use crate::error::no_such_route;
use crate::health::{self, HealthState};

/// How long cancelled jobs are given to notice before the process ends under them.
const TIME_TO_NOTICE: Duration = Duration::from_secs(10);
/// A permit that is held for this long after its deadline belongs to a thread that hangs: one
/// pass of the largest model takes a minute on the slowest box.
const HANGS_AFTER_DEADLINE: Duration = Duration::from_mins(3);
/// Probes and scrapers of a box; more than these at once are no probes.
const MOST_PROBE_CONNECTIONS: usize = 64;

/// How a service ends after SIGTERM. All times count from the signal.
#[derive(Debug, Clone, Copy)]
struct DrainTimes {
    /// Until then new connections are still taken: load balancers have not noticed yet.
    grace: Duration,
    /// Then what still runs is cancelled.
    limit: Duration,
}

/// A service that is ready to be run.
pub struct Server {
    /// Where it listens.
    pub listening: Listening,
    /// Where probes and metrics are served by a thread of their own, if at all.
    pub probe_listening: Option<Listening>,
    /// What it answers.
    pub router: Router,
    /// What the probes look at.
    pub health: HealthState,
}

impl Server {
    /// Serves until SIGTERM or SIGINT, then drains: unready at once, no new connections after
    /// the grace, and after the drain time what still runs is cancelled. A second signal ends
    /// the process at once.
    ///
    /// # Errors
    /// One line: signals can't be watched, or a socket or thread can't be used.
    pub async fn run(self, options: &ServerOptions) -> Result<(), String> {
        let core = Arc::clone(&self.health.core);
        let failed = |cause: std::io::Error| format!("the server failed: {cause}");
        let mut signals = StopSignals::watch().map_err(failed)?;
        let limits = ConnectionLimits::configured(options);
        open_files::allow_for(limits.max_connections);

        let address = self.listening.address().map_err(failed)?;
        let acceptor = Acceptor::new(limits, Arc::clone(&core));
        let listener = Listener::new(self.listening).map_err(failed)?;
        if let Some(listening) = self.probe_listening {
            let probe_address = listening.address().map_err(failed)?;
            serve_probes(listening, self.health, limits).map_err(failed)?;
            tracing::info!(address = %probe_address, "listening for probes");
        }
        let accepting = tokio::spawn(Arc::clone(&acceptor).run(listener, self.router));
        let stuck_after = core.request_timeout + HANGS_AFTER_DEADLINE;
        systemd::start(Arc::clone(&core), stuck_after).map_err(failed)?;
        tracing::info!(%address, "listening");

        signals.next().await;
        systemd::stopping(options.drain_timeout_seconds + TIME_TO_NOTICE);
        let times = DrainTimes {
            grace: options
                .drain_grace_seconds
                .min(options.drain_timeout_seconds),
            limit: options.drain_timeout_seconds,
        };
        tokio::select! {
            () = drain(&core, &acceptor, accepting, times) => {}
            () = signals.next() => {
                tracing::warn!("second signal: ending at once");
                // Ends the process as the signal would: nothing waits for native threads.
                let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTERM);
            }
        }
        Ok(())
    }
}

async fn drain(
    core: &ServiceCore,
    acceptor: &Acceptor,
    accepting: JoinHandle<()>,
    times: DrainTimes,
) {
    let begun = Instant::now();
    let occupancy = core.admission.occupancy();
    tracing::info!(
        running = occupancy.active,
        waiting = occupancy.queued,
        "draining"
    );
    core.start_draining();
    tokio::time::sleep_until(begun + times.grace).await;
    core.start_refusing();
    acceptor.stopping.cancel();
    acceptor.shared.closing.cancel();
    let _ = accepting.await;
    acceptor.open.close();
    let limit = tokio::time::sleep_until(begun + times.limit);
    tokio::select! {
        () = acceptor.open.wait() => {
            // A job whose client has left may still compute.
            if tokio::time::timeout_at(begun + times.limit, all_permits_back(core)).await.is_ok() {
                tracing::info!(seconds = begun.elapsed().as_secs_f64(), "drained");
                return;
            }
        }
        () = limit => {}
    }
    tracing::warn!("drain time is over: cancelling what still runs");
    core.cancellation.cancel(CancelCause::Shutdown);
    // Ending the process under a native library that still computes could crash it.
    let ended = async {
        all_permits_back(core).await;
        acceptor.open.wait().await;
    };
    let _ = tokio::time::timeout(TIME_TO_NOTICE, ended).await;
}

async fn all_permits_back(core: &ServiceCore) {
    while core.admission.occupancy().active > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// SIGTERM and SIGINT.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn watch() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Probes and metrics on a thread and a runtime of their own, where no request of a client is
/// ever waited for. They answer until the process ends, also while it drains.
fn serve_probes(
    listening: Listening,
    health: HealthState,
    limits: ConnectionLimits,
) -> std::io::Result<()> {
    let limits = ConnectionLimits {
        max_connections: MOST_PROBE_CONNECTIONS,
        ..limits
    };
    let acceptor = Acceptor::new(limits, Arc::clone(&health.core));
    let (router, _openapi) = health::routes(health).split_for_parts();
    let router = router.fallback(no_such_route);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name("probes".into())
        .spawn(move || {
            runtime.block_on(async {
                match Listener::new(listening) {
                    Ok(listener) => acceptor.run(listener, router).await,
                    Err(cause) => tracing::error!(%cause, "probes can't be served"),
                }
            });
        })?;
    Ok(())
}
