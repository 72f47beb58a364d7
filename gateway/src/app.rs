//! What the protocols share.

use std::sync::Arc;

use axum::extract::FromRef;
use voice_common::ApiError;
use voice_common::admission::Priority;
use voice_common::cancellation::Cancellation;
use voice_common::core::ServiceCore;
use voice_common::sessions::{SessionUse, Sessions};
use voice_common::temporary_keys::TemporaryKeys;
use voice_common::websocket::WebSockets;

use crate::conversation::{Detection, Eagerness, Settings};
use crate::pipeline::Pipeline;

/// What the protocols share.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

struct Shared {
    core: Arc<ServiceCore>,
    pipeline: Pipeline,
    sessions: Sessions<()>,
    websockets: WebSockets,
    settings: Settings,
}

impl App {
    pub(crate) fn new(
        core: Arc<ServiceCore>,
        pipeline: Pipeline,
        sessions: Sessions<()>,
        websockets: WebSockets,
        settings: Settings,
    ) -> Self {
        Self(Arc::new(Shared {
            core,
            pipeline,
            sessions,
            websockets,
            settings,
        }))
    }

    /// A place for one more conversation, to be asked for before the upgrade.
    ///
    /// # Errors
    /// As many are held as may be, or a guard is tripped.
    pub(crate) fn admit(&self) -> Result<Place, ApiError> {
        self.0.core.check_capacity(Priority::Interactive)?;
        Ok(Place(Some(self.0.sessions.open(())?)))
    }

    /// Keys for clients that are not to know the operator's.
    pub(crate) fn temporary_keys(&self) -> &TemporaryKeys {
        &self.0.core.temporary_keys
    }

    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.0.pipeline
    }

    /// The rules of a conversation whose client says nothing else.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            detection: Detection::Semantic(Eagerness::Medium),
            ..self.0.settings.clone()
        }
    }
}

/// A conversation's place among those that may be. It is free again when this is dropped.
pub(crate) struct Place(Option<SessionUse<()>>);

impl Place {
    fn session(&self) -> &SessionUse<()> {
        self.0.as_ref().expect("it is taken only by dropping this")
    }

    /// The conversation's name, which can't be guessed.
    pub(crate) fn id(&self) -> &str {
        self.session().id()
    }

    /// Cancelled when the conversation is to end.
    pub(crate) fn cancellation(&self) -> &Cancellation {
        self.session().cancellation()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(session) = self.0.take() {
            session.end();
        }
    }
}

impl FromRef<App> for WebSockets {
    fn from_ref(app: &App) -> Self {
        app.0.websockets.clone()
    }
}
