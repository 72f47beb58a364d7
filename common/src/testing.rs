//! What several unit tests of this crate start from.

use std::sync::Arc;

use clap::{Args, FromArgMatches};

use crate::config::CommonConfig;
use crate::core::ServiceCore;
use crate::pressure::Thresholds;

/// The settings that these flags make.
pub(crate) fn config(flags: &[&str]) -> CommonConfig {
    options(flags)
}

/// As [`config`], of one group of settings.
pub(crate) fn options<T: Args + FromArgMatches>(flags: &[&str]) -> T {
    let command = T::augment_args(clap::Command::new("test"));
    let flags = ["test"].iter().chain(flags);
    T::from_arg_matches(&command.get_matches_from(flags)).expect("a test's settings are right")
}

/// A service with these settings, nothing else, and no pressure.
pub(crate) fn core(flags: &[&str]) -> Arc<ServiceCore> {
    Arc::new(unshared_core(flags))
}

/// As [`core`], to be added to.
pub(crate) fn unshared_core(flags: &[&str]) -> ServiceCore {
    ServiceCore::new("test", "0", &config(flags), Thresholds::default())
}

/// A runtime whose clock moves only when nothing else can: for tests that `tokio::test` can't
/// start, such as properties.
pub(crate) fn paused_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without sockets")
}
