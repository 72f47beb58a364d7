use futures::FutureExt as _;

use super::*;

fn door(slots: usize, max_queue: usize) -> Arc<Admission> {
    Arc::new(Admission::new(slots, max_queue, Duration::from_mins(1)))
}

#[tokio::test(start_paused = true)]
async fn a_free_permit_is_given_without_waiting() {
    let admitted = door(1, 0).admit().await.unwrap();
    assert_eq!(admitted.waited, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_surplus_beyond_the_queue_is_rejected() {
    let door = door(1, 1);
    let running = door.admit().await.unwrap();
    let waiting = tokio::spawn({
        let door = Arc::clone(&door);
        async move { door.admit().await }
    });
    while door.occupancy().queued == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        door.admit().await.unwrap_err(),
        Rejection::QueueFull {
            retry_after_seconds: 1
        }
    );
    drop(running);
    assert!(waiting.await.unwrap().is_ok());
    assert_eq!(door.occupancy().active_high_water, 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_past_the_queue_timeout_is_rejected() {
    let door = door(1, 1);
    let _running = door.admit().await.unwrap();
    assert!(matches!(
        door.admit().await,
        Err(Rejection::QueueTimeout { .. })
    ));
    assert_eq!(door.occupancy().queued, 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_the_queue_frees_its_place() {
    let door = door(1, 1);
    let _running = door.admit().await.unwrap();
    let left = tokio::time::timeout(Duration::from_secs(1), door.admit()).await;
    assert!(left.is_err());
    assert_eq!(door.occupancy().queued, 0);
}

#[tokio::test(start_paused = true)]
async fn waiting_clients_are_served_in_the_order_they_came() {
    let door = door(1, 8);
    let running = door.admit().await.unwrap();
    let served = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut clients = Vec::new();
    for number in 0..5 {
        let (door_of_client, served) = (Arc::clone(&door), Arc::clone(&served));
        clients.push(tokio::spawn(async move {
            let admitted = door_of_client.admit().await.unwrap();
            served.lock().unwrap().push(number);
            drop(admitted);
        }));
        while door.occupancy().queued <= number {
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
async fn retry_after_follows_the_pace_and_stays_within_its_bounds() {
    let door = door(2, 8);
    let admitted = door.admit().await.unwrap();
    tokio::time::advance(Duration::from_secs(9)).await;
    drop(admitted);
    assert_eq!(
        door.retry_after_seconds(),
        5,
        "one ahead × 9 s over 2 slots"
    );
    let admitted = door.admit().await.unwrap();
    tokio::time::advance(Duration::from_hours(10)).await;
    drop(admitted);
    assert_eq!(door.retry_after_seconds(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_look_before_the_upload_says_what_admission_would() {
    let door = door(1, 1);
    assert_eq!(door.refuse_if_full(), Ok(()), "a slot is free");
    let running = door.admit().await.unwrap();
    assert_eq!(
        door.refuse_if_full(),
        Ok(()),
        "a place in the queue is free"
    );
    let mut waiting = Box::pin(door.admit());
    assert!((&mut waiting).now_or_never().is_none());
    let full = Rejection::QueueFull {
        retry_after_seconds: 1,
    };
    assert_eq!(door.refuse_if_full(), Err(full));
    assert_eq!(door.admit().await.unwrap_err(), full);
    drop(running);
    assert_eq!(door.refuse_if_full(), Ok(()), "looking took no place");
}

#[tokio::test(start_paused = true)]
async fn the_longest_held_permit_is_told_to_the_moment() {
    let door = door(2, 1);
    assert_eq!(door.longest_held(), None);
    let first = door.admit().await.unwrap();
    tokio::time::advance(Duration::from_secs(3)).await;
    let second = door.admit().await.unwrap();
    tokio::time::advance(Duration::from_secs(4)).await;
    assert_eq!(door.longest_held(), Some(Duration::from_secs(7)));
    drop(first);
    assert_eq!(door.longest_held(), Some(Duration::from_secs(4)));
    drop(second);
    assert_eq!(door.longest_held(), None);
}

#[tokio::test(start_paused = true)]
async fn a_permit_counts_as_active_from_its_grant_on() {
    let door = door(1, 1);
    let running = door.admit().await.unwrap();
    let mut waiting = Box::pin(door.admit());
    assert!((&mut waiting).now_or_never().is_none());
    drop(running);
    let granted = door.occupancy();
    assert_eq!((granted.active, granted.queued), (1, 0));
    drop(waiting);
    assert_eq!(door.occupancy().active, 0, "its client left instead");
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_nobody_took_says_nothing_about_the_pace() {
    let door = door(1, 1);
    let running = door.admit().await.unwrap();
    let mut waiting = Box::pin(door.admit());
    assert!((&mut waiting).now_or_never().is_none());
    tokio::time::advance(Duration::from_secs(8)).await;
    drop(running);
    drop(waiting);
    assert_eq!(door.retry_after_seconds(), 8);
}

#[tokio::test(start_paused = true)]
async fn the_high_water_mark_of_a_scrape_starts_at_what_runs_then() {
    let door = door(2, 0);
    let (first, second) = (door.admit().await.unwrap(), door.admit().await.unwrap());
    drop(first);
    assert_eq!(door.take_high_water(), 2);
    assert_eq!(door.take_high_water(), 1, "since the last scrape");
    drop(second);
    assert_eq!(door.take_high_water(), 1);
    assert_eq!(door.take_high_water(), 0);
    assert_eq!(door.occupancy().active_high_water, 2);
}
