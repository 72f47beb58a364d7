//! Models in memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use parking_lot::Mutex;
use shuttle::future::{JoinHandle, spawn, yield_now};
use voice_common::ApiError;
use voice_common::metrics::ModelMetrics;
use voice_common::model_slots::{InUse, Lease, LoadError, ModelLoader, ModelSlots, SlotOptions};

use crate::{ANY_MOMENT, explore};

/// What a book takes of the memory.
const BOOK_BYTES: u64 = 10;

/// What is in memory, watched from the models' side.
#[derive(Default)]
struct Memory {
    loads: AtomicUsize,
    books: Mutex<BTreeMap<String, usize>>,
    most_books: AtomicUsize,
}

impl Memory {
    fn books(&self) -> usize {
        self.books.lock().values().sum()
    }
}

/// A model that notices when it is dropped under a reader's hands.
struct Book {
    id: String,
    readers: AtomicUsize,
    memory: Arc<Memory>,
}

impl Book {
    fn new(id: &str, memory: &Arc<Memory>) -> Self {
        let mut books = memory.books.lock();
        let copies = books.entry(id.to_string()).or_default();
        *copies += 1;
        assert_eq!(*copies, 1, "in memory twice");
        let now = books.values().sum();
        memory.most_books.fetch_max(now, Ordering::SeqCst);
        Self {
            id: id.to_string(),
            readers: AtomicUsize::new(0),
            memory: Arc::clone(memory),
        }
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        assert_eq!(self.readers.load(Ordering::SeqCst), 0, "dropped while read");
        shuttle::thread::yield_now();
        let mut books = self.memory.books.lock();
        *books.get_mut(&self.id).expect("it was there") -= 1;
    }
}

#[derive(Default)]
struct Library {
    memory: Arc<Memory>,
    broken: AtomicBool,
    tells_footprint: bool,
}

impl ModelLoader for Library {
    type Model = Book;

    fn load(&self, id: &str) -> Result<Book, LoadError> {
        self.memory.loads.fetch_add(1, Ordering::SeqCst);
        shuttle::thread::yield_now();
        if self.broken.load(Ordering::SeqCst) {
            return Err(LoadError("torn page".into()));
        }
        Ok(Book::new(id, &self.memory))
    }

    fn footprint_bytes(&self, _id: &str) -> Option<u64> {
        self.tells_footprint.then_some(BOOK_BYTES)
    }
}

type Slots = ModelSlots<Library>;

fn slots(max_loaded: usize, idle_timeout: Duration) -> Slots {
    let options = SlotOptions {
        max_loaded,
        idle_timeout,
        room: Box::new(|_| Ok(())),
    };
    ModelSlots::new(Library::default(), options, ModelMetrics::default())
}

/// Slots on a memory for so many books.
fn slots_within(room_for: usize, max_loaded: usize) -> Slots {
    let library = Library {
        tells_footprint: true,
        ..Library::default()
    };
    let memory = Arc::clone(&library.memory);
    let options = SlotOptions {
        max_loaded,
        idle_timeout: Duration::ZERO,
        room: Box::new(move |bytes| {
            let free = (room_for - memory.books()) as u64 * BOOK_BYTES;
            (bytes <= free).then_some(()).ok_or("no room".into())
        }),
    };
    ModelSlots::new(library, options, ModelMetrics::default())
}

fn memory(slots: &Slots) -> &Memory {
    &slots.loader().memory
}

/// A request: leases the model and reads in it for a while.
async fn read(slots: Slots, id: &'static str) -> Result<(), ApiError> {
    let book = Reading::new(slots.lease(id).await?);
    assert_eq!(book.0.id, id);
    yield_now().await;
    Ok(())
}

/// Counted by the book for as long as the lease is held.
struct Reading(Lease<Library>);

impl Reading {
    fn new(book: Lease<Library>) -> Self {
        book.readers.fetch_add(1, Ordering::SeqCst);
        Self(book)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.readers.fetch_sub(1, Ordering::SeqCst);
    }
}

type Request = JoinHandle<Result<(), ApiError>>;

fn readers(slots: &Slots, ids: &[&'static str]) -> Vec<Request> {
    ids.iter()
        .map(|id| spawn(read(slots.clone(), id)))
        .collect()
}

/// The answers of those who stayed.
async fn answers(requests: Vec<Request>) -> Vec<Result<(), ApiError>> {
    let all = join_all(requests).await;
    all.into_iter().filter_map(Result::ok).collect()
}

async fn all_get_their_model(requests: Vec<Request>) {
    for answer in answers(requests).await {
        answer.expect("everybody who stays gets the model");
    }
}

fn code(answer: &Result<(), ApiError>) -> &'static str {
    answer.as_ref().err().map_or("ok", ApiError::code)
}

