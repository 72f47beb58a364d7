//! What all queries share, and how one gets its place.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use voice_common::ApiError;
use voice_common::core::ServiceCore;
use voice_common::limits::BodyLimit;
use voice_common::sessions::{SessionLimits, SessionUse, Sessions};
use voice_common::telemetry::REQUEST_ID_HEADER;

use super::ask::Asked;
use super::audio;
use super::documents::{Cancelled, Opened, SessionStats, Stats};
use super::fields::{Fields, QueryParameters};
use super::metrics::QueryMetrics;
use super::session::{Place, Talk, Turn};
use crate::conversation::Settings;
use crate::pipeline::Pipeline;

/// Sessions for each query that may run: most are idle, and an idle one is only its history.
const SESSIONS_FOR_EACH: usize = 20;
/// However much it is used.
const LONGEST_SESSION: Duration = Duration::from_hours(24);
/// Whoever was superseded gives its place back within this.
const PLACE_COMES_BACK: Duration = Duration::from_secs(1);
/// When one of those who run may have finished.
const RETRY_AFTER_SECONDS: u64 = 1;

/// What queries are limited to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueryLimits {
    /// At once.
    pub(crate) most: usize,
    /// A session that is not used for so long ends.
    pub(crate) session: Duration,
    /// Of the body.
    pub(crate) body: BodyLimit,
}

/// What all queries share. Clones are the same.
#[derive(Clone)]
pub(crate) struct Queries(Arc<Shared>);

pub(crate) struct Shared {
    core: Arc<ServiceCore>,
    pipeline: Pipeline,
    settings: Settings,
    limits: QueryLimits,
    sessions: Sessions<Talk>,
    places: Arc<Semaphore>,
    /// Recordings that are decoded at once: no more than there are cores.
    decoders: Semaphore,
    metrics: QueryMetrics,
}

impl Deref for Queries {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Queries {
    pub(crate) fn new(
        core: Arc<ServiceCore>,
        pipeline: Pipeline,
        settings: Settings,
        limits: QueryLimits,
        metrics: QueryMetrics,
    ) -> Self {
        let sessions = SessionLimits {
            max: limits.most.saturating_mul(SESSIONS_FOR_EACH),
            idle: limits.session,
            longest: LONGEST_SESSION,
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Shared {
            sessions: Sessions::new(sessions, core.cancellation.child()),
            core,
            pipeline,
            settings,
            places: Arc::new(Semaphore::new(limits.most)),
            limits,
            decoders: Semaphore::new(cores),
            metrics,
        }))
    }

    pub(super) fn core(&self) -> Arc<ServiceCore> {
        Arc::clone(&self.core)
    }

    pub(super) fn metrics(&self) -> &QueryMetrics {
        &self.metrics
    }

    pub(super) fn open(&self) -> Result<Opened, ApiError> {
        let session = self.sessions.open(Talk::new(&self.settings))?;
        Ok(Opened {
            session_id: session.id().to_owned(),
            expires_in_seconds: self.limits.session.as_secs_f64(),
        })
    }

    fn session(&self, id: &str) -> Result<SessionUse<Talk>, ApiError> {
        self.sessions.find(id).ok_or(ApiError::SessionNotFound)
    }

    pub(super) fn cancel(&self, session_id: String) -> Result<Cancelled, ApiError> {
        let cancelled = self.session(&session_id)?.value.cancel();
        Ok(Cancelled {
            session_id,
            cancelled,
        })
    }

    pub(super) fn stats(&self, session_id: Option<String>) -> Result<Stats, ApiError> {
        let session = session_id.map(|session_id| {
            let sight = self.session(&session_id)?.value.sight();
            Ok::<_, ApiError>(SessionStats {
                session_id,
                active: sight.is_active,
                requests: sight.queries,
                turns: sight.turns,
            })
        });
        Ok(Stats {
            sessions: self.sessions.counts(),
            max_concurrent: self.limits.most,
            totals: self.metrics.totals(),
            session: session.transpose()?,
        })
    }

    /// Takes a query in: it has arrived in full, its fields are right, the query before it is ended,
    /// it has a place, and its recording can be transcribed.
    pub(super) async fn receive(
        &self,
        parameters: QueryParameters,
        request: Request,
    ) -> Result<Asked, ApiError> {
        let arrived = Instant::now();
        let request_id = request
            .headers()
            .get(&REQUEST_ID_HEADER)
            .and_then(|it| it.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let fields = Fields::receive(parameters, request, self.limits.body).await?;
        let place = match &fields.session_id {
            Some(id) => Place::Session(self.session(id)?),
            None => Place::Alone(
                Box::new(Talk::new(&self.settings)),
                self.core.cancellation.child(),
            ),
        };
        let (turn, mut stopped) = Turn::begin(place);
        let prepare = async {
            let place = self.place(&turn).await?;
            let _decoder = self.decoders.acquire().await.map_err(ApiError::internal)?;
            Ok((place, audio::decode(fields.file).await?))
        };
        let (place, samples) = stopped.or(prepare).await?;
        let language = fields.language;
        Ok(Asked {
            language: language.unwrap_or_else(|| self.settings.language.clone()),
            voice: fields.voice,
            samples,
            request_id,
            arrived,
            received: arrived.elapsed(),
            turn,
            stopped,
            pipeline: self.pipeline.clone(),
            settings: self.settings.clone(),
            _place: place,
        })
    }

    /// One of those who may run.
    async fn place(&self, turn: &Turn) -> Result<OwnedSemaphorePermit, ApiError> {
        let places = Arc::clone(&self.places);
        let full = || ApiError::QueueFull {
            retry_after_seconds: RETRY_AFTER_SECONDS,
        };
        if turn.has_superseded {
            let place = timeout(PLACE_COMES_BACK, places.acquire_owned()).await;
            return place.map_err(|_| full())?.map_err(ApiError::internal);
        }
        places.try_acquire_owned().map_err(|_| full())
    }
}
