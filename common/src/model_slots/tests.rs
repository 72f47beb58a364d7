//! Loading, sharing, making room, idleness, claims and failures. What doesn't fit into
//! memory is in `tests/room.rs`.

mod room;

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::join_all;

use super::double::{Library, Slots, loaded, loads, slots};
use super::*;

const NEVER: Duration = Duration::ZERO;

async fn error_of(slots: &Slots, id: &str) -> ApiError {
    slots.lease(id).await.err().expect("no model")
}

#[tokio::test]
async fn many_requests_on_a_cold_model_cause_one_load() {
    let slots = slots(1, NEVER);
    let requests = (0..50).map(|_| {
        let slots = slots.clone();
        tokio::spawn(async move { slots.lease("a").await.map(|lease| lease.id.clone()) })
    });
    for request in join_all(requests).await {
        assert_eq!(request.unwrap().unwrap(), "a");
    }
    assert_eq!(loads(&slots), 1);
}

#[tokio::test]
async fn a_load_goes_on_when_the_client_that_caused_it_leaves() {
    let slots = slots(1, NEVER);
    drop(slots.lease("a").now_or_never());
    slots.lease("a").await.unwrap();
    assert_eq!(loads(&slots), 1);
}

#[tokio::test(start_paused = true)]
async fn the_least_recently_used_model_makes_room() {
    let slots = slots(2, NEVER);
    for id in ["a", "b", "a", "c"] {
        slots.lease(id).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(loaded(&slots), ["a", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_model_in_use_is_never_unloaded_and_two_models_share_one_place_without_an_error() {
    let slots = slots(1, NEVER);
    let requests = (0..40).map(|number| {
        let slots = slots.clone();
        tokio::spawn(async move {
            let id = if number % 2 == 0 { "a" } else { "b" };
            let lease = slots.lease(id).await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert_eq!(lease.id, id);
        })
    });
    for request in join_all(requests).await {
        request.unwrap();
    }
    assert_eq!(slots.loader().shelf.most_books(), 1);
}

#[tokio::test]
async fn unloading_is_refused_while_in_use() {
    let slots = slots(1, NEVER);
    let lease = slots.lease("a").await.unwrap();
    assert_eq!(slots.unload("a").await, Err(InUse));
    drop(lease);
    assert_eq!(slots.unload("a").await, Ok(true));
    assert_eq!(slots.unload("a").await, Ok(false));
    assert_eq!(slots.loader().shelf.books(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_failed_load_answers_everybody_and_is_not_repeated_at_once() {
    let slots = slots(1, NEVER);
    slots.loader().broken.store(true, Ordering::SeqCst);
    for _ in 0..10 {
        let error = error_of(&slots, "a").await;
        assert_eq!(error.code(), "model_unavailable");
        assert_eq!(error.retry_after_seconds(), Some(1));
        assert!(error.to_string().contains("torn page"));
    }
    assert_eq!(loads(&slots), 1);
    assert_eq!(slots.status()[0].state, ModelState::Failed);
    slots.loader().broken.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(slots.lease("a").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn failures_in_a_row_double_the_pause_up_to_half_a_minute() {
    let slots = slots(1, NEVER);
    slots.loader().broken.store(true, Ordering::SeqCst);
    for expected in [1, 2, 4, 8, 16, 30, 30] {
        let pause = error_of(&slots, "a").await.retry_after_seconds().unwrap();
        assert_eq!(pause, expected);
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
}

#[tokio::test]
async fn a_loader_that_panics_answers_as_a_failed_load() {
    let slots = slots(1, NEVER);
    slots.loader().panics.store(true, Ordering::SeqCst);
    let error = error_of(&slots, "a").await;
    assert_eq!(error.code(), "model_unavailable");
}

#[tokio::test]
async fn a_model_that_panics_when_it_is_dropped_leaves_its_place_to_others() {
    let slots = slots(1, NEVER);
    slots.lease("a").await.unwrap();
    let cursed = &slots.loader().shelf.cursed;
    cursed.store(true, Ordering::SeqCst);
    assert_eq!(slots.unload("a").await, Ok(true));
    cursed.store(false, Ordering::SeqCst);
    assert!(slots.lease("b").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_idle_model_leaves_and_comes_back() {
    let (idle, moment) = (Duration::from_mins(1), Duration::from_secs(1));
    let slots = slots(1, idle + moment);
    let lease = slots.lease("a").await.unwrap();
    tokio::time::sleep(idle * 3).await;
    assert_eq!(loaded(&slots), ["a"], "in use is not idle");
    drop(lease);
    tokio::time::sleep(idle).await;
    assert_eq!(loaded(&slots), ["a"], "not idle for long enough");
    tokio::time::sleep(moment * 2).await;
    assert!(loaded(&slots).is_empty());
    assert!(slots.lease("a").await.is_ok());
    assert_eq!(loads(&slots), 2);
}

#[tokio::test(start_paused = true)]
async fn a_claimed_model_is_not_idle_and_not_the_operators_to_unload() {
    let idle = Duration::from_mins(1);
    let slots = slots(1, idle);
    slots.lease("a").await.unwrap();
    let claim = slots.claim("a");
    tokio::time::sleep(idle * 3).await;
    assert_eq!(loaded(&slots), ["a"]);
    assert_eq!(slots.unload("a").await, Err(InUse));
    drop(claim);
    assert_eq!(loaded(&slots), ["a"], "the idle time begins anew");
    tokio::time::sleep(idle + Duration::from_secs(1)).await;
    assert!(loaded(&slots).is_empty());
}

#[tokio::test]
async fn a_claim_on_a_model_that_is_not_loaded_loads_nothing() {
    let slots = slots(1, NEVER);
    let _claim = slots.claim("a");
    assert_eq!(slots.unload("a").await, Ok(false));
    assert_eq!(loads(&slots), 0);
}

#[tokio::test(start_paused = true)]
async fn a_claimed_model_makes_room_after_the_others_but_it_does() {
    let slots = slots(2, NEVER);
    for id in ["a", "b"] {
        slots.lease(id).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let _claim = slots.claim("a");
    slots.lease("c").await.unwrap();
    assert_eq!(loaded(&slots), ["a", "c"], "a is older, but claimed");
    let _in_use = slots.lease("c").await.unwrap();
    slots.lease("d").await.unwrap();
    assert_eq!(loaded(&slots), ["c", "d"]);
}

#[tokio::test]
async fn a_request_that_gives_up_while_waiting_for_room_blocks_nobody() {
    let slots = slots(1, NEVER);
    let lease = slots.lease("a").await.unwrap();
    assert!(slots.lease("b").now_or_never().is_none());
    assert!(slots.lease("a").await.is_ok());
    drop(lease);
    assert!(slots.lease("b").await.is_ok());
}

#[tokio::test]
async fn who_waits_for_room_is_not_overtaken_for_ever() {
    let slots = slots(1, NEVER);
    let in_use = slots.lease("a").await.unwrap();
    let mut waits_for_room = Box::pin(slots.lease("b"));
    assert!((&mut waits_for_room).now_or_never().is_none());
    let mut comes_later = Box::pin(slots.lease("a"));
    assert!((&mut comes_later).now_or_never().is_none());
    drop(in_use);
    drop(waits_for_room.await.unwrap());
    assert_eq!(comes_later.await.unwrap().id, "a");
}

#[test]
fn a_runtime_that_shuts_down_leaves_no_slot_half_way() {
    let runtime = crate::testing::paused_runtime();
    let slots = runtime.block_on(async {
        let slots = slots(1, NEVER);
        slots.lease("a").await.unwrap();
        tokio::time::sleep(FRESH_READING).await;
        slots
    });
    // What is spawned from now on is dropped on the spot.
    let handle = runtime.handle().clone();
    drop(runtime);
    let _entered = handle.enter();
    assert_eq!(slots.unload("a").now_or_never(), Some(Ok(true)));
    let answer = slots.lease("b").now_or_never().expect("an answer at once");
    assert_eq!(answer.err().unwrap().code(), "model_unavailable");
    assert_eq!(slots.loader().shelf.books(), 0);
}
