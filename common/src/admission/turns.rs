//! Whose turn it is, seen from outside: who came, who left, and who got the one slot.

use std::pin::Pin;

use futures::FutureExt as _;
use proptest::prelude::*;

use super::*;

type Client = usize;
type Wait = Pin<Box<dyn Future<Output = Result<Admitted, Rejection>> + Send>>;

#[derive(Debug, Clone)]
enum Event {
    Arrive(Priority),
    Finish,
    Leave(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let waits = [Priority::Interactive, Priority::Batch];
    prop_oneof![
        5 => prop::sample::select(waits.to_vec()).prop_map(Event::Arrive),
        4 => Just(Event::Finish),
        1 => any::<usize>().prop_map(Event::Leave),
    ]
}

struct Waiting {
    client: Client,
    priority: Priority,
    wait: Wait,
}

struct Scene {
    admission: Arc<Admission>,
    running: Option<Admitted>,
    /// In the order of arrival.
    waiting: Vec<Waiting>,
    arrived: Client,
    served: usize,
    left: usize,
    /// Interactive grants since one to a batch request, while the same batch request waited.
    in_a_row: usize,
}

impl Scene {
    async fn new() -> Self {
        let admission = Arc::new(Admission::new(1, 1000, Duration::from_hours(1)));
        Self {
            running: Some(admission.admit().await.unwrap()),
            admission,
            waiting: Vec::new(),
            arrived: 0,
            served: 0,
            left: 0,
            in_a_row: 0,
        }
    }

    fn arrive(&mut self, priority: Priority) {
        let admission = Arc::clone(&self.admission);
        let wait = async move { admission.admit_as(&priority.into()).await };
        // tokio would end the turn of this one task after so many polls.
        let mut wait: Wait = Box::pin(tokio::task::unconstrained(wait));
        match (&mut wait).now_or_never() {
            None => self.waiting.push(Waiting {
                client: self.arrived,
                priority,
                wait,
            }),
            Some(admitted) => {
                assert!(self.running.is_none() && self.waiting.is_empty());
                self.running = Some(admitted.unwrap());
                self.served += 1;
            }
        }
        self.arrived += 1;
    }

    fn leave(&mut self, which: usize) {
        if let Some(which) = which.checked_rem(self.waiting.len()) {
            self.waiting.remove(which);
            self.left += 1;
            self.forget_if_no_batch_waits();
        }
    }

    fn first(&self, priority: Priority) -> Option<Client> {
        let mut line = self.waiting.iter();
        line.find(|it| it.priority == priority).map(|it| it.client)
    }

    fn forget_if_no_batch_waits(&mut self) {
        if self.first(Priority::Batch).is_none() {
            self.in_a_row = 0;
        }
    }

    fn finish(&mut self) {
        if self.running.take().is_none() || self.waiting.is_empty() {
            return;
        }
        let mut granted = None;
        for (place, waiting) in self.waiting.iter_mut().enumerate() {
            if let Some(admitted) = (&mut waiting.wait).now_or_never() {
                assert!(granted.is_none(), "one slot, one grant");
                granted = Some((place, admitted.unwrap()));
            }
        }
        let (place, admitted) = granted.expect("the slot is not lost");
        let (interactive, batch) = (
            self.first(Priority::Interactive),
            self.first(Priority::Batch),
        );
        let Waiting {
            client, priority, ..
        } = self.waiting.remove(place);
        match priority {
            Priority::Interactive => {
                assert_eq!(Some(client), interactive, "the first of its priority");
                self.in_a_row += 1;
                assert!(
                    batch.is_none() || self.in_a_row <= 3,
                    "the fourth is batch's"
                );
            }
            Priority::Batch => {
                assert_eq!(Some(client), batch, "the first of its priority");
                assert!(interactive.is_none() || self.in_a_row == 3, "too early");
                self.in_a_row = 0;
            }
            Priority::Idle => unreachable!("none came"),
        }
        self.forget_if_no_batch_waits();
        self.running = Some(admitted);
        self.served += 1;
    }
}

proptest! {
    #[test]
    fn batch_gets_every_fourth_grant_and_nobody_is_lost_or_overtaken_by_an_equal(
        events in proptest::collection::vec(event(), 1..200),
    ) {
        let runtime = crate::testing::paused_runtime();
        runtime.block_on(async {
            let mut scene = Scene::new().await;
            for event in events {
                match event {
                    Event::Arrive(priority) => scene.arrive(priority),
                    Event::Finish => scene.finish(),
                    Event::Leave(which) => scene.leave(which),
                }
                assert_eq!(scene.admission.occupancy().queued, scene.waiting.len());
            }
            while !scene.waiting.is_empty() {
                scene.finish();
            }
            assert_eq!(scene.served + scene.left, scene.arrived);
        });
    }
}
