//! What must go on while the service is busy, and after its model has left.

use std::time::{Duration, Instant};

use super::capacity_checks::first_complaint;
use super::subject::{Obstacle, Subject, while_doing};
use crate::distribution::Collector;
use crate::finding::{Evidence, broken, proven};
use crate::report::terminal::time;

/// How long probes are sent to a busy service.
const BUSY_FOR: Duration = Duration::from_secs(5);
/// Between two probes.
const PROBE_EVERY: Duration = Duration::from_millis(10);
/// Requests that come to a service whose model has left.
const RETURNING: usize = 8;

/// Probes are answered at once while every slot is taken and requests wait.
pub(super) async fn probes(subject: &Subject, within: Duration) -> Result<Evidence, Obstacle> {
    subject.until_idle().await?;
    let requests = subject.slots() + (subject.limits.max_queue as usize).min(4);
    let running = subject.occupy(requests);
    let is_busy = |it: crate::watch::state::Slots| it.active == it.total;
    let patience = Duration::from_secs(20);
    subject
        .until("that all slots are taken", patience, is_busy)
        .await?;
    let mut took = Collector::default();
    let began = Instant::now();
    let mut failed = None;
    while began.elapsed() < BUSY_FOR && failed.is_none() {
        let asked = Instant::now();
        let probe = subject
            .http
            .get(subject.target.at("/health"))
            .timeout(patience);
        match probe.send().await {
            Ok(answer) if answer.status().is_success() => took.add_time(asked.elapsed()),
            Ok(answer) => failed = Some(format!("a probe got {}", answer.status())),
            Err(error) => failed = Some(format!("a probe got no answer: {error}")),
        }
        tokio::time::sleep(PROBE_EVERY).await;
    }
    let still_busy = subject.occupancy().await?.active as usize == subject.slots();
    drop(running);
    subject.until_idle().await?;
    if let Some(failed) = failed {
        return Ok(broken(failed));
    }
    let Some(took) = took.distribution() else {
        return Err(Obstacle::NotProven("no probe was sent".into()));
    };
    let seen = format!(
        "{} probes beside {requests} long requests: p50 {}, p99 {}, most {}, bound {} at p99",
        took.count,
        time(took.p50),
        time(took.p99),
        time(took.max),
        time(within.as_secs_f64())
    );
    if !still_busy {
        return Err(Obstacle::NotProven(format!(
            "{seen}; but it was not busy all the time"
        )));
    }
    Ok(if took.p99 <= within.as_secs_f64() {
        proven(seen)
    } else {
        broken(seen)
    })
}

/// A model that is in use stays; one that has left is loaded once for all requests that ask.
pub(super) async fn reload(subject: &Subject) -> Result<Evidence, Obstacle> {
    subject.until_idle().await?;
    let running = subject.occupy(1);
    subject
        .until("that a slot is taken", Duration::from_secs(20), |it| {
            it.active == 1
        })
        .await?;
    let in_use = unload(subject).await?;
    drop(running);
    subject.until_idle().await?;
    if in_use != 409 {
        return Ok(broken(format!(
            "a model in use was to be unloaded: {in_use}, not 409"
        )));
    }
    let idle = unload(subject).await?;
    if idle != 200 {
        return Ok(broken(format!(
            "an idle model was to be unloaded: {idle}, not 200"
        )));
    }
    returning(subject, "unloaded by an operator").await
}

async fn unload(subject: &Subject) -> Result<u16, Obstacle> {
    let route = format!("/v1/models/{}/unload", subject.model);
    let mut asked = subject.http.post(subject.target.at(&route));
    if let Some(key) = &subject.target.key {
        asked = asked.bearer_auth(key);
    }
    Ok(asked.send().await?.status().as_u16())
}

/// Several ask at once for a model that is not there: it is loaded once, and all are served.
pub(super) async fn returning(subject: &Subject, how: &str) -> Result<Evidence, Obstacle> {
    let loads = async || -> Result<f64, Obstacle> {
        let counted = subject.counted().await?;
        let loads = counted.sum("voice_model_loads_total", &[("outcome", "ok")]);
        Ok(loads.unwrap_or(0.0))
    };
    let before = loads().await?;
    let requests = RETURNING.min(subject.slots() + subject.limits.max_queue as usize);
    let (ended, _) = while_doing(subject.ask_together(requests).join_all(), async || {
        Ok::<(), Obstacle>(())
    })
    .await?;
    let loaded = loads().await? - before;
    if let Some(complaint) = first_complaint(&ended) {
        return Ok(broken(format!(
            "a model that was {how} did not come back for all: {complaint}"
        )));
    }
    let slowest = ended.iter().map(|it| it.total).max().unwrap_or_default();
    let seen = format!(
        "{requests} requests at once for a model that was {how} caused {loaded:.0} load; all were \
         served within {}",
        time(slowest.as_secs_f64())
    );
    Ok(if (loaded - 1.0).abs() < 0.5 {
        proven(seen)
    } else {
        broken(seen)
    })
}
