//! Any sequence of arrivals, ends, leavings and time, against a model that is too simple to
//! be wrong.

use std::collections::BTreeMap;

use futures::FutureExt as _;
use proptest::prelude::*;
use tokio::task::JoinHandle;

use super::*;

/// Time passes in steps that no queue timeout is a multiple of: what is due is never in doubt.
const STEP: Duration = Duration::from_millis(500);
const TIMEOUT_OFFSET: Duration = Duration::from_millis(250);

#[derive(Debug, Clone)]
enum Event {
    Arrive(Priority),
    /// One of those who run is done.
    Finish(usize),
    /// One of those who wait hangs up.
    Leave(usize),
    /// One who runs is done, and who gets its permit hangs up before it knows.
    FinishAndLeave(usize),
    /// One of those who wait becomes interactive.
    Hurry(usize),
    Wait(Steps),
    Scrape,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => prop::sample::select(&Priority::ALL[..]).prop_map(Event::Arrive),
        4 => any::<usize>().prop_map(Event::Finish),
        2 => any::<usize>().prop_map(Event::Leave),
        1 => any::<usize>().prop_map(Event::FinishAndLeave),
        1 => any::<usize>().prop_map(Event::Hurry),
        3 => (1..20_u32).prop_map(Event::Wait),
        1 => Just(Event::Scrape),
    ]
}

type Client = usize;
/// So many times [`STEP`].
type Steps = u32;

#[derive(Debug, Clone, Copy)]
struct Waiting {
    client: Client,
    since: Steps,
    priority: Priority,
    /// Its place among those of its priority.
    place: usize,
}

/// Who runs, who waits, and nothing else.
#[derive(Debug, Default)]
struct Model {
    slots: usize,
    max_queue: usize,
    places: usize,
    /// And a bit.
    queue_timeout: Steps,
    now: Steps,
    running: BTreeMap<Client, Steps>,
    /// In the order of arrival.
    queue: Vec<Waiting>,
    /// Since the last batch request, while one waited.
    interactive_grants: u32,
    timed_out: Vec<Client>,
    waited: BTreeMap<Client, Steps>,
    pace: Option<Duration>,
    high_water: usize,
    high_water_since_scrape: usize,
}

impl Model {
    fn start(&mut self, client: Client) {
        self.running.insert(client, self.now);
        self.high_water = self.high_water.max(self.running.len());
        self.high_water_since_scrape = self.high_water_since_scrape.max(self.running.len());
    }

    /// What a request of this priority is told that comes now.
    fn refusal(&self, priority: Priority) -> Option<Rejection> {
        let retry_after_seconds = self.retry_after_seconds();
        if self.running.len() < self.slots {
            None
        } else if priority == Priority::Idle {
            Some(Rejection::NoIdleSlot {
                retry_after_seconds,
            })
        } else {
            (self.queue.len() == self.max_queue).then_some(Rejection::QueueFull {
                retry_after_seconds,
            })
        }
    }

    fn arrive(&mut self, client: Client, priority: Priority) {
        if self.running.len() < self.slots {
            self.start(client);
        } else if self.refusal(priority).is_none() {
            let place = self.next_place();
            self.queue.push(Waiting {
                client,
                since: self.now,
                priority,
                place,
            });
        }
    }

    fn next_place(&mut self) -> usize {
        self.places += 1;
        self.places
    }

    fn first(&self, priority: Priority) -> Option<Waiting> {
        let line = self.queue.iter().filter(|it| it.priority == priority);
        line.min_by_key(|it| it.place).copied()
    }

    /// Whose turn it is.
    fn next(&self) -> Option<Waiting> {
        let (interactive, batch) = (
            self.first(Priority::Interactive),
            self.first(Priority::Batch),
        );
        let is_owed = self.interactive_grants == 3;
        batch.filter(|_| is_owed).or(interactive).or(batch)
    }

    /// One who waited got a permit.
    fn granted(&mut self, to: Waiting) {
        self.queue.retain(|it| it.client != to.client);
        let batch_waits = self.first(Priority::Batch).is_some();
        self.interactive_grants = match to.priority {
            Priority::Interactive if batch_waits => self.interactive_grants + 1,
            _ => 0,
        };
        self.waited.insert(to.client, self.now - to.since);
        self.start(to.client);
    }

    fn hurry(&mut self, client: Client) {
        let place = self.next_place();
        for it in &mut self.queue {
            if it.client == client && it.priority == Priority::Batch {
                (it.priority, it.place) = (Priority::Interactive, place);
            }
        }
        self.forget_grants_if_nobody_counts_them();
    }

    fn forget_grants_if_nobody_counts_them(&mut self) {
        if self.first(Priority::Batch).is_none() {
            self.interactive_grants = 0;
        }
    }

    fn finish(&mut self, client: Client) {
        let since = self.running.remove(&client).expect("it ran");
        let held = STEP * (self.now - since);
        self.pace = Some(self.pace.map_or(held, |pace| (pace * 7 + held) / 8));
        if let Some(next) = self.next() {
            self.granted(next);
        }
    }

    fn leave(&mut self, client: Client) {
        self.queue.retain(|it| it.client != client);
        self.forget_grants_if_nobody_counts_them();
    }

    fn wait(&mut self, time: Steps) {
        self.now += time;
        let (now, most) = (self.now, self.queue_timeout);
        let late = self.queue.extract_if(.., |it| now - it.since > most);
        self.timed_out.extend(late.map(|it| it.client));
        self.forget_grants_if_nobody_counts_them();
    }

    fn retry_after_seconds(&self) -> u64 {
        let ahead = self.queue.len() as u32 + 1;
        let seconds = (self.pace.unwrap_or_default() * ahead).as_secs_f64() / self.slots as f64;
        (seconds.ceil() as u64).clamp(1, 60)
    }
}

