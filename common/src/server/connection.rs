//! One connection: what it may take how long for, and how it ends when it takes longer.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::time::Interval;
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use super::activity::{Activity, Phase, Watched};
use super::limits::ConnectionLimits;
use super::refusal;
use super::upgrade::{AfterUpgrade, Upgraded};
use crate::ApiError;
use crate::core::ServiceCore;
use crate::metrics::ConnectionEnd;
use crate::rate_limit::Peer;

/// What all connections of a listener share.
pub(super) struct Shared {
    pub(super) limits: ConnectionLimits,
    pub(super) core: Arc<ServiceCore>,
    /// Connections end with the answer that they are at.
    pub(super) closing: CancellationToken,
}

/// A request's head: all of its headers together.
const HEAD_BYTES: usize = 64 * 1024;

/// What the first request of a connection takes to come once the service closes its connections:
/// more than a packet is on its way.
const FIRST_REQUEST: Duration = Duration::from_millis(500);

/// Ends a request when dropped. It rides in the answer's body, which hyper drops when it has
/// been sent or can't be.
struct RequestEnd(Arc<Activity>);

impl Drop for RequestEnd {
    fn drop(&mut self) {
        self.0.enter(Phase::Idle);
    }
}

/// Where an answer 101 leaves what its connection goes on with.
#[derive(Clone, Default)]
struct UpgradeSlot(Arc<Mutex<Option<(OnUpgrade, AfterUpgrade)>>>);

async fn answer(
    mut router: Router,
    mut request: Request<Incoming>,
    peer: Option<Peer>,
    activity: Arc<Activity>,
    shared: Arc<Shared>,
    slot: UpgradeSlot,
) -> Result<Response<impl HttpBody<Data = Bytes, Error = axum::Error>>, Infallible> {
    let on_upgrade = hyper::upgrade::on(&mut request);
    if let Some(peer) = peer {
        request.extensions_mut().insert(peer);
    }
    let mut response = router.call(request.map(Body::new)).await?;
    let after = response.extensions_mut().remove::<AfterUpgrade>();
    let end = match after {
        Some(after) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
            *slot.0.lock() = Some((on_upgrade, after));
            // No next request will come: the connection stays as busy as it is.
            None
        }
        _ => Some(RequestEnd(activity)),
    };
    if end.is_some() && shared.core.is_draining() {
        // The client should not send its next request to a service that is about to leave.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    Ok(response.map(|body| {
        body.map_frame(move |frame| {
            let _rides_along = &end;
            frame
        })
    }))
}

/// Returns when the connection may end as far as the acceptor is concerned. A client that has
/// just connected is about to ask: its request gets an answer, which ends the connection, where
/// an end before it would look like a crash.
async fn may_end(shared: &Shared, activity: &Activity) {
    shared.closing.cancelled().await;
    if activity.is_new() {
        tokio::time::sleep(FIRST_REQUEST).await;
    }
}

/// Serves requests until the client leaves, a time limit passes, or the acceptor closes; then
/// what the connection was upgraded to, if it was.
pub(super) async fn serve(stream: TcpStream, router: Router, shared: Arc<Shared>) {
    let activity = Arc::new(Activity::new());
    let peer = stream.peer_addr().ok().map(|it| Peer(it.ip()));
    let slot = UpgradeSlot::default();
    let service = hyper::service::service_fn({
        let (activity, shared) = (Arc::clone(&activity), Arc::clone(&shared));
        let slot = slot.clone();
        move |request| {
            activity.enter(Phase::Busy);
            answer(
                router.clone(),
                request,
                peer,
                Arc::clone(&activity),
                Arc::clone(&shared),
                slot.clone(),
            )
        }
    });
    let watched = Watched {
        stream,
        activity: Arc::clone(&activity),
    };
    let mut connection = http1::Builder::new()
        .max_header_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(watched), service)
        .with_upgrades();

    let mut check = tokio::time::interval(shared.limits.check_every());
    check.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut closing = std::pin::pin!(may_end(&shared, &activity));
    let mut is_closing = false;
    let end = loop {
        tokio::select! {
            // In this order: a request that has come goes before an end.
            biased;
            ended = &mut connection => {
                if let Err(cause) = ended {
                    tracing::debug!(%cause, "a connection broke");
                    return;
                }
                let Some(upgrade) = slot.0.lock().take() else { return };
                match serve_upgraded(upgrade, &shared, &activity, &mut check).await {
                    None => return,
                    Some(end) => break end,
                }
            }
            () = &mut closing, if !is_closing => {
                is_closing = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
            _ = check.tick() => {
                if let Some(end) = activity.overdue(&shared.limits) {
                    break end;
                }
            }
        }
    };
    tracing::debug!(reason = end.label(), "closing a connection");
    shared.core.metrics.connection_closed(end);
    if end == ConnectionEnd::SlowHead
        && let Some(parts) = connection.into_parts()
    {
        let stream = parts.io.into_inner().stream;
        refusal::send(stream, &ApiError::RequestTimeout { part: "head" }).await;
    }
}

/// Runs what the connection was upgraded to, to its end or until a time limit passes.
async fn serve_upgraded(
    (on_upgrade, after): (OnUpgrade, AfterUpgrade),
    shared: &Shared,
    activity: &Activity,
    check: &mut Interval,
) -> Option<ConnectionEnd> {
    let (task, upgraded) = (after.take()?, on_upgrade.await.ok()?);
    let parts = upgraded
        .downcast::<TokioIo<Watched>>()
        .expect("what was handed to hyper comes back");
    let mut task = task(Upgraded {
        stream: parts.io.into_inner(),
        read_ahead: parts.read_buf,
        going_away: shared.closing.clone(),
        service: shared.core.cancellation.clone(),
    });
    loop {
        tokio::select! {
            () = &mut task => return None,
            _ = check.tick() => {
                if let Some(end) = activity.overdue(&shared.limits) {
                    return Some(end);
                }
            }
        }
    }
}
