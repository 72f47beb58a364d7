//! Slots, the queue, refusals beyond it, and clients that hang up.

use std::time::{Duration, Instant};

use super::subject::{Obstacle, Subject, while_doing};
use crate::exchange::{Exchange, Outcome};
use crate::finding::{Evidence, broken, proven};
use crate::report::terminal::time;
use crate::watch::state::Slots;

/// A slot is taken, or a queue filled, within this time or never.
const SOON: Duration = Duration::from_secs(20);
/// Requests beyond a full queue.
const SURPLUS: usize = 20;
/// A request that is turned away shall learn of it at once.
const REFUSED_WITHIN: Duration = Duration::from_secs(1);
/// From the beginning of an inference to the moment at which its client hangs up.
const INTO_THE_WORK: Duration = Duration::from_millis(100);
/// How often clients hang up.
const HANG_UPS: usize = 5;

/// Exactly as many run at once as may, the others wait, and all are served.
pub(super) async fn slots(subject: &Subject) -> Result<Evidence, Obstacle> {
    subject.until_idle().await?;
    let slots = subject.slots();
    let waiting = (subject.limits.max_queue as usize).min(2 * slots + 4);
    if waiting == 0 {
        return Err(Obstacle::NotProven(
            "the queue is set to hold nobody".into(),
        ));
    }
    let requests = slots + waiting;
    // What ran before is no part of the high-water mark.
    subject.counted().await?;
    let asked = subject.ask_together(requests);
    let (ended, looks) = while_doing(asked.join_all(), async || {
        let counted = subject.counted().await?;
        let level = |name| counted.sum(name, &[]).unwrap_or(0.0) as usize;
        Ok((
            level("voice_in_flight_high_water"),
            level("voice_queue_depth"),
        ))
    })
    .await?;
    let at_once = looks.iter().map(|it| it.0).max().unwrap_or(0);
    let waited = looks.iter().map(|it| it.1).max().unwrap_or(0);
    if let Some(complaint) = first_complaint(&ended) {
        return Ok(broken(format!(
            "of {requests} at once, one was not served: {complaint}"
        )));
    }
    let seen = format!(
        "{requests} requests at once: {at_once} ran at most of {slots} slots, {waited} were seen \
         waiting, all were served"
    );
    Ok(match at_once {
        _ if at_once > slots => broken(seen),
        _ if at_once < slots || waited == 0 => {
            return Err(Obstacle::NotProven(format!("{seen}: too little to tell")));
        }
        _ => proven(seen),
    })
}

/// A full queue turns the surplus away at once, says when to come back, and keeps the requests
/// that wait.
pub(super) async fn full_queue(subject: &Subject) -> Result<Evidence, Obstacle> {
    subject.until_idle().await?;
    let (slots, queue) = (subject.slots(), subject.limits.max_queue);
    let running = subject.occupy(slots);
    subject
        .until("that all slots are taken", SOON, |it| {
            it.active as usize == slots
        })
        .await?;
    let waiting = subject.ask_together(queue as usize);
    let filled = subject
        .until("that the queue is full", SOON, |it| it.queued >= queue)
        .await;
    let mut refused = Vec::new();
    if filled.is_ok() {
        for _ in 0..SURPLUS {
            // A request that is admitted by mistake would run for long: it counts as not refused.
            let asked = tokio::time::timeout(REFUSED_WITHIN, subject.ask());
            refused.push(asked.await.ok());
        }
    }
    let occupancy = subject.occupancy().await?;
    drop((running, waiting));
    subject.until_idle().await?;
    filled?;
    if occupancy.queued > queue {
        return Ok(broken(format!(
            "{} requests wait in a queue of {queue}",
            occupancy.queued
        )));
    }
    Ok(judge_refusals(&refused, queue))
}

fn judge_refusals(refused: &[Option<Exchange>], queue: u64) -> Evidence {
    let mut slowest = Duration::ZERO;
    let mut retry_after = Vec::new();
    for exchange in refused {
        let Some(exchange) = exchange else {
            return broken(format!(
                "a request beyond a queue of {queue} was not turned away within {} s",
                REFUSED_WITHIN.as_secs_f64()
            ));
        };
        let Outcome::Rejected(refusal) = &exchange.outcome else {
            let answer = exchange.outcome.complaint();
            return broken(format!(
                "a request beyond a queue of {queue} was not turned away: {}",
                answer.unwrap_or_else(|| "it was served".into())
            ));
        };
        if refusal.code != "queue_full" {
            return broken(format!("the code of a refusal is '{}'", refusal.code));
        }
        match refusal.retry_after_seconds {
            Some(seconds @ 1..=60) => retry_after.push(seconds),
            Some(seconds) => return broken(format!("Retry-After is {seconds} s, not 1 to 60")),
            None => return broken("a refusal has no Retry-After".into()),
        }
        slowest = slowest.max(exchange.total);
    }
    let most = retry_after.iter().max().copied().unwrap_or(0);
    proven(format!(
        "{} requests beyond a queue of {queue} got 503 queue_full within {}, to come back after \
         {most} s at most",
        refused.len(),
        time(slowest.as_secs_f64())
    ))
}

/// A client that hangs up frees its slot. It is alone: a recogniser looks up once an encoder
/// pass, which takes as many times longer as there are others.
pub(super) async fn hang_up(subject: &Subject, within: Duration) -> Result<Evidence, Obstacle> {
    let mut freed = Vec::new();
    for _ in 0..HANG_UPS {
        subject.until_idle().await?;
        let running = subject.begin(1);
        let is_taken = |it: Slots| it.active > 0;
        subject
            .until("that a slot is taken", SOON, is_taken)
            .await?;
        // It shall be in the middle of its work, not at its beginning.
        tokio::time::sleep(INTO_THE_WORK).await;
        if !is_taken(subject.occupancy().await?) {
            return Err(Obstacle::NotProven(
                "the service is too fast for a client to hang up on its request".into(),
            ));
        }
        let hung_up = Instant::now();
        drop(running);
        let patience = Duration::from_secs(30);
        match subject.until("", patience, |it| it.active == 0).await {
            Ok(_) => freed.push(hung_up.elapsed()),
            Err(Obstacle::NotProven(_)) => {
                return Ok(broken(format!(
                    "a client hung up on its request, whose slot was still taken {} s later",
                    patience.as_secs()
                )));
            }
            Err(unanswered) => return Err(unanswered),
        }
    }
    freed.sort();
    let (median, most) = (freed[HANG_UPS / 2], freed[HANG_UPS - 1]);
    let seen = format!(
        "{HANG_UPS} times a client hung up in the middle of its request: its slot was free after \
         {} (median), {} (most), bound {}",
        time(median.as_secs_f64()),
        time(most.as_secs_f64()),
        time(within.as_secs_f64())
    );
    Ok(if most <= within {
        proven(seen)
    } else {
        broken(seen)
    })
}

/// How many of them were not served, and what is wrong with the first; `None` if all were.
pub(super) fn lost(exchanges: &[Exchange]) -> Option<String> {
    let unserved = |it: &&Exchange| it.outcome != Outcome::Served;
    let lost = exchanges.iter().filter(unserved).count();
    let complaint = first_complaint(exchanges)?;
    let requests = exchanges.len();
    Some(format!(
        "{lost} of {requests} requests were lost ({complaint})"
    ))
}

/// What is wrong with the first of them that was not served.
pub(super) fn first_complaint(exchanges: &[Exchange]) -> Option<String> {
    exchanges.iter().find_map(|it| it.outcome.complaint())
}
