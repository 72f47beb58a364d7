//! From endpoints to a running service: what is the same for all of them.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use futures::future::BoxFuture;
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;

use crate::callers::Callers;
use crate::config::CommonConfig;
use crate::core::ServiceCore;
use crate::health::{Details, HealthState, ModelHealth, ReadinessCheck};
use crate::jobs::Jobs;
use crate::limits::BodyLimit;
use crate::middleware::Middleware;
use crate::model_slots::ModelOptions;
use crate::models_api::{self, NamedModels};
use crate::server::{InheritedSockets, Listening, Server, ServerOptions};

/// A step that a service takes before its first connection.
type Preparation = BoxFuture<'static, Result<(), String>>;

/// A service and everything around its endpoints.
pub struct Assembly {
    core: Arc<ServiceCore>,
    api: OpenApiRouter,
    callers: Callers,
    body_limit: BodyLimit,
    checks: Vec<Box<dyn ReadinessCheck>>,
    models: Option<ModelHealth>,
    details: Option<Details>,
    preparations: Vec<Preparation>,
}

impl Assembly {
    /// A service with these endpoints of its own, without models.
    ///
    /// # Errors
    /// One line that says which setting can't be used.
    pub fn new(
        core: Arc<ServiceCore>,
        api: OpenApiRouter,
        body_limit: BodyLimit,
        config: &CommonConfig,
    ) -> Result<Self, String> {
        let callers = Callers::configured(&config.callers, &core.temporary_keys)?;
        Ok(Self {
            core,
            api,
            callers,
            body_limit,
            checks: Vec::new(),
            models: None,
            details: None,
            preparations: Vec::new(),
        })
    }

    /// Something else that readiness depends on.
    #[must_use]
    pub fn with_check(mut self, check: impl ReadinessCheck) -> Self {
        self.checks.push(Box::new(check));
        self
    }

    /// Adds fields of the service's own to `/health/detailed`.
    #[must_use]
    pub fn with_details(
        mut self,
        details: impl Fn() -> Map<String, Value> + Send + Sync + 'static,
    ) -> Self {
        self.details = Some(Arc::new(details));
        self
    }

    /// A step that is taken when readings of memory come in, before the first connection is
    /// accepted. Its error ends the start and is one line for the operator.
    #[must_use]
    pub fn prepared_by(
        mut self,
        step: impl Future<Output = Result<(), String>> + Send + 'static,
    ) -> Self {
        self.preparations.push(Box::pin(step));
        self
    }

    /// Adds the models of these jobs: their endpoints, what the probes say of them, and that
    /// the default one is loaded before the start is over if the operator wants it.
    #[must_use]
    pub fn with_models<L: NamedModels>(
        mut self,
        jobs: &Arc<Jobs<L>>,
        default_model: &str,
        options: &ModelOptions,
    ) -> Self {
        self.api = self.api.merge(models_api::routes(Arc::clone(jobs)));
        let states = Arc::new(jobs.models.clone());
        self.models = Some(ModelHealth::new(states, default_model, options));
        if !options.preload {
            return self;
        }
        let (models, id) = (jobs.models.clone(), default_model.to_string());
        self.prepared_by(async move {
            let loaded = models.lease(&id).await;
            loaded.map(drop).map_err(|error| error.to_string())
        })
    }

    /// Everything that it answers.
    pub fn into_router(self, config: &CommonConfig) -> Router {
        self.into_parts(config).1
    }

    fn into_parts(self, config: &CommonConfig) -> (HealthState, Router, Vec<Preparation>) {
        let Self {
            core,
            api,
            callers,
            body_limit,
            checks,
            models,
            details,
            preparations,
        } = self;
        let health =
            HealthState::new(core, checks, models, config, body_limit).with_details(details);
        let middleware = Middleware {
            health: health.clone(),
            callers,
            body_limit,
        };
        (health, middleware.around(api), preparations)
    }

    /// Runs it on these sockets until it is told to stop.
    ///
    /// # Errors
    /// One line for the operator: what can't be used and what to do.
    pub async fn run(self, config: &CommonConfig, bound: Bound) -> Result<(), String> {
        bound.warn(self.callers.is_everybody());
        let _watcher = self.core.watch_pressure();
        let (health, router, preparations) = self.into_parts(config);
        for step in preparations {
            step.await?;
        }
        Server {
            listening: bound.service,
            probe_listening: bound.probe,
            router,
            health,
        }
        .run(&config.server)
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
        options: &ServerOptions,
        mut sockets: InheritedSockets,
    ) -> Result<Bound, String> {
        let address = |port| SocketAddr::new(options.host, port);
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

/// Whether a setting differs from where the service listens. An operator who left the address
/// at its default has not asked for it.
fn is_overruled(configured: SocketAddr, actual: SocketAddr) -> bool {
    let is_port_other = configured.port() != 0 && configured.port() != actual.port();
    is_port_other || (!configured.ip().is_loopback() && configured.ip() != actual.ip())
}

#[cfg(test)]
mod tests;
