//! What systemd is told: ready, what goes on, stopping, and that the service still moves.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::runtime::Handle;

use crate::core::ServiceCore;

/// How often the status line is brought up to date without a watchdog.
const STATUS_EVERY: Duration = Duration::from_secs(5);

/// Says READY, and from now on keeps the status line true and the watchdog fed: only while
/// the runtime takes new tasks and no inference has held its permit for longer than
/// `stuck_after`, which is longer than a deadline lets one run. Without systemd, does nothing.
pub(super) fn start(core: Arc<ServiceCore>, stuck_after: Duration) -> std::io::Result<()> {
    if std::env::var_os("NOTIFY_SOCKET").is_none() {
        return Ok(());
    }
    tell(&[NotifyState::Ready, NotifyState::Status(&status(&core))]);
    let watchdog = sd_notify::watchdog_enabled();
    // systemd advises half of its limit; a third leaves room for one late wake-up.
    let every = watchdog.map_or(STATUS_EVERY, |limit| (limit / 3).min(STATUS_EVERY));
    let runtime = Handle::current();
    let feed = move || {
        let mut was_well = true;
        loop {
            std::thread::sleep(every);
            let trouble = trouble(&core, &runtime, every, stuck_after);
            if let Some(trouble) = trouble.filter(|_| was_well) {
                tracing::error!("{trouble}: the watchdog is not fed any more");
            }
            was_well = trouble.is_none();
            let status = status(&core);
            let mut news = vec![NotifyState::Status(&status)];
            if was_well && watchdog.is_some() {
                news.push(NotifyState::Watchdog);
            }
            tell(&news);
        }
    };
    std::thread::Builder::new()
        .name("systemd".into())
        .spawn(feed)?;
    Ok(())
}

/// Says STOPPING, and how long it may take.
pub(super) fn stopping(at_most: Duration) {
    let micros = u32::try_from(at_most.as_micros()).unwrap_or(u32::MAX);
    tell(&[
        NotifyState::Stopping,
        NotifyState::ExtendTimeoutUsec(micros),
        NotifyState::Status("draining"),
    ]);
}

/// Why the service doesn't move, if it doesn't.
fn trouble(
    core: &ServiceCore,
    runtime: &Handle,
    patience: Duration,
    stuck_after: Duration,
) -> Option<&'static str> {
    let (answer, answered) = channel();
    runtime.spawn(async move { answer.send(()) });
    if answered.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
        return Some("the runtime takes no new tasks");
    }
    let longest = core.admission.longest_held();
    longest
        .is_some_and(|held| held > stuck_after)
        .then_some("an inference does not come to its end")
}

fn status(core: &ServiceCore) -> String {
    let occupancy = core.admission.occupancy();
    let phase = if core.is_draining() { "draining, " } else { "" };
    format!(
        "{phase}{} of {} slots in use, {} waiting",
        occupancy.active, occupancy.slots, occupancy.queued
    )
}

fn tell(news: &[NotifyState<'_>]) {
    if let Err(cause) = sd_notify::notify(news) {
        tracing::debug!(%cause, "systemd could not be told");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::testing::core;

    const PATIENCE: Duration = Duration::from_millis(200);
    const NEVER: Duration = Duration::MAX;

    #[test]
    fn a_runtime_whose_threads_are_all_blocked_is_in_trouble_until_one_is_free() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap();
        let look = || trouble(&core(&[]), runtime.handle(), PATIENCE, NEVER);
        assert_eq!(look(), None);
        let (free, block) = mpsc::channel::<()>();
        let blocked = runtime.spawn(async move {
            let _ = block.recv();
        });
        assert!(look().unwrap().contains("runtime"));
        drop(free);
        runtime.block_on(blocked).unwrap();
        assert_eq!(look(), None);
    }

    #[test]
    fn a_permit_that_does_not_come_back_is_trouble() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let core = core(&[]);
        let look = |stuck_after| trouble(&core, runtime.handle(), PATIENCE, stuck_after);
        assert_eq!(look(Duration::ZERO), None, "nobody computes");
        let held = runtime.block_on(core.admission.admit()).unwrap();
        std::thread::sleep(Duration::from_millis(1));
        assert!(look(Duration::ZERO).unwrap().contains("inference"));
        assert_eq!(look(NEVER), None, "within its time");
        drop(held);
        assert_eq!(look(Duration::ZERO), None);
    }

    #[test]
    fn the_status_says_how_full_the_service_is() {
        let core = core(&["--max-concurrent-requests", "3"]);
        assert_eq!(status(&core), "0 of 3 slots in use, 0 waiting");
        core.start_draining();
        assert!(status(&core).starts_with("draining, "));
    }
}