#[test]
fn many_requests_on_a_cold_model_cause_one_load() {
    explore(async || {
        let slots = slots(1, Duration::ZERO);
        all_get_their_model(readers(&slots, &["a", "a", "a"])).await;
        assert_eq!(memory(&slots).loads.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn models_share_one_place_and_everybody_gets_theirs() {
    explore(async || {
        let slots = slots(1, Duration::ZERO);
        all_get_their_model(readers(&slots, &["a", "b", "a", "b"])).await;
        assert_eq!(memory(&slots).most_books.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn who_leaves_while_room_is_made_blocks_nobody() {
    explore(async || {
        let slots = slots(1, Duration::ZERO);
        let leavers = readers(&slots, &["b", "c"]);
        let stayers = readers(&slots, &["a", "b", "a"]);
        for leaver in &leavers {
            leaver.abort();
        }
        all_get_their_model(stayers).await;
        answers(leavers).await;
        // Also those who come now: nobody waits for room any more.
        all_get_their_model(readers(&slots, &["a", "c"])).await;
        assert_eq!(memory(&slots).most_books.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_request_at_the_moment_of_the_idle_unload_gets_a_model() {
    explore(async || {
        let slots = slots(2, ANY_MOMENT);
        for _ in 0..2 {
            all_get_their_model(readers(&slots, &["a", "b", "a"])).await;
        }
    });
}

#[test]
fn a_claimed_model_stays_for_the_request_that_waits_for_a_permit() {
    explore(async || {
        let slots = slots(1, ANY_MOMENT);
        let claim = slots.claim("a");
        all_get_their_model(readers(&slots, &["a"])).await;
        let operator = spawn({
            let slots = slots.clone();
            async move { slots.unload("a").await }
        });
        for _ in 0..3 {
            yield_now().await;
        }
        all_get_their_model(readers(&slots, &["a"])).await;
        assert_eq!(operator.await.unwrap(), Err(InUse));
        drop(claim);
        assert_eq!(memory(&slots).loads.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_claim_does_not_keep_others_out() {
    explore(async || {
        let slots = slots(1, Duration::ZERO);
        all_get_their_model(readers(&slots, &["a"])).await;
        let claims = [slots.claim("a"), slots.claim("b")];
        all_get_their_model(readers(&slots, &["b", "a"])).await;
        drop(claims);
    });
}

#[test]
fn an_operators_unload_races_with_requests_and_both_get_their_way() {
    explore(async || {
        let slots = slots(1, Duration::ZERO);
        all_get_their_model(readers(&slots, &["a"])).await;
        let requests = readers(&slots, &["a", "a"]);
        let operator = spawn({
            let slots = slots.clone();
            async move { slots.unload("a").await }
        });
        all_get_their_model(requests).await;
        let _refused_or_done = operator.await.unwrap();
        assert!(slots.unload("a").await.is_ok(), "nobody uses it any more");
        assert_eq!(memory(&slots).books(), 0);
    });
}

#[test]
fn a_failed_load_answers_everybody_who_waited() {
    explore(async || {
        let slots = slots(1, Duration::ZERO);
        slots.loader().broken.store(true, Ordering::SeqCst);
        for answer in answers(readers(&slots, &["a", "a", "a"])).await {
            assert_eq!(code(&answer), "model_unavailable");
        }
        assert_eq!(memory(&slots).loads.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_refused_load_answers_everybody_who_waited_and_nothing_is_loaded() {
    explore(async || {
        let slots = slots_within(0, 2);
        for answer in answers(readers(&slots, &["a", "b", "a"])).await {
            assert_eq!(code(&answer), "resource_exhausted");
        }
        assert_eq!(memory(&slots).loads.load(Ordering::SeqCst), 0);
        assert!(slots.status().is_empty(), "a refusal is no failure");
    });
}

#[test]
fn two_loads_never_count_on_the_same_memory() {
    explore(async || {
        let slots = slots_within(1, 3);
        let leavers = readers(&slots, &["a"]);
        let stayers = readers(&slots, &["b", "c"]);
        for leaver in &leavers {
            leaver.abort();
        }
        for answer in answers(stayers).await {
            assert!(matches!(code(&answer), "ok" | "resource_exhausted"));
        }
        answers(leavers).await;
        assert!(memory(&slots).most_books.load(Ordering::SeqCst) <= 1);
    });
}
