use std::sync::atomic::AtomicBool;

use super::*;

/// Counts loads and models in memory; fails on demand.
#[derive(Default)]
struct Library {
    loads: AtomicUsize,
    in_memory: Arc<AtomicUsize>,
    most_in_memory: AtomicUsize,
    broken: AtomicBool,
}

struct Book(String, Arc<AtomicUsize>);

impl Drop for Book {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Ordering::SeqCst);
    }
}

impl ModelLoader for Library {
    type Model = Book;

    fn load(&self, id: &str) -> Result<Book, LoadError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        if self.broken.load(Ordering::SeqCst) {
            return Err(LoadError("torn page".into()));
        }
        let now = self.in_memory.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_in_memory.fetch_max(now, Ordering::SeqCst);
        Ok(Book(id.to_string(), Arc::clone(&self.in_memory)))
    }
}

fn slots(max_loaded: usize, idle: Duration) -> ModelSlots<Library> {
    ModelSlots::new(
        Library::default(),
        max_loaded,
        idle,
        ModelMetrics::default(),
    )
}

#[tokio::test]
async fn many_requests_on_a_cold_model_cause_one_load() {
    let slots = slots(1, Duration::ZERO);
    let requests = (0..50).map(|_| {
        let slots = slots.clone();
        tokio::spawn(async move { slots.lease("a").await.map(|lease| lease.0.clone()) })
    });
    for request in futures::future::join_all(requests).await {
        assert_eq!(request.unwrap().unwrap(), "a");
    }
    assert_eq!(slots.loader().loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_least_recently_used_model_makes_room() {
    let slots = slots(2, Duration::ZERO);
    for id in ["a", "b", "a", "c"] {
        slots.lease(id).await.unwrap();
    }
    let loaded: Vec<String> = slots.status().into_iter().map(|model| model.id).collect();
    assert_eq!(loaded, ["a", "c"]);
}

#[tokio::test]
async fn a_model_in_use_is_never_unloaded_and_two_models_share_one_place_without_an_error() {
    let slots = slots(1, Duration::ZERO);
    let requests = (0..40).map(|number| {
        let slots = slots.clone();
        tokio::spawn(async move {
            let id = if number % 2 == 0 { "a" } else { "b" };
            let lease = slots.lease(id).await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert_eq!(lease.0, id);
        })
    });
    for request in futures::future::join_all(requests).await {
        request.unwrap();
    }
    assert_eq!(slots.loader().most_in_memory.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn unloading_is_refused_while_in_use() {
    let slots = slots(1, Duration::ZERO);
    let lease = slots.lease("a").await.unwrap();
    assert_eq!(slots.unload("a").await, Err(InUse));
    drop(lease);
    assert_eq!(slots.unload("a").await, Ok(true));
    assert_eq!(slots.unload("a").await, Ok(false));
    assert_eq!(slots.loader().in_memory.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_failed_load_answers_everybody_and_is_not_repeated_at_once() {
    let slots = slots(1, Duration::ZERO);
    slots.loader().broken.store(true, Ordering::SeqCst);
    for _ in 0..10 {
        let error = slots.lease("a").await.err().unwrap();
        assert!(matches!(
            error,
            ApiError::ModelUnavailable {
                retry_after_seconds: 1,
                ..
            }
        ));
        assert!(error.to_string().contains("torn page"));
    }
    assert_eq!(slots.loader().loads.load(Ordering::SeqCst), 1);
    slots.loader().broken.store(false, Ordering::SeqCst);
    tokio::time::sleep(FIRST_BACK_OFF).await;
    assert!(slots.lease("a").await.is_ok());
}

#[tokio::test]
async fn an_idle_model_leaves_and_comes_back() {
    let idle = Duration::from_millis(30);
    let slots = slots(1, idle);
    let lease = slots.lease("a").await.unwrap();
    tokio::time::sleep(idle * 3).await;
    assert_eq!(
        slots.status()[0].state,
        ModelState::Ready,
        "in use is not idle"
    );
    drop(lease);
    while !slots.status().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(slots.lease("a").await.is_ok());
    assert_eq!(slots.loader().loads.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_request_that_gives_up_while_waiting_for_room_blocks_nobody() {
    let slots = slots(1, Duration::ZERO);
    let lease = slots.lease("a").await.unwrap();
    let gave_up = tokio::time::timeout(Duration::from_millis(10), slots.lease("b")).await;
    assert!(gave_up.is_err());
    assert!(slots.lease("a").await.is_ok());
    drop(lease);
    assert!(slots.lease("b").await.is_ok());
}
