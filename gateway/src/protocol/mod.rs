//! What clients speak. Each folder is a protocol: an adapter, which turns its messages into facts for a
//! conversation and what a conversation says into its messages, without input and output, and a loop
//! around it. None has any logic of a conversation.

mod bot;
pub mod realtime;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// The endpoints of all protocols.
pub(crate) fn routes(app: App) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(bot::routes())
        .merge(realtime::routes())
        .with_state(app)
}
