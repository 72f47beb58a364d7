//! How many sessions of how many threads fit a box.

/// How a voice computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolShape {
    /// Sentences at a time. Each session holds the weights once more.
    pub sessions: usize,
    /// Threads that compute one sentence together.
    pub threads_each: usize,
    /// Threads of one more session, for a sentence that somebody waits for while nothing else
    /// computes.
    pub wide_threads: Option<usize>,
}

/// Threads that one sentence still gains from.
const MOST_THREADS_EACH: usize = 4;
/// Sessions of one thread that are worth their memory.
const MOST_NARROW: usize = 4;

impl PoolShape {
    /// A shape for so many cores and so many requests at a time; never more threads at work
    /// than cores, but for the moment in which a second request joins a lonely one.
    ///
    /// A thread alone speaks a sixth faster than its share of two that compute together, but
    /// who waits for the first sentence hears it almost twice as late. So a small box has
    /// sessions of one thread, and one of all threads for who is alone.
    pub fn choose(cores: usize, max_concurrent: usize) -> Self {
        let (cores, requests) = (cores.max(1), max_concurrent.max(1));
        let threads = |sessions: usize| (cores / sessions).min(MOST_THREADS_EACH);
        let are_few = cores < 2 * requests && cores <= MOST_NARROW;
        let sessions = if are_few {
            cores.min(requests)
        } else {
            (cores / 2).clamp(1, requests)
        };
        let is_narrow = threads(sessions) == 1 && cores > 1;
        Self {
            sessions,
            threads_each: threads(sessions),
            wide_threads: is_narrow.then_some(cores.min(MOST_THREADS_EACH)),
        }
    }

    /// On a GPU sentences wait for each other anyway.
    pub fn on_gpu() -> Self {
        Self {
            sessions: 1,
            threads_each: 1,
            wide_threads: None,
        }
    }

    /// How often the weights are held.
    pub(super) fn copies(self) -> usize {
        self.sessions + usize::from(self.wide_threads.is_some())
    }
}

/// Resident memory that a voice takes at most: its weights once a session, as they are and
/// as the processor likes them, and one run of the longest kind in each session.
pub fn footprint_bytes(model_file_bytes: u64, shape: PoolShape) -> u64 {
    const LONGEST_RUN: u64 = 320 << 20;
    shape.copies() as u64 * (model_file_bytes + model_file_bytes / 2 + LONGEST_RUN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_fits_the_box_and_what_may_run_at_once() {
        for (cores, requests, sessions, threads_each, wide_threads) in [
            (0, 0, 1, 1, None),
            (1, 2, 1, 1, None),
            (2, 1, 1, 2, None),
            (2, 2, 2, 1, Some(2)),
            (3, 8, 3, 1, Some(3)),
            (4, 2, 2, 2, None),
            (4, 4, 4, 1, Some(4)),
            (8, 8, 4, 2, None),
            (32, 2, 2, 4, None),
        ] {
            let shape = PoolShape {
                sessions,
                threads_each,
                wide_threads,
            };
            assert_eq!(
                PoolShape::choose(cores, requests),
                shape,
                "{cores} {requests}"
            );
        }
    }
}
