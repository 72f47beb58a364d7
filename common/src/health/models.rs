//! What the probes say of a service's models.

use std::sync::Arc;
use std::time::Duration;

use super::readiness::ReadinessCheck;
use crate::model_slots::{ModelLoader, ModelOptions, ModelSlots, ModelState, ModelStatus};

/// The states of all models, whatever their type.
pub trait ModelStates: Send + Sync + 'static {
    /// All models that are not simply unloaded.
    fn states(&self) -> Vec<ModelStatus>;
}

impl<L: ModelLoader> ModelStates for ModelSlots<L> {
    fn states(&self) -> Vec<ModelStatus> {
        self.status()
    }
}

/// The models of a service as its probes see them.
#[derive(Clone)]
pub struct ModelHealth {
    states: Arc<dyn ModelStates>,
    /// The one that readiness depends on: a broken model that a client asks for by name says
    /// nothing about the others.
    pub(super) default_model: String,
    pub(super) max_loaded: usize,
    pub(super) idle_timeout: Duration,
}

impl ModelHealth {
    /// What the probes say of these models under these settings.
    pub fn new(states: Arc<dyn ModelStates>, default_model: &str, options: &ModelOptions) -> Self {
        Self {
            states,
            default_model: default_model.to_string(),
            max_loaded: options.max_loaded_models,
            idle_timeout: options.idle_timeout_minutes,
        }
    }

    pub(super) fn states(&self) -> Vec<ModelStatus> {
        self.states.states()
    }
}

impl ReadinessCheck for ModelHealth {
    fn unready_reason(&self) -> Option<String> {
        let states = self.states();
        let default = states.iter().find(|it| it.id == self.default_model)?;
        (default.state == ModelState::Failed)
            .then(|| format!("model '{}' failed to load", default.id))
    }
}
