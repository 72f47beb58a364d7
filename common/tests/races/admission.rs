//! Permits and the queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::join_all;
use parking_lot::Mutex;
use shuttle::future::{JoinHandle, spawn, yield_now};
use voice_common::admission::{Admission, Admitted, Priority, Rejection, Urgency};

use crate::{ANY_MOMENT, NEVER, explore};

/// A admission, and what its visitors know of themselves.
struct Scene {
    admission: Admission,
    max_queue: usize,
    arrived: AtomicUsize,
    gone: AtomicUsize,
    running: AtomicUsize,
    served: Mutex<Vec<usize>>,
}

type Visit = JoinHandle<Result<(), Rejection>>;

impl Scene {
    fn new(slots: usize, max_queue: usize, queue_timeout: Duration) -> Arc<Self> {
        Arc::new(Self {
            admission: Admission::new(slots, max_queue, queue_timeout),
            max_queue,
            arrived: AtomicUsize::new(0),
            gone: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            served: Mutex::default(),
        })
    }

    fn visitors(self: &Arc<Self>, numbers: impl IntoIterator<Item = usize>) -> Vec<Visit> {
        numbers
            .into_iter()
            .map(|number| spawn(visit(Arc::clone(self), number)))
            .collect()
    }

    /// What must be true whenever anybody looks.
    fn look(&self) {
        let gone = self.gone.load(Ordering::SeqCst);
        let now = self.admission.occupancy();
        let present = self.arrived.load(Ordering::SeqCst) - gone;
        assert!(now.active <= now.slots, "{now:?}");
        assert!(now.active_high_water <= now.slots, "{now:?}");
        assert!(now.queued <= self.max_queue, "{now:?}");
        assert!(
            now.queued == 0 || now.active == now.slots,
            "waits beside a free slot: {now:?}"
        );
        assert!(
            now.active + now.queued <= present,
            "somebody counts twice: {now:?}, {present} are there"
        );
    }

    /// Nothing was lost: nobody is inside, and every slot can be taken at once.
    fn is_as_new(&self) {
        let now = self.admission.occupancy();
        assert_eq!((now.active, now.queued), (0, 0));
        assert_eq!(self.admission.longest_held(), None);
        let permits: Vec<_> = (0..now.slots)
            .map(|_| {
                self.admission
                    .admit()
                    .now_or_never()
                    .expect("a slot is free")
            })
            .collect();
        assert_eq!(self.admission.occupancy().active, permits.len());
    }
}

async fn visit(scene: Arc<Scene>, number: usize) -> Result<(), Rejection> {
    visit_as(scene, number, Arc::new(Priority::Batch.into())).await
}

async fn visit_as(
    scene: Arc<Scene>,
    number: usize,
    urgency: Arc<Urgency>,
) -> Result<(), Rejection> {
    scene.arrived.fetch_add(1, Ordering::SeqCst);
    let _gone = CountOnDrop(&scene.gone);
    let admitted = scene.admission.admit_as(&urgency).await?;
    let running = Running::new(&scene, admitted);
    scene.served.lock().push(number);
    yield_now().await;
    drop(running);
    Ok(())
}

struct CountOnDrop<'a>(&'a AtomicUsize);

impl Drop for CountOnDrop<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Computes, under a permit that goes last.
struct Running<'a> {
    scene: &'a Scene,
    _permit: Admitted,
}

