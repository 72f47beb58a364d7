//! Any sequence of arrivals, ends, leavings, claims, unloads, failures, shortages and time:
//! what must hold after each step, and that nobody waits for ever.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use proptest::prelude::*;
use tokio::task::JoinHandle;

use super::double::{Library, Slots, slots_where};
use super::*;

const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// Looks at something that blocking threads bring about, each after all tasks have run.
const MOST_LOOKS: usize = 100_000;

#[derive(Debug, Clone)]
enum Event {
    Arrive(&'static str),
    /// One of those who use a model is done.
    Finish(usize),
    /// One of those who wait hangs up.
    Leave(usize),
    Claim(&'static str),
    Unclaim(usize),
    /// The operator's wish.
    Unload(&'static str),
    Break,
    Repair,
    FillMemory,
    FreeMemory,
    Wait(Duration),
}

fn event() -> impl Strategy<Value = Event> {
    let id = || prop_oneof![Just("a"), Just("b"), Just("c")];
    prop_oneof![
        6 => id().prop_map(Event::Arrive),
        4 => any::<usize>().prop_map(Event::Finish),
        2 => any::<usize>().prop_map(Event::Leave),
        1 => id().prop_map(Event::Claim),
        1 => any::<usize>().prop_map(Event::Unclaim),
        2 => id().prop_map(Event::Unload),
        1 => Just(Event::Break),
        2 => Just(Event::Repair),
        1 => Just(Event::FillMemory),
        2 => Just(Event::FreeMemory),
        2 => (1..5_000_u64).prop_map(Duration::from_millis).prop_map(Event::Wait),
        1 => Just(Event::Wait(IDLE_TIMEOUT)),
    ]
}

type Request = usize;
type Waiting = JoinHandle<Result<Lease<Library>, ApiError>>;

struct Scene {
    slots: Slots,
    max_loaded: usize,
    full: Arc<AtomicBool>,
    requests: Request,
    using: BTreeMap<Request, Lease<Library>>,
    waiting: BTreeMap<Request, (&'static str, Waiting)>,
    claims: Vec<(&'static str, Claim<Library>)>,
}

impl Scene {
    fn new(max_loaded: usize) -> Self {
        let full = Arc::new(AtomicBool::new(false));
        let slots = slots_where(max_loaded, IDLE_TIMEOUT, {
            let full = Arc::clone(&full);
            move |_, _| {
                let is_full = full.load(Ordering::SeqCst);
                (!is_full).then_some(()).ok_or("no room".into())
            }
        });
        Self {
            slots,
            max_loaded,
            full,
            requests: 0,
            using: BTreeMap::new(),
            waiting: BTreeMap::new(),
            claims: Vec::new(),
        }
    }

    async fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive(id) => {
                let slots = self.slots.clone();
                let lease = tokio::spawn(async move { slots.lease(id).await });
                self.waiting.insert(self.requests, (id, lease));
                self.requests += 1;
            }
            Event::Finish(which) => {
                nth(&self.using, which).and_then(|request| self.using.remove(&request));
            }
            Event::Leave(which) => {
                if let Some(request) = nth(&self.waiting, which) {
                    self.waiting.remove(&request).expect("it waits").1.abort();
                }
            }
            Event::Claim(id) => self.claims.push((id, self.slots.claim(id))),
            Event::Unclaim(which) => {
                let which = which % self.claims.len().max(1);
                if which < self.claims.len() {
                    drop(self.claims.swap_remove(which));
                }
            }
            Event::Unload(id) => self.unload(id).await,
            Event::Break => self.slots.loader().broken.store(true, Ordering::SeqCst),
            Event::Repair => self.slots.loader().broken.store(false, Ordering::SeqCst),
            Event::FillMemory => self.full.store(true, Ordering::SeqCst),
            Event::FreeMemory => self.full.store(false, Ordering::SeqCst),
            Event::Wait(time) => self.wait(time).await,
        }
        self.settle().await;
        self.holds();
        if self.using.is_empty() {
            self.until("nobody is in the way: all get an answer", |scene| {
                scene.waiting.is_empty()
            })
            .await;
        }
    }

    async fn unload(&mut self, id: &'static str) {
        let was_ready = self.all_in(ModelState::Ready).iter().any(|it| it == id);
        let was_moving = [ModelState::Loading, ModelState::Unloading]
            .iter()
            .any(|state| !self.all_in(*state).is_empty());
        let outcome = self.slots.unload(id).await;
        if self.uses(id) || was_ready && self.is_claimed(id) {
            assert_eq!(outcome, Err(InUse));
        } else if !was_moving && !self.is_wanted(id) {
            assert_eq!(outcome, Ok(was_ready));
        }
    }

    async fn wait(&mut self, time: Duration) {
        let before = self.all_in(ModelState::Ready);
        let nobody_else_comes = self.waiting.is_empty();
        tokio::time::advance(time).await;
        self.settle().await;
        for id in before.iter().filter(|_| nobody_else_comes) {
            if self.uses(id) || self.is_claimed(id) {
                let ready = self.all_in(ModelState::Ready);
                assert!(ready.contains(id), "{id} is not idle");
            } else if time >= IDLE_TIMEOUT {
                self.until("an idle model leaves", |scene| {
                    !scene.all_in(ModelState::Ready).contains(id)
                })
                .await;
            }
        }
    }

    fn uses(&self, id: &str) -> bool {
        self.using.values().any(|lease| lease.id == id)
    }

    fn is_claimed(&self, id: &str) -> bool {
        self.claims.iter().any(|(claimed, _)| *claimed == id)
    }

    fn is_wanted(&self, id: &str) -> bool {
        self.is_claimed(id) || self.waiting.values().any(|(wanted, _)| *wanted == id)
    }

    fn all_in(&self, state: ModelState) -> Vec<String> {
        let all = self.slots.status().into_iter();
        all.filter(|model| model.state == state)
            .map(|model| model.id)
            .collect()
    }

    /// Lets every task that can run do so, and takes their results.
    async fn settle(&mut self) {
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        let done: Vec<Request> = self
            .waiting
            .iter()
            .filter(|(_, (_, task))| task.is_finished())
            .map(|(request, _)| *request)
            .collect();
        for request in done {
            let (id, mut task) = self.waiting.remove(&request).expect("just seen");
            let outcome = (&mut task).now_or_never().expect("it is finished");
            match outcome.expect("requests don't panic") {
                Ok(lease) => {
                    assert_eq!(lease.id, id);
                    self.using.insert(request, lease);
                }
                Err(error) => {
                    let code = error.code();
                    assert!(
                        matches!(code, "model_unavailable" | "resource_exhausted"),
                        "{code}"
                    );
                    assert!(matches!(error.retry_after_seconds(), Some(1..=60)));
                }
            }
        }
    }

    fn holds(&self) {
        let status = self.slots.status();
        let in_memory = self.slots.loader().shelf.books();
        assert!(in_memory <= self.max_loaded);
        for lease in self.using.values() {
            let model = status.iter().find(|model| model.id == lease.id);
            let model = model.expect("what is in use is there");
            assert_eq!(model.state, ModelState::Ready);
            let leases = self.using.values().filter(|it| it.id == lease.id).count();
            assert!(model.in_use >= leases);
        }
    }

    /// Who gets a model gives it back at once, and time passes: for a fresh reading, say.
    async fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..MOST_LOOKS {
            self.settle().await;
            self.using.clear();
            if is_so(self) {
                return;
            }
            tokio::time::advance(Duration::from_millis(1)).await;
            std::thread::yield_now();
        }
        panic!("{what}");
    }
}

fn nth<T>(map: &BTreeMap<Request, T>, which: usize) -> Option<Request> {
    let length = map.len().max(1);
    map.keys().nth(which % length).copied()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_happens_the_invariants_hold_and_nobody_waits_for_ever(
        max_loaded in 1..4_usize,
        events in proptest::collection::vec(event(), 1..40),
    ) {
        let runtime = crate::testing::paused_runtime();
        runtime.block_on(async {
            let mut scene = Scene::new(max_loaded);
            for event in events {
                scene.happen(event).await;
            }
            scene
                .until("in the end all have their answer", |scene| scene.waiting.is_empty())
                .await;
            scene.claims.clear();
            scene.wait(IDLE_TIMEOUT).await;
            scene
                .until("what nobody uses leaves", |scene| {
                    scene.slots.loader().shelf.books() == 0
                })
                .await;
        });
    }
}
