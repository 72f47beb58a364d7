use std::pin::Pin;

use futures::FutureExt as _;

use super::*;

fn admission(slots: usize, max_queue: usize) -> Arc<Admission> {
    Arc::new(Admission::new(slots, max_queue, Duration::from_mins(1)))
}

/// Asks for a permit that it has to wait for.
fn waiting(admission: &Admission) -> Pin<Box<impl Future<Output = Result<Admitted, Rejection>>>> {
    let mut waiting = Box::pin(admission.admit());
    assert!((&mut waiting).now_or_never().is_none(), "it has to wait");
    waiting
}

#[tokio::test(start_paused = true)]
async fn a_free_permit_is_given_without_waiting() {
    let admitted = admission(1, 0).admit().await.unwrap();
    assert_eq!(admitted.waited, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_surplus_beyond_the_queue_is_rejected() {
    let admission = admission(1, 1);
    let running = admission.admit().await.unwrap();
    let waiting = tokio::spawn({
        let admission = Arc::clone(&admission);
        async move { admission.admit().await }
    });
    while admission.occupancy().queued == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        admission.admit().await.unwrap_err(),
        Rejection::QueueFull {
            retry_after_seconds: 1
        }
    );
    drop(running);
    assert!(waiting.await.unwrap().is_ok());
    assert_eq!(admission.occupancy().active_high_water, 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_past_the_queue_timeout_is_rejected() {
    let admission = admission(1, 1);
    let _running = admission.admit().await.unwrap();
    assert!(matches!(
        admission.admit().await,
        Err(Rejection::QueueTimeout { .. })
    ));
    assert_eq!(admission.occupancy().queued, 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_the_queue_frees_its_place() {
    let admission = admission(1, 1);
    let _running = admission.admit().await.unwrap();
    let left = tokio::time::timeout(Duration::from_secs(1), admission.admit()).await;
    assert!(left.is_err());
    assert_eq!(admission.occupancy().queued, 0);
}

#[tokio::test(start_paused = true)]
async fn waiting_clients_are_served_in_the_order_they_came() {
    let admission = admission(1, 8);
    let running = admission.admit().await.unwrap();
    let served = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut clients = Vec::new();
    for number in 0..5 {
        let (admission_of_client, served) = (Arc::clone(&admission), Arc::clone(&served));
        clients.push(tokio::spawn(async move {
            let admitted = admission_of_client.admit().await.unwrap();
            served.lock().unwrap().push(number);
            drop(admitted);
        }));
        while admission.occupancy().queued <= number {
            tokio::task::yield_now().await;
        }
    }
    drop(running);
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(*served.lock().unwrap(), vec![0, 1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn an_idle_request_takes_a_free_slot_and_never_waits() {
    let admission = admission(1, 8);
    let idle = Priority::Idle;
    assert_eq!(admission.refuse_if_full(idle), Ok(()));
    let running = admission.admit_as(&idle.into()).await.unwrap();
    let refused = Err(Rejection::NoIdleSlot {
        retry_after_seconds: 1,
    });
    assert_eq!(admission.refuse_if_full(idle), refused);
    let outcome = admission.admit_as(&idle.into()).now_or_never().unwrap();
    assert_eq!(outcome.map(drop), refused);
    let _waiting = waiting(&admission);
    drop(running);
    let outcome = admission.admit_as(&idle.into()).now_or_never().unwrap();
    assert_eq!(outcome.map(drop), refused, "somebody waited for that slot");
}

#[tokio::test(start_paused = true)]
async fn work_that_became_urgent_waits_with_the_urgent_from_then_on() {
    let admission = admission(1, 8);
    let running = admission.admit().await.unwrap();
    let mut batch = waiting(&admission);
    let interactive = Priority::Interactive.into();
    let mut first = Box::pin(admission.admit_as(&interactive));
    assert!((&mut first).now_or_never().is_none());
    let urgency = Urgency::from(Priority::Batch);
    let mut shared = Box::pin(admission.admit_as(&urgency));
    assert!((&mut shared).now_or_never().is_none());
    urgency.also(Priority::Interactive);
    urgency.also(Priority::Batch);
    assert!((&mut shared).now_or_never().is_none());
    assert_eq!(admission.occupancy().queued_interactive, 2);
    drop(running);
    let running = (&mut first).now_or_never().unwrap().unwrap();
    drop(running);
    let running = (&mut shared).now_or_never().unwrap().unwrap();
    drop(running);
    assert!((&mut batch).now_or_never().unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn retry_after_follows_the_pace_and_stays_within_its_bounds() {
    let admission = admission(2, 8);
    let admitted = admission.admit().await.unwrap();
    tokio::time::advance(Duration::from_secs(9)).await;
    drop(admitted);
    assert_eq!(
        admission.retry_after_seconds(),
        5,
        "one ahead × 9 s over 2 slots"
    );
    let admitted = admission.admit().await.unwrap();
    tokio::time::advance(Duration::from_hours(10)).await;
    drop(admitted);
    assert_eq!(admission.retry_after_seconds(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_look_before_the_upload_says_what_admission_would() {
    let admission = admission(1, 1);
    assert_eq!(
        admission.refuse_if_full(Priority::Batch),
        Ok(()),
        "a slot is free"
    );
    let running = admission.admit().await.unwrap();
    assert_eq!(
        admission.refuse_if_full(Priority::Batch),
        Ok(()),
        "a place in the queue is free"
    );
    let _waiting = waiting(&admission);
    let full = Rejection::QueueFull {
        retry_after_seconds: 1,
    };
    assert_eq!(admission.refuse_if_full(Priority::Batch), Err(full));
    assert_eq!(admission.admit().await.unwrap_err(), full);
    drop(running);
    assert_eq!(
        admission.refuse_if_full(Priority::Batch),
        Ok(()),
        "looking took no place"
    );
}

#[tokio::test(start_paused = true)]
async fn the_longest_held_permit_is_told_to_the_moment() {
    let admission = admission(2, 1);
    assert_eq!(admission.longest_held(), None);
    let first = admission.admit().await.unwrap();
    tokio::time::advance(Duration::from_secs(3)).await;
    let second = admission.admit().await.unwrap();
    tokio::time::advance(Duration::from_secs(4)).await;
    assert_eq!(admission.longest_held(), Some(Duration::from_secs(7)));
    drop(first);
    assert_eq!(admission.longest_held(), Some(Duration::from_secs(4)));
    drop(second);
    assert_eq!(admission.longest_held(), None);
}

#[tokio::test(start_paused = true)]
async fn a_permit_counts_as_active_from_its_grant_on() {
    let admission = admission(1, 1);
    let running = admission.admit().await.unwrap();
    let waiting = waiting(&admission);
    drop(running);
    let granted = admission.occupancy();
    assert_eq!((granted.active, granted.queued), (1, 0));
    drop(waiting);
    assert_eq!(admission.occupancy().active, 0, "its client left instead");
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_nobody_took_says_nothing_about_the_pace() {
    let admission = admission(1, 1);
    let running = admission.admit().await.unwrap();
    let waiting = waiting(&admission);
    tokio::time::advance(Duration::from_secs(8)).await;
    drop(running);
    drop(waiting);
    assert_eq!(admission.retry_after_seconds(), 8);
}

#[tokio::test(start_paused = true)]
async fn the_high_water_mark_of_a_scrape_starts_at_what_runs_then() {
    let admission = admission(2, 0);
    let (first, second) = (
        admission.admit().await.unwrap(),
        admission.admit().await.unwrap(),
    );
    drop(first);
    assert_eq!(admission.take_high_water(), 2);
    assert_eq!(admission.take_high_water(), 1, "since the last scrape");
    drop(second);
    assert_eq!(admission.take_high_water(), 1);
    assert_eq!(admission.take_high_water(), 0);
    assert_eq!(admission.occupancy().active_high_water, 2);
}
