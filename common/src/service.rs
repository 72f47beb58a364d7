//! From endpoints and models to a running service: what is the same for both.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

use crate::auth::ApiKeys;
use crate::config::CommonConfig;
use crate::frame::{Frame, frame};
use crate::health::HealthState;
use crate::jobs::Jobs;
use crate::limits::BodyLimit;
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
}

impl<L: NamedModels> Assembled<L> {
    /// Puts the frame around a service's own endpoints `api`.
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
        let keys = match &config.api_keys_file {
            Some(file) => ApiKeys::from_file(file)
                .map_err(|cause| format!("API_KEYS_FILE: {}: {cause}", file.display()))?,
            None => ApiKeys::default(),
        };
        let health = HealthState::new(
            Arc::clone(&jobs.core),
            Arc::new(jobs.models.clone()),
            default_model,
            config,
            body_limit,
        );
        let router = frame(
            api.merge(models_api::routes(Arc::clone(&jobs))),
            Frame {
                health: health.clone(),
                keys,
                cors_origins: config.cors_origins.clone(),
                body_limit,
            },
        )?;
        Ok(Self {
            router,
            health,
            jobs,
        })
    }

    /// Runs it on these sockets until it is told to stop.
    ///
    /// # Errors
    /// One line for the operator: what can't be used and what to do.
    pub async fn run(self, config: &CommonConfig, bound: Bound) -> Result<(), String> {
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
            service: sockets.service(address(self.service))?,
            probe: sockets.probe(self.probe.map(address))?,
        })
    }
}

/// The sockets of a service that is about to run.
pub struct Bound {
    service: Listening,
    probe: Option<Listening>,
}
