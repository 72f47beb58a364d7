//! How many sessions of how many threads fit a box.

/// How a voice computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolShape {
    /// Sentences at a time. Each session holds the weights once more.
    pub sessions: usize,
    /// Threads that compute one sentence together.
    pub threads_each: usize,
}

/// Threads that one sentence still gains from.
const MOST_THREADS_EACH: usize = 4;

impl PoolShape {
    /// A shape for so many cores and so many requests at a time; never more threads than
    /// cores. Two threads a session where there are cores for it: the first sentence, which
    /// a listener waits for, comes almost twice as soon, and each session less saves the
    /// model's memory. The price is about a sixth of the throughput.
    pub fn choose(cores: usize, max_concurrent: usize) -> Self {
        let cores = cores.max(1);
        let sessions = (cores / 2).clamp(1, max_concurrent.max(1));
        Self {
            sessions,
            threads_each: (cores / sessions).min(MOST_THREADS_EACH),
        }
    }

    /// On a GPU sentences wait for each other anyway.
    pub fn on_gpu() -> Self {
        Self {
            sessions: 1,
            threads_each: 1,
        }
    }
}

/// Resident memory that a voice takes at most: its weights once a session, as they are and
/// as the processor likes them, and one run of the longest kind in each session.
pub fn footprint_bytes(model_file_bytes: u64, shape: PoolShape) -> u64 {
    const LONGEST_RUN: u64 = 320 << 20;
    shape.sessions as u64 * (model_file_bytes + model_file_bytes / 2 + LONGEST_RUN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_has_no_more_threads_than_cores_and_two_a_session_where_it_can() {
        for (cores, requests, sessions, threads_each) in [
            (0, 0, 1, 1),
            (1, 2, 1, 1),
            (2, 2, 1, 2),
            (4, 2, 2, 2),
            (3, 8, 1, 3),
            (32, 2, 2, 4),
        ] {
            let shape = PoolShape {
                sessions,
                threads_each,
            };
            assert_eq!(
                PoolShape::choose(cores, requests),
                shape,
                "{cores} {requests}"
            );
        }
    }
}
