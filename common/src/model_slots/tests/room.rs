//! Loads that don't fit into memory.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use parking_lot::Mutex;

use super::*;
use crate::model_slots::double::{BOOK_BYTES, Shelf, slots_where};

const FIGURES: &str = "it needs about 0.4 GB, which would take memory from 88% to 93% (limit 90%)";

/// Slots that ask a guard as there is one: it fits `books`, and looks at the memory every
/// 250 ms only.
fn guarded(books: usize, max_loaded: usize) -> Slots {
    let reading = Arc::new(Mutex::new(0));
    let slots = slots_where(max_loaded, NEVER, {
        let reading = Arc::clone(&reading);
        move |_, bytes| fits(*reading.lock() + bytes, books)
    });
    let shelf = Arc::clone(&slots.loader().shelf);
    tokio::spawn(async move {
        loop {
            *reading.lock() = shelf.books() as u64 * BOOK_BYTES;
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    });
    slots
}

fn fits(bytes: u64, books: usize) -> Result<(), String> {
    if bytes <= books as u64 * BOOK_BYTES {
        Ok(())
    } else {
        Err(FIGURES.into())
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_that_does_not_fit_is_refused_with_the_figures() {
    let slots = guarded(0, 1);
    let error = error_of(&slots, "base").await;
    assert_eq!(
        error.to_string(),
        "Model 'base' was not loaded: it needs about 0.4 GB, \
         which would take memory from 88% to 93% (limit 90%)"
    );
    assert_eq!(error.status().as_u16(), 503);
    assert_eq!(error.code(), "resource_exhausted");
    assert_eq!(error.retry_after_seconds(), Some(1));
    assert_eq!(loads(&slots), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_no_failure() {
    let metrics = ModelMetrics::default();
    let mut core = crate::testing::unshared_core(&[]);
    core.metrics.extend(|registry| metrics.register(registry));
    let options = SlotOptions {
        max_loaded: 1,
        idle_timeout: NEVER,
        room: Box::new(|_| Err(FIGURES.into())),
    };
    let slots = ModelSlots::new(Library::default(), options, metrics);
    for _ in 0..3 {
        error_of(&slots, "a").await;
    }
    assert!(slots.status().is_empty());
    let text = core.encode_metrics();
    let loads = r#"voice_model_loads_total{service="test",model="a",outcome="#;
    let counted: Vec<_> = text
        .lines()
        .filter_map(|it| it.strip_prefix(loads))
        .collect();
    assert_eq!(counted, [r#""refused"} 1"#], "one look, three answers");
}

#[tokio::test(start_paused = true)]
async fn a_refused_model_is_tried_again_after_a_second_however_often_it_was_refused() {
    let looks = Arc::new(AtomicUsize::new(0));
    let slots = slots_where(1, NEVER, {
        let looks = Arc::clone(&looks);
        move |_, _| match looks.fetch_add(1, Ordering::SeqCst) {
            0..3 => Err(FIGURES.into()),
            _ => Ok(()),
        }
    });
    for look in 1..=3 {
        for _ in 0..2 {
            let refused = error_of(&slots, "a").await;
            assert_eq!(refused.retry_after_seconds(), Some(1));
            assert_eq!(looks.load(Ordering::SeqCst), look);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(slots.lease("a").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_between_two_failures_neither_doubles_the_pause_nor_forgets_it() {
    let refuse = Arc::new(AtomicUsize::new(0));
    let slots = slots_where(1, NEVER, {
        let refuse = Arc::clone(&refuse);
        move |_, _| match refuse.load(Ordering::SeqCst) {
            0 => Ok(()),
            _ => Err(FIGURES.into()),
        }
    });
    slots.loader().broken.store(true, Ordering::SeqCst);
    let mut pauses = Vec::new();
    for refused in [0, 1, 0] {
        refuse.store(refused, Ordering::SeqCst);
        let error = error_of(&slots, "a").await;
        let pause = error.retry_after_seconds().unwrap();
        pauses.push((error.code(), pause));
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
    let failed = "model_unavailable";
    assert_eq!(
        pauses,
        [(failed, 1), ("resource_exhausted", 1), (failed, 2)]
    );
}

#[tokio::test(start_paused = true)]
async fn idle_models_leave_one_at_a_time_until_it_fits() {
    let slots = guarded(2, 4);
    for id in ["a", "b"] {
        slots.lease(id).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    slots.lease("c").await.unwrap();
    assert_eq!(loaded(&slots), ["b", "c"], "a was used least recently");
    assert_eq!(slots.loader().shelf.most_books(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_model_that_has_to_make_room_anyway_is_gone_before_the_look() {
    let slots = guarded(1, 1);
    for id in ["a", "b", "a"] {
        assert_eq!(slots.lease(id).await.unwrap().id, id);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_idle_is_kept_when_a_load_is_refused() {
    let slots = slots_where(3, NEVER, |shelf: &Shelf, _| match shelf.books() {
        0..2 if shelf.most_books() < 2 => Ok(()),
        _ => Err(FIGURES.into()),
    });
    for id in ["a", "b"] {
        slots.lease(id).await.unwrap();
    }
    assert_eq!(error_of(&slots, "c").await.code(), "resource_exhausted");
    assert!(loaded(&slots).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_model_in_use_is_not_waited_for() {
    let slots = guarded(1, 2);
    let in_use = slots.lease("a").await.unwrap();
    assert_eq!(error_of(&slots, "b").await.code(), "resource_exhausted");
    assert_eq!(loaded(&slots), ["a"]);
    drop(in_use);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(slots.lease("b").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_load_looks_only_when_the_one_before_shows_in_the_reading() {
    let slots = guarded(1, 2);
    let _in_use = slots.lease("a").await.unwrap();
    // At once: the guard still reads what was there before the load.
    let refused = slots.lease("b").await.err().map(|error| error.code());
    assert_eq!(refused, Some("resource_exhausted"));
    assert_eq!(slots.loader().shelf.most_books(), 1);
}

#[tokio::test(start_paused = true)]
async fn memory_that_a_model_has_just_freed_is_used_as_soon_as_it_shows() {
    let slots = guarded(1, 1);
    slots.lease("a").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = tokio::time::Instant::now();
    slots.lease("b").await.unwrap();
    assert!(before.elapsed() <= FRESH_READING + Duration::from_millis(1));
}
