//! A loader for tests: counts what it loads and what is in memory, and does badly on demand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::{LoadError, ModelLoader, ModelSlots, SlotOptions};
use crate::metrics::ModelMetrics;

/// What a model takes of the memory.
pub(super) const BOOK_BYTES: u64 = 400_000_000;

#[derive(Default)]
pub(super) struct Library {
    pub loads: AtomicUsize,
    pub shelf: Arc<Shelf>,
    pub broken: AtomicBool,
    pub panics: AtomicBool,
}

/// The memory.
#[derive(Default)]
pub(super) struct Shelf {
    books: Mutex<BTreeMap<String, usize>>,
    most: AtomicUsize,
    /// The next book that is dropped panics.
    pub cursed: AtomicBool,
}

impl Shelf {
    pub(super) fn books(&self) -> usize {
        self.books.lock().values().sum()
    }

    pub(super) fn most_books(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

pub(super) struct Book {
    pub id: String,
    shelf: Arc<Shelf>,
}

impl Drop for Book {
    fn drop(&mut self) {
        *self.shelf.books.lock().entry(self.id.clone()).or_default() -= 1;
        assert!(!self.shelf.cursed.load(Ordering::SeqCst), "cursed");
    }
}

impl ModelLoader for Library {
    type Model = Book;

    fn load(&self, id: &str) -> Result<Book, LoadError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        assert!(!self.panics.load(Ordering::SeqCst), "the library burns");
        if self.broken.load(Ordering::SeqCst) {
            return Err(LoadError("torn page".into()));
        }
        let mut books = self.shelf.books.lock();
        let copies = books.entry(id.to_string()).or_default();
        *copies += 1;
        assert_eq!(*copies, 1, "in memory twice");
        let now = books.values().sum();
        self.shelf.most.fetch_max(now, Ordering::SeqCst);
        Ok(Book {
            id: id.to_string(),
            shelf: Arc::clone(&self.shelf),
        })
    }

    fn footprint_bytes(&self, _id: &str) -> Option<u64> {
        Some(BOOK_BYTES)
    }
}

pub(super) type Slots = ModelSlots<Library>;

/// Slots on a memory that fits whatever comes.
pub(super) fn slots(max_loaded: usize, idle_timeout: Duration) -> Slots {
    slots_where(max_loaded, idle_timeout, |_, _| Ok(()))
}

/// Slots that ask `room` with the shelf and the bytes that are needed.
pub(super) fn slots_where(
    max_loaded: usize,
    idle_timeout: Duration,
    room: impl Fn(&Shelf, u64) -> Result<(), String> + Send + Sync + 'static,
) -> Slots {
    let library = Library::default();
    let shelf = Arc::clone(&library.shelf);
    let options = SlotOptions {
        max_loaded,
        idle_timeout,
        room: Box::new(move |bytes| room(&shelf, bytes)),
    };
    ModelSlots::new(library, options, ModelMetrics::default())
}

pub(super) fn loads(slots: &Slots) -> usize {
    slots.loader().loads.load(Ordering::SeqCst)
}

/// The names of the models that are in memory.
pub(super) fn loaded(slots: &Slots) -> Vec<String> {
    let all = slots.status().into_iter();
    all.map(|model| model.id).collect()
}
