//! From endpoints and models to a running service: what is the same for both.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

use crate::auth::ApiKeys;
use crate::config::CommonConfig;
use crate::health::HealthState;
use crate::jobs::Jobs;
use crate::limits::BodyLimit;
use crate::middleware::Middleware;
use crate::models_api::{self, NamedModels};
use crate::server::{InheritedSockets, Listening, Server};

/// A service that is ready to be run.
pub struct Assembled<L: NamedModels> {
    /// Everything that it answers.
    pub router: Router,
    /// What the probes look at.
    pub health: HealthState,
    /// What computes.
    pub jobs: Arc<Jobs<L>>,
    /// No key is needed.
    is_open_to_all: bool,
}

impl<L: NamedModels> Assembled<L> {
    /// Puts the middleware around a service's own endpoints `api`.
    ///
    /// # Errors
    /// One line that says which setting can't be used.
    pub fn new(
        api: OpenApiRouter,
        jobs: Arc<Jobs<L>>,
        default_model: &str,
        body_limit: BodyLimit,
        config: &CommonConfig,
    ) -> Result<Self, String> {
        let keys = ApiKeys::configured(config.api_keys_file.as_deref())?;
        let is_open_to_all = keys.is_empty();
        let health = HealthState::new(
            Arc::clone(&jobs.core),
            Arc::new(jobs.models.clone()),
            default_model,
            config,
            body_limit,
        );
        let middleware = Middleware {
            health: health.clone(),
            keys,
            cors_origins: config.cors_origins.clone(),
            body_limit,
        };
        let router = middleware.around(api.merge(models_api::routes(Arc::clone(&jobs))))?;
        Ok(Self {
            router,
            health,
            jobs,
            is_open_to_all,
        })
    }

    /// Runs it on these sockets until it is told to stop.
    ///
    /// # Errors
    /// One line for the operator: what can't be used and what to do.
    pub async fn run(self, config: &CommonConfig, bound: Bound) -> Result<(), String> {
        bound.warn(self.is_open_to_all);
        let _watcher = self.jobs.core.watch_pressure();
        if config.preload {
            let loaded = self.jobs.models.lease(&self.health.default_model).await;
            loaded.map_err(|error| error.to_string())?;
        }
        Server {
            listening: bound.service,
            probe_listening: bound.probe,
            router: self.router,
            health: self.health,
        }
        .run(config)
        .await
    }
}

/// Where a service listens.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// For everything.
    pub service: u16,
    /// For probes and metrics only, if they have a port of their own.
    pub probe: Option<u16>,
}

impl Ports {
    /// Takes them, or the sockets that systemd handed over. A service does so before it logs
    /// anything: where it can't start, the reason is all that an operator sees.
    ///
    /// # Errors
    /// One line that says which port can't be used and why.
    pub fn bind(
        self,
        config: &CommonConfig,
        mut sockets: InheritedSockets,
    ) -> Result<Bound, String> {
        let address = |port| SocketAddr::new(config.host, port);
        Ok(Bound {
            configured: address(self.service),
            service: sockets.service(address(self.service))?,
            probe: sockets.probe(self.probe.map(address))?,
        })
    }
}

/// The sockets of a service that is about to run.
pub struct Bound {
    configured: SocketAddr,
    service: Listening,
    probe: Option<Listening>,
}

impl Bound {
    /// Tells of what an operator may not have meant.
    fn warn(&self, is_open_to_all: bool) {
        let Ok(address) = self.service.address() else {
            return;
        };
        if is_overruled(self.configured, address) {
            tracing::warn!(
                configured = %self.configured,
                %address,
                "HOST and the port have no effect: the socket unit says where to listen"
            );
        }
        if is_open_to_all && !address.ip().is_loopback() {
            tracing::warn!(
                %address,
                "open to the network without API keys: whoever reaches it may use it"
            );
        }
    }
}

/// Whether a setting differs from where the service listens. An address that was left as it is
/// by default is nobody's wish.
fn is_overruled(configured: SocketAddr, actual: SocketAddr) -> bool {
    let is_port_other = configured.port() != 0 && configured.port() != actual.port();
    is_port_other || (!configured.ip().is_loopback() && configured.ip() != actual.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_unit_overrules_only_what_somebody_has_asked_for() {
        for (configured, actual, overruled) in [
            ("127.0.0.1:5001", "127.0.0.1:5001", false),
            ("127.0.0.1:5001", "0.0.0.0:5001", false),
            ("127.0.0.1:5003", "127.0.0.1:5001", true),
            ("0.0.0.0:5001", "127.0.0.1:5001", true),
            ("0.0.0.0:5001", "0.0.0.0:5001", false),
            ("127.0.0.1:0", "127.0.0.1:39999", false),
        ] {
            let parse = |text: &str| text.parse().unwrap();
            assert_eq!(
                is_overruled(parse(configured), parse(actual)),
                overruled,
                "{configured} {actual}"
            );
        }
    }
}
