//! What only a service with other settings, or one that ends, can show.

use std::time::Duration;

use super::capacity_checks::lost;
use super::load_checks::returning;
use super::subject::{Obstacle, Subject};
use super::twin::Twin;
use crate::exchange::Outcome;
use crate::finding::{Evidence, broken, proven};
use crate::report::terminal::time;

/// Long enough for a request to begin, short enough to wait for: 3 seconds.
const IDLE_MINUTES: &str = "0.05";

/// A box that is fuller than the threshold takes nothing more, and says so.
pub(super) async fn memory_guard(subject: &Subject) -> Result<Evidence, Obstacle> {
    // Every box is fuller than this.
    let twin = Twin::start(subject, &[("MEMORY_THRESHOLD_PERCENT", "0.1")]).await?;
    // Memory is read four times a second.
    let mut seen = None;
    for _ in 0..20 {
        let exchange = twin.subject.ask().await;
        let is_refused =
            matches!(&exchange.outcome, Outcome::Rejected(it) if it.code == "resource_exhausted");
        seen = Some(exchange.outcome);
        if is_refused {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(match seen {
        Some(Outcome::Rejected(refusal)) if refusal.code == "resource_exhausted" => {
            match refusal.retry_after_seconds {
                Some(1..=60) => proven(format!(
                    "a copy with MEMORY_THRESHOLD_PERCENT=0.1 answered HTTP {}: {}",
                    refusal.status, refusal.message
                )),
                other => broken(format!("Retry-After of the refusal is {other:?}")),
            }
        }
        other => broken(format!(
            "a copy with MEMORY_THRESHOLD_PERCENT=0.1 took a request: {}",
            other
                .and_then(|it| it.complaint())
                .unwrap_or_else(|| "it was served".into())
        )),
    })
}

/// A model that no request uses leaves memory, and comes back without an error.
pub(super) async fn idle_unload(subject: &Subject) -> Result<Evidence, Obstacle> {
    let twin = Twin::start(subject, &[("IDLE_TIMEOUT_MINUTES", IDLE_MINUTES)]).await?;
    let twin_subject = &twin.subject;
    let first = twin_subject.ask().await;
    if let Some(complaint) = first.outcome.complaint() {
        return Ok(broken(format!(
            "a copy did not serve its first request: {complaint}"
        )));
    }
    let rss = async || -> Result<f64, Obstacle> {
        let counted = twin_subject.counted().await?;
        let rss = counted.sum("process_resident_memory_bytes", &[]);
        Ok(rss.unwrap_or(f64::NAN))
    };
    let loaded = rss().await?;
    let mut left = false;
    for _ in 0..100 {
        if twin_subject.state().await?.models.is_empty() {
            left = true;
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    if !left {
        return Ok(broken(
            "a copy with IDLE_TIMEOUT_MINUTES=0.05 still has its model after 20 s".into(),
        ));
    }
    let unloaded = rss().await?;
    let mut evidence = returning(twin_subject, "idle for 3 s").await?;
    let mib = |bytes: f64| bytes / f64::from(1 << 20);
    evidence.seen = format!(
        "{}; memory {:.0} MiB with it, {:.0} MiB without",
        evidence.seen,
        mib(loaded),
        mib(unloaded)
    );
    Ok(evidence)
}

/// SIGTERM under load: what was accepted is finished, and the service ends by itself.
pub(super) async fn drain(subject: &Subject) -> Result<Evidence, Obstacle> {
    let settings = [("DRAIN_GRACE_SECONDS", "1"), ("PRELOAD", "true")];
    let mut twin = Twin::start(subject, &settings).await?;
    let (asked, requests) = twin.subject.fill().await?;
    twin.terminate()?;
    let ended = asked.join_all().await;
    let patience = Duration::from_secs_f64(subject.limits.drain_timeout_seconds + 15.0);
    let began = std::time::Instant::now();
    let status = twin.ended(patience).await;
    if let Some(lost) = lost(&ended) {
        return Ok(broken(format!("{lost} when a copy of it got SIGTERM")));
    }
    let after = time(began.elapsed().as_secs_f64());
    Ok(match status {
        Some(status) if status.success() => proven(format!(
            "a copy got SIGTERM with {requests} requests under way: all were served, and it ended \
             with status 0, {after} after the last answer"
        )),
        Some(status) => broken(format!("all were served, but it ended with {status}")),
        None => broken(format!(
            "all were served, but it did not end within {} s",
            patience.as_secs()
        )),
    })
}
