//! One job from permit to result: admit → lease → compute, the last on a blocking thread
//! that owns the permit and the model.

use std::sync::Arc;
use std::time::Duration;

use crate::ApiError;
use crate::admission::{Permit, Priority, Urgency};
use crate::cancellation::{CancelCause, CancelStage, Cancellation};
use crate::core::ServiceCore;
use crate::metrics::{InferenceMetrics, ModelMetrics};
use crate::model_slots::{ModelLoader, ModelOptions, ModelSlots, SlotOptions};

/// Runs the jobs of a service.
pub struct Jobs<L: ModelLoader> {
    /// The service.
    pub core: Arc<ServiceCore>,
    /// What jobs compute with.
    pub models: ModelSlots<L>,
    /// What jobs cost.
    pub inference: InferenceMetrics,
}

/// A result and what the client should know about how it came about.
pub struct JobResult<T> {
    /// What the job gave.
    pub result: T,
    /// Time in the queue.
    pub waited: Duration,
}

/// What a job computes with: everything that its thread owns for the time being.
pub struct JobContext<'a, M> {
    /// The model.
    pub model: &'a M,
    /// The right to compute.
    pub permit: &'a Permit,
    /// To be looked at now and then.
    pub cancellation: &'a Cancellation,
    /// Time that the request spent in the queue.
    pub waited: Duration,
}

impl<L: ModelLoader> Jobs<L> {
    /// Adds models to a service, with what is counted of them and of their inferences. Must be
    /// called on a tokio runtime.
    pub fn new(mut core: ServiceCore, loader: L, options: &ModelOptions) -> Self {
        let (models, inference) = (ModelMetrics::default(), InferenceMetrics::default());
        core.metrics.extend(|registry| {
            models.register(registry);
            inference.register(registry);
        });
        core.metrics.may_reject_with("model_unavailable");
        let slots = SlotOptions {
            max_loaded: options.max_loaded_models,
            idle_timeout: options.idle_timeout_minutes,
            room: core.memory_room(),
        };
        Self {
            models: ModelSlots::new(loader, slots, models),
            core: Arc::new(core),
            inference,
        }
    }

    /// Runs `work` with the model `model_id`, under a permit. A client that leaves drops
    /// the future, which stops the work.
    ///
    /// # Errors
    /// Those of `work`, and everything that can happen before: rejection, deadline, …
    pub async fn run<T: Send + 'static>(
        &self,
        model_id: &str,
        priority: Priority,
        work: impl FnOnce(JobContext<'_, L::Model>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<JobResult<T>, ApiError> {
        let cancellation = self.core.cancellation.child();
        let hang_up = cancellation.cancel_on_drop();
        let done = self
            .run_until_cancelled(model_id, &priority.into(), &cancellation, work)
            .await;
        hang_up.disarm();
        done
    }

    /// As [`Self::run`], but only `cancellation` stops the work. The permit comes back when
    /// the computing has really ended, whether the request still waits for it or not.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn run_until_cancelled<T: Send + 'static>(
        &self,
        model_id: &str,
        urgency: &Urgency,
        cancellation: &Cancellation,
        work: impl FnOnce(JobContext<'_, L::Model>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<JobResult<T>, ApiError> {
        let mut stopped = CountStopped::new(&self.core, cancellation);
        // A request that waits for a permit is going to use the model, which has to stay meanwhile.
        let claim = self.models.claim(model_id);
        let admitted = tokio::select! {
            admitted = self.core.admission.admit_as(urgency) => admitted,
            () = cancellation.cancelled() => return Err(self.stopped(cancellation)),
        };
        let admitted = admitted.inspect_err(|_| stopped.answered())?;
        stopped.admitted();
        let waited = admitted.waited;
        self.core.metrics.admitted(waited);
        let deadline = async {
            tokio::time::sleep(self.core.request_timeout).await;
            cancellation.cancel(CancelCause::Deadline);
        };
        let job = async {
            let model = self.models.lease(model_id).await;
            drop(claim);
            let model = model.inspect_err(|_| stopped.answered())?;
            let permit = admitted.permit;
            let cancellation = cancellation.clone();
            let span = tracing::Span::current();
            tokio::task::spawn_blocking(move || {
                let _span = span.enter();
                let _counted = stopped.by_its_cause();
                work(JobContext {
                    model: &model,
                    permit: &permit,
                    cancellation: &cancellation,
                    waited,
                })
            })
            .await
            .unwrap_or_else(|panic| Err(ApiError::internal(panic)))
        };
        let outcome = tokio::select! {
            outcome = job => outcome,
            // The job notices by itself; its permit and its model stay with it until then.
            () = deadline => Err(self.stopped(cancellation)),
            () = cancellation.cancelled() => Err(self.stopped(cancellation)),
        };
        outcome.map(|result| JobResult { result, waited })
    }

    fn stopped(&self, cancellation: &Cancellation) -> ApiError {
        let cause = cancellation.cause().unwrap_or(CancelCause::Shutdown);
        ApiError::cancelled(cause, self.core.request_timeout)
    }
}

/// What a job gives that found itself cancelled. Its request was answered when it was
/// cancelled.
pub fn stopped_early(cancellation: &Cancellation) -> ApiError {
    let cause = cancellation.cause().unwrap_or(CancelCause::Shutdown);
    ApiError::cancelled(cause, Duration::ZERO)
}

/// Counts a request that was stopped, once, under the stage that it had reached. What carries
/// the request on owns it: first the future, then the job.
struct CountStopped {
    core: Arc<ServiceCore>,
    cancellation: Cancellation,
    stage: CancelStage,
    /// What it means when the request ends without having been cancelled. hyper drops the
    /// future of a client that left before anything else learns of it.
    uncancelled: Option<CancelCause>,
}

impl CountStopped {
    fn new(core: &Arc<ServiceCore>, cancellation: &Cancellation) -> Self {
        Self {
            core: Arc::clone(core),
            cancellation: cancellation.clone(),
            stage: CancelStage::Queue,
            uncancelled: Some(CancelCause::Disconnected),
        }
    }

    fn admitted(&mut self) {
        self.stage = CancelStage::Inference;
    }

    /// The request has its answer, if only a rejection.
    fn answered(&mut self) {
        self.uncancelled = None;
    }

    /// From now on only a cancellation stops the request: a job runs to its end.
    fn by_its_cause(mut self) -> Self {
        self.uncancelled = None;
        self
    }
}

impl Drop for CountStopped {
    fn drop(&mut self) {
        if let Some(cause) = self.cancellation.cause().or(self.uncancelled) {
            self.core.metrics.cancelled(cause, self.stage);
        }
    }
}
