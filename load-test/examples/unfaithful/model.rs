//! A model that takes a while to load and leaves when no request uses it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::fault::Fault;

const LOADING: Duration = Duration::from_millis(200);

pub(crate) struct Model {
    /// When it was last used; `None` while it isn't there.
    used: Mutex<Option<Instant>>,
    loading: tokio::sync::Mutex<()>,
    loads: AtomicUsize,
    idle: Duration,
    fault: Option<Fault>,
}

impl Model {
    pub(crate) fn new(idle: Duration, fault: Option<Fault>) -> Self {
        Self {
            used: Mutex::new(None),
            loading: tokio::sync::Mutex::new(()),
            loads: AtomicUsize::new(0),
            idle,
            fault,
        }
    }

    pub(crate) fn is_loaded(&self) -> bool {
        let mut used = self
            .used
            .lock()
            .expect("no thread panics while it holds the lock");
        let is_idle = used.is_some_and(|it| it.elapsed() > self.idle);
        if is_idle && self.fault != Some(Fault::NeverUnloads) {
            *used = None;
        }
        used.is_some()
    }

    pub(crate) async fn load(&self) {
        let _alone = match self.fault {
            Some(Fault::LoadsForEach) => None,
            _ => Some(self.loading.lock().await),
        };
        if !self.is_loaded() {
            tokio::time::sleep(LOADING).await;
            self.loads.fetch_add(1, Ordering::SeqCst);
        }
        self.used();
    }

    pub(crate) fn used(&self) {
        *self
            .used
            .lock()
            .expect("no thread panics while it holds the lock") = Some(Instant::now());
    }

    pub(crate) fn unload(&self) {
        *self
            .used
            .lock()
            .expect("no thread panics while it holds the lock") = None;
    }

    pub(crate) fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }
}
