//! Models that no request uses any more.

use std::sync::Weak;
use std::time::Duration;

use super::inner::Inner;
use super::loader::ModelLoader;
use super::unload::Unload;
use crate::concurrency::sleep_until;

/// Unloads what is idle, for as long as the slots exist.
pub(super) async fn unload_idle<L: ModelLoader>(slots: Weak<Inner<L>>, idle_timeout: Duration) {
    loop {
        let next = {
            let Some(slots) = slots.upgrade() else { return };
            let (expired, next) = slots.state.lock().unload_expired(idle_timeout);
            for (id, model) in expired {
                Unload::start(std::sync::Arc::clone(&slots), id, model);
            }
            next
        };
        sleep_until(next).await;
    }
}
