//! The cores of the box, divided among the running jobs.
//!
//! A job asks anew before each window of audio, so the division follows what runs: one job
//! gets all cores, two get half each. More threads than cores never run: ggml's threads
//! wait for each other by spinning, and a thread without a core stops all of its job.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use voice_common::cancellation::Cancellation;

/// How often a waiting job looks whether it was cancelled.
const CANCELLATION_POLL: Duration = Duration::from_millis(20);

#[derive(Debug)]
struct Division {
    jobs: usize,
    free: usize,
    /// Jobs that wait for a core, oldest first.
    waiting: VecDeque<u64>,
    next_ticket: u64,
}

/// All cores that inference may use.
#[derive(Debug)]
pub(crate) struct ThreadBudget {
    cores: usize,
    division: Mutex<Division>,
    returned: Condvar,
}

/// A job that takes part in the division until it is dropped.
#[derive(Debug)]
pub(crate) struct Job {
    budget: Arc<ThreadBudget>,
}

/// Cores of one job for one window; returned when dropped.
#[derive(Debug)]
pub(crate) struct Threads<'a> {
    budget: &'a ThreadBudget,
    count: usize,
}

impl ThreadBudget {
    /// A budget of `cores` (at least one).
    pub(crate) fn new(cores: usize) -> Arc<Self> {
        let cores = cores.max(1);
        Arc::new(Self {
            cores,
            division: Mutex::new(Division {
                jobs: 0,
                free: cores,
                waiting: VecDeque::new(),
                next_ticket: 0,
            }),
            returned: Condvar::new(),
        })
    }

    /// The cores of this machine that this process may use.
    pub(crate) fn of_this_machine() -> Arc<Self> {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// Takes part in the division from now on.
    pub(crate) fn join(self: &Arc<Self>) -> Job {
        self.division.lock().jobs += 1;
        Job {
            budget: Arc::clone(self),
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.budget.division.lock().jobs -= 1;
    }
}

impl Job {
    /// This job's share for one step: the cores divided by the jobs, at most `most`, or what
    /// is free of it now. Waits for a first core, in the order of asking; `None` when cancelled.
    pub(crate) fn threads(&self, most: usize, cancellation: &Cancellation) -> Option<Threads<'_>> {
        let budget = &*self.budget;
        let mut division = budget.division.lock();
        let ticket = division.next_ticket;
        division.next_ticket += 1;
        division.waiting.push_back(ticket);
        while division.free == 0 || division.waiting.front() != Some(&ticket) {
            if cancellation.is_cancelled() {
                division.waiting.retain(|waiting| *waiting != ticket);
                budget.returned.notify_all();
                return None;
            }
            budget.returned.wait_for(&mut division, CANCELLATION_POLL);
        }
        division.waiting.pop_front();
        let share = (budget.cores / division.jobs.max(1)).max(1);
        let count = share.min(most).min(division.free);
        division.free -= count;
        budget.returned.notify_all();
        Some(Threads { budget, count })
    }
}

impl Threads<'_> {
    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.count
    }
}

impl Drop for Threads<'_> {
    fn drop(&mut self) {
        self.budget.division.lock().free += self.count;
        self.budget.returned.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use voice_common::cancellation::CancelCause;

    use super::*;

    #[test]
    fn one_job_gets_all_cores_and_two_share_them() {
        let budget = ThreadBudget::new(8);
        let (one, going_on) = (budget.join(), Cancellation::new());
        assert_eq!(one.threads(usize::MAX, &going_on).unwrap().count(), 8);
        let other = budget.join();
        let held = one.threads(usize::MAX, &going_on).unwrap();
        assert_eq!(
            (
                held.count(),
                other.threads(usize::MAX, &going_on).unwrap().count()
            ),
            (4, 4)
        );
        drop(other);
        drop(held);
        assert_eq!(one.threads(usize::MAX, &going_on).unwrap().count(), 8);
    }

    #[test]
    fn a_job_that_comes_later_waits_for_a_core_and_gives_up_when_cancelled() {
        let budget = ThreadBudget::new(2);
        let (early, late, request) = (budget.join(), budget.join(), Cancellation::new());
        let third = budget.join();
        let _all = (
            early.threads(usize::MAX, &request).unwrap(),
            late.threads(usize::MAX, &request).unwrap(),
        );
        request.cancel(CancelCause::Disconnected);
        assert!(third.threads(usize::MAX, &request).is_none());
        assert!(budget.division.lock().waiting.is_empty());
    }

    #[test]
    fn never_more_threads_than_cores_and_nobody_starves() {
        let budget = ThreadBudget::new(3);
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let job = budget.join();
                    for _ in 0..200 {
                        let threads = job.threads(usize::MAX, &Cancellation::new()).unwrap();
                        let now =
                            running.fetch_add(threads.count(), Ordering::SeqCst) + threads.count();
                        most.fetch_max(now, Ordering::SeqCst);
                        std::thread::yield_now();
                        running.fetch_sub(threads.count(), Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 3);
        assert_eq!(budget.division.lock().free, 3);
    }
}
