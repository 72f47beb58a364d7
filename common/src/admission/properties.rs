//! Any sequence of arrivals, ends, leavings and time, against a model that is too simple to
//! be wrong.

use std::collections::{BTreeMap, VecDeque};

use futures::FutureExt as _;
use proptest::prelude::*;
use tokio::task::JoinHandle;

use super::*;

/// Time passes in steps that no queue timeout is a multiple of: what is due is never in doubt.
const STEP: Duration = Duration::from_millis(500);
const TIMEOUT_OFFSET: Duration = Duration::from_millis(250);

#[derive(Debug, Clone)]
enum Event {
    Arrive,
    /// One of those who run is done.
    Finish(usize),
    /// One of those who wait hangs up.
    Leave(usize),
    /// One who runs is done, and who gets its permit hangs up before it knows.
    FinishAndLeave(usize),
    Wait(Steps),
    Scrape,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => Just(Event::Arrive),
        4 => any::<usize>().prop_map(Event::Finish),
        2 => any::<usize>().prop_map(Event::Leave),
        1 => any::<usize>().prop_map(Event::FinishAndLeave),
        3 => (1..20_u32).prop_map(Event::Wait),
        1 => Just(Event::Scrape),
    ]
}

type Client = usize;
/// So many times [`STEP`].
type Steps = u32;

/// Who runs, who waits, and nothing else.
#[derive(Debug, Default)]
struct Model {
    slots: usize,
    max_queue: usize,
    /// And a bit.
    queue_timeout: Steps,
    now: Steps,
    running: BTreeMap<Client, Steps>,
    queue: VecDeque<(Client, Steps)>,
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

    fn is_full(&self) -> bool {
        self.running.len() == self.slots && self.queue.len() == self.max_queue
    }

    fn arrive(&mut self, client: Client) {
        if self.running.len() < self.slots {
            self.start(client);
        } else if self.queue.len() < self.max_queue {
            self.queue.push_back((client, self.now));
        }
    }

    fn finish(&mut self, client: Client) {
        let since = self.running.remove(&client).expect("it ran");
        let held = STEP * (self.now - since);
        self.pace = Some(self.pace.map_or(held, |pace| (pace * 7 + held) / 8));
        if let Some((next, since)) = self.queue.pop_front() {
            self.waited.insert(next, self.now - since);
            self.start(next);
        }
    }

    fn leave(&mut self, client: Client) {
        self.queue.retain(|(waiting, _)| *waiting != client);
    }

    fn wait(&mut self, time: Steps) {
        self.now += time;
        while let Some((client, since)) = self.queue.front().copied()
            && self.now - since > self.queue_timeout
        {
            self.queue.pop_front();
            self.timed_out.push(client);
        }
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
        }
    }

    async fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive => self.arrive().await,
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
                    && let Some((next, _)) = self.model.queue.front().copied()
                {
                    self.model.leave(next);
                    self.model.finish(client);
                    self.running.remove(&client);
                    self.waiting.remove(&next).expect("it waits").abort();
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

    async fn arrive(&mut self) {
        let client = self.clients;
        self.clients += 1;
        let full = self.model.is_full().then(|| Rejection::QueueFull {
            retry_after_seconds: self.model.retry_after_seconds(),
        });
        assert_eq!(self.admission.refuse_if_full().err(), full);
        self.model.arrive(client);
        let admission = Arc::clone(&self.admission);
        let arrival = tokio::spawn(async move { admission.admit().await });
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
        let occupancy = Occupancy {
            slots: model.slots,
            active: model.running.len(),
            queued: model.queue.len(),
            active_high_water: model.high_water,
        };
        assert_eq!(admission.occupancy(), occupancy);
        assert!(self.running.keys().eq(model.running.keys()), "who runs");
        let queue = model.queue.iter().map(|(client, _)| client);
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
        max_queue in 0..5_usize,
        queue_timeout in 0..30_u32,
        events in proptest::collection::vec(event(), 1..80),
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