impl<'a> Running<'a> {
    fn new(scene: &'a Scene, permit: Admitted) -> Self {
        let running = scene.running.fetch_add(1, Ordering::SeqCst) + 1;
        assert!(running <= scene.admission.occupancy().slots);
        Self {
            scene,
            _permit: permit,
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.scene.running.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The outcomes of those who stayed.
async fn outcomes(visits: Vec<Visit>) -> Vec<Result<(), Rejection>> {
    let all = join_all(visits).await;
    all.into_iter().filter_map(Result::ok).collect()
}

async fn all_are_served(visits: Vec<Visit>) {
    for outcome in outcomes(visits).await {
        assert_eq!(outcome, Ok(()));
    }
}

#[test]
fn everybody_is_served_and_never_more_at_once_than_there_are_slots() {
    explore(async || {
        let scene = Scene::new(2, 4, NEVER);
        let visits = scene.visitors(0..5);
        all_are_served(visits).await;
        scene.is_as_new();
    });
}

#[test]
fn whoever_looks_sees_no_more_than_the_slots_and_the_queue_and_nobody_twice() {
    explore(async || {
        let scene = Scene::new(1, 2, ANY_MOMENT);
        let visits = scene.visitors(0..4);
        for _ in 0..4 {
            scene.look();
            yield_now().await;
        }
        outcomes(visits).await;
        scene.look();
        scene.is_as_new();
    });
}

#[test]
fn a_grant_for_a_client_that_leaves_goes_to_the_next() {
    explore(async || {
        let scene = Scene::new(1, 4, NEVER);
        let (leaves, stays) = (scene.visitors([0, 1]), scene.visitors([2, 3]));
        for visit in &leaves {
            visit.abort();
        }
        all_are_served(stays).await;
        outcomes(leaves).await;
        scene.is_as_new();
    });
}

#[test]
fn a_grant_at_the_moment_of_the_queue_timeout_is_not_lost() {
    explore(async || {
        let scene = Scene::new(1, 4, ANY_MOMENT);
        let visits = scene.visitors(0..4);
        let outcomes = outcomes(visits).await;
        let served = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(served, scene.served.lock().len());
        assert!(served > 0, "who came first had no reason to wait");
        scene.is_as_new();
    });
}

#[test]
fn those_who_stay_are_served_in_the_order_they_came() {
    explore(async || {
        let scene = Scene::new(1, 5, NEVER);
        let running = scene.admission.admit().await.unwrap();
        let mut visits = Vec::new();
        for number in 0..5 {
            let mut visit = Box::pin(visit(Arc::clone(&scene), number));
            assert!((&mut visit).now_or_never().is_none(), "it has to wait");
            visits.push(spawn(visit));
        }
        let leaver = visits.remove(1);
        let hang_up = hang_up(leaver);
        drop(running);
        all_are_served(visits).await;
        hang_up.await.unwrap();
        let served = scene.served.lock();
        assert!(served.is_sorted(), "{served:?}");
    });
}

#[test]
fn a_full_queue_rejects_the_surplus_and_nobody_else() {
    explore(async || {
        let scene = Scene::new(1, 1, NEVER);
        let visits = scene.visitors(0..3);
        let outcomes = outcomes(visits).await;
        let rejected = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        assert!(rejected <= 1, "one runs and one may wait");
        assert!(scene.admission.refuse_if_full(Priority::Batch).is_ok());
        scene.is_as_new();
    });
}

/// A client that leaves at any moment from now on.
fn hang_up(leaver: Visit) -> JoinHandle<()> {
    spawn(async move {
        leaver.abort();
        drop(leaver.await);
    })
}

/// Their urgencies, and they themselves, who wait already.
fn queued(
    scene: &Arc<Scene>,
    priority: Priority,
    numbers: impl IntoIterator<Item = usize>,
) -> (Vec<Arc<Urgency>>, Vec<Visit>) {
    let queue = |number| {
        let urgency = Arc::new(Urgency::from(priority));
        let visit = visit_as(Arc::clone(scene), number, Arc::clone(&urgency));
        let mut visit = Box::pin(visit);
        assert!((&mut visit).now_or_never().is_none(), "it has to wait");
        (urgency, spawn(visit))
    };
    numbers.into_iter().map(queue).unzip()
}

const BATCH: std::ops::Range<usize> = 0..3;
const INTERACTIVE: std::ops::Range<usize> = 10..20;

/// The numbers of those of batch, each with how many interactive ones went right before it.
fn between_batch(served: &[usize]) -> Vec<(usize, usize)> {
    let mut interactive = 0;
    let mut between = Vec::new();
    for number in served {
        if BATCH.contains(number) {
            between.push((*number, std::mem::take(&mut interactive)));
        } else {
            interactive += 1;
        }
    }
    between
}

#[test]
fn batch_gets_every_fourth_grant_whoever_leaves_at_the_moment_of_it() {
    explore(async || {
        let scene = Scene::new(1, 16, NEVER);
        let running = scene.admission.admit().await.unwrap();
        let (_, mut visits) = queued(&scene, Priority::Batch, BATCH);
        let (_, interactive) = queued(&scene, Priority::Interactive, INTERACTIVE);
        visits.extend(interactive);
        let leaver = visits.remove(0);
        let hang_up = hang_up(leaver);
        drop(running);
        all_are_served(visits).await;
        hang_up.await.unwrap();
        let served = scene.served.lock();
        let stayed: Vec<_> = served.iter().filter(|it| **it != BATCH.start).collect();
        let (batch, interactive): (Vec<_>, Vec<_>) =
            stayed.into_iter().partition(|it| BATCH.contains(it));
        assert!(batch.iter().copied().eq(&[1, 2]), "{served:?}");
        assert!(
            interactive.into_iter().copied().eq(INTERACTIVE),
            "{served:?}"
        );
        let between = between_batch(&served);
        assert!(between.iter().all(|(_, passed)| *passed == 3), "{served:?}");
        drop(served);
        scene.is_as_new();
    });
}

#[test]
fn one_that_becomes_urgent_at_the_moment_of_its_grant_is_served_once() {
    explore(async || {
        let scene = Scene::new(1, 16, NEVER);
        let running = scene.admission.admit().await.unwrap();
        let (urgencies, mut visits) = queued(&scene, Priority::Batch, BATCH);
        let (_, interactive) = queued(&scene, Priority::Interactive, INTERACTIVE);
        visits.extend(interactive);
        let hurry = spawn(async move {
            urgencies[2].also(Priority::Interactive);
        });
        drop(running);
        all_are_served(visits).await;
        hurry.await.unwrap();
        let mut served = scene.served.lock().clone();
        served.retain(|it| *it != 2);
        let between = between_batch(&served);
        assert!(between.iter().all(|(_, passed)| *passed <= 3), "{served:?}");
        let all = scene.served.lock().len();
        assert_eq!(all, BATCH.len() + INTERACTIVE.len());
        scene.is_as_new();
    });
}

#[test]
fn an_idle_request_never_waits_nor_keeps_those_who_do_from_their_turn() {
    explore(async || {
        let scene = Scene::new(1, 4, NEVER);
        let visits = scene.visitors(0..3);
        let idle = Arc::new(Urgency::from(Priority::Idle));
        for _ in 0..3 {
            scene.arrived.fetch_add(1, Ordering::SeqCst);
            let admitted = scene.admission.admit_as(&idle).now_or_never();
            let admitted = admitted.expect("it does not wait");
            scene.look();
            drop(admitted);
            scene.gone.fetch_add(1, Ordering::SeqCst);
            yield_now().await;
        }
        all_are_served(visits).await;
        scene.is_as_new();
    });
}
