//! How long a request had to wait for a new connection.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tower::{Layer, Service};

tokio::task_local! {
    static CONNECTED_IN: Cell<Option<Duration>>;
}

/// Runs an exchange; also gives how long connecting took, if the exchange had to wait for that.
///
/// A connection that is begun for a request may go to another one, if one of theirs is free
/// sooner. It is then counted nowhere: no request waited for it.
pub(super) async fn noting_connect<T>(exchange: impl Future<Output = T>) -> (T, Option<Duration>) {
    CONNECTED_IN
        .scope(Cell::new(None), async {
            let result = exchange.await;
            (result, CONNECTED_IN.with(Cell::get))
        })
        .await
}

/// The layer that times a connector.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeConnects;

impl<S> Layer<S> for TimeConnects {
    type Service = Timed<S>;

    fn layer(&self, connector: S) -> Timed<S> {
        Timed(connector)
    }
}

/// A connector that notes its time.
#[derive(Debug, Clone)]
pub(super) struct Timed<S>(S);

impl<S, To> Service<To> for Timed<S>
where
    S: Service<To>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, to: To) -> Self::Future {
        let began = Instant::now();
        let connecting = self.0.call(to);
        Box::pin(async move {
            let connected = connecting.await;
            let note = |it: &Cell<_>| it.set(Some(began.elapsed()));
            // Outside of an exchange no request waits for the connection.
            let _ = CONNECTED_IN.try_with(note);
            connected
        })
    }
}