/// The real admission, with a task for each client that waits.
struct Scene {
    admission: Arc<Admission>,
    model: Model,
    clients: Client,
    running: BTreeMap<Client, Admitted>,
    waiting: BTreeMap<Client, JoinHandle<Result<Admitted, Rejection>>>,
    timed_out: Vec<Client>,
    urgencies: BTreeMap<Client, Arc<Urgency>>,
}

impl Scene {
    fn new(slots: usize, max_queue: usize, queue_timeout: Steps) -> Self {
        let timeout = STEP * queue_timeout + TIMEOUT_OFFSET;
        Self {
            admission: Arc::new(Admission::new(slots, max_queue, timeout)),
            model: Model {
                slots,
                max_queue,
                queue_timeout,
                ..Model::default()
            },
            clients: 0,
            running: BTreeMap::new(),
            waiting: BTreeMap::new(),
            timed_out: Vec::new(),
            urgencies: BTreeMap::new(),
        }
    }

    async fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive(priority) => self.arrive(priority).await,
            Event::Finish(which) => {
                if let Some(client) = nth(&self.running, which) {
                    self.model.finish(client);
                    self.running.remove(&client);
                }
            }
            Event::Leave(which) => {
                if let Some(client) = nth(&self.waiting, which) {
                    self.model.leave(client);
                    self.waiting.remove(&client).expect("it waits").abort();
                }
            }
            Event::FinishAndLeave(which) => {
                if let Some(client) = nth(&self.running, which)
                    && let Some(next) = self.model.next().map(|it| it.client)
                {
                    // To all others it is as if it had left before.
                    self.model.leave(next);
                    self.model.finish(client);
                    self.running.remove(&client);
                    self.waiting.remove(&next).expect("it waits").abort();
                }
            }
            Event::Hurry(which) => {
                if let Some(client) = nth(&self.waiting, which) {
                    self.model.hurry(client);
                    self.urgencies[&client].also(Priority::Interactive);
                }
            }
            Event::Wait(steps) => {
                self.model.wait(steps);
                tokio::time::advance(STEP * steps).await;
            }
            Event::Scrape => {
                let active = self.model.running.len();
                let expected = std::mem::replace(&mut self.model.high_water_since_scrape, active);
                assert_eq!(self.admission.take_high_water(), expected);
            }
        }
        self.settle().await;
    }

    async fn arrive(&mut self, priority: Priority) {
        let client = self.clients;
        self.clients += 1;
        let full = self.model.refusal(priority);
        assert_eq!(self.admission.refuse_if_full(priority).err(), full);
        self.model.arrive(client, priority);
        let (admission, urgency) = (Arc::clone(&self.admission), Arc::new(priority.into()));
        self.urgencies.insert(client, Arc::clone(&urgency));
        let arrival = tokio::spawn(async move { admission.admit_as(&urgency).await });
        self.waiting.insert(client, arrival);
        if let Some(full) = full {
            let arrival = self.waiting.remove(&client).expect("just inserted");
            assert_eq!(arrival.await.unwrap().unwrap_err(), full);
        }
    }

    /// Lets every task that can run do so, and takes their results.
    async fn settle(&mut self) {
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        let done: Vec<Client> = self
            .waiting
            .iter()
            .filter(|(_, task)| task.is_finished())
            .map(|(client, _)| *client)
            .collect();
        for client in done {
            let mut task = self.waiting.remove(&client).expect("just seen");
            let outcome = (&mut task).now_or_never().expect("it is finished");
            match outcome.expect("clients don't panic") {
                Ok(admitted) => {
                    let waited = self.model.waited.get(&client).copied();
                    assert_eq!(admitted.waited, STEP * waited.unwrap_or_default());
                    self.running.insert(client, admitted);
                }
                Err(Rejection::QueueTimeout {
                    retry_after_seconds,
                }) => {
                    assert!((1..=60).contains(&retry_after_seconds));
                    self.timed_out.push(client);
                }
                Err(full) => panic!("{client} had a place and got {full:?}"),
            }
        }
    }

    fn agrees(&self) {
        let (admission, model) = (&self.admission, &self.model);
        let is_interactive = |it: &&Waiting| it.priority == Priority::Interactive;
        let interactive = model.queue.iter().filter(is_interactive);
        let occupancy = Occupancy {
            slots: model.slots,
            active: model.running.len(),
            queued: model.queue.len(),
            queued_interactive: interactive.count(),
            active_high_water: model.high_water,
        };
        assert_eq!(admission.occupancy(), occupancy);
        assert!(self.running.keys().eq(model.running.keys()), "who runs");
        let queue = model.queue.iter().map(|it| &it.client);
        assert!(self.waiting.keys().eq(queue), "who waits");
        assert_eq!(self.timed_out, model.timed_out);
        assert_eq!(admission.retry_after_seconds(), model.retry_after_seconds());
        let oldest = model.running.values().min();
        let held = oldest.map(|since| STEP * (model.now - *since));
        assert_eq!(admission.longest_held(), held);
    }
}

fn nth<T>(map: &BTreeMap<Client, T>, which: usize) -> Option<Client> {
    let length = map.len().max(1);
    map.keys().nth(which % length).copied()
}

proptest! {
    #[test]
    fn whatever_happens_the_door_does_as_the_model(
        slots in 1..4_usize,
        max_queue in 0..9_usize,
        queue_timeout in 0..30_u32,
        events in proptest::collection::vec(event(), 1..120),
    ) {
        let runtime = crate::testing::paused_runtime();
        runtime.block_on(async {
            let mut scene = Scene::new(slots, max_queue, queue_timeout);
            for event in events {
                scene.happen(event).await;
                scene.agrees();
            }
        });
    }
}
