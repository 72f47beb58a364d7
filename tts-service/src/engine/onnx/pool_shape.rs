//! How many sessions of how many threads fit a box.

/// How a voice computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PoolShape {
    /// Sessions, each of which holds the weights once more.
    pub sessions: usize,
    /// Threads that compute the sentences of a session.
    pub threads_each: usize,
    /// Sentences at a time in a session, unless they are long.
    pub runs_each: usize,
    /// Threads of one more session, for a sentence that is alone.
    pub alone_threads: Option<usize>,
}

/// Threads that one sentence still gains from.
const MOST_THREADS_EACH: usize = 4;

impl PoolShape {
    /// A shape for this number of cores and of requests at a time, with as few sessions as use
    /// the cores.
    ///
    /// With a request for each core every sentence gets one thread: two that share two threads
    /// take an eighth longer, because they wait for each other layer by layer. There the
    /// session of one thread is shared, and another one speaks what comes alone, almost twice
    /// as soon.
    pub(crate) fn choose(cores: usize, max_concurrent: usize) -> Self {
        let cores = cores.max(1);
        let runs = max_concurrent.clamp(1, cores);
        if runs == cores && cores > 1 {
            return Self {
                sessions: 1,
                threads_each: 1,
                runs_each: runs,
                alone_threads: Some(cores.min(MOST_THREADS_EACH)),
            };
        }
        let sessions = (cores / MOST_THREADS_EACH).clamp(1, runs);
        Self {
            sessions,
            threads_each: (cores / sessions).min(MOST_THREADS_EACH),
            runs_each: runs.div_ceil(sessions),
            alone_threads: None,
        }
    }

    /// On a GPU sentences wait for each other anyway.
    pub(crate) fn on_gpu() -> Self {
        Self {
            sessions: 1,
            threads_each: 1,
            runs_each: 1,
            alone_threads: None,
        }
    }

    /// Sentences at a time.
    pub(crate) fn runs(self) -> usize {
        self.sessions * self.runs_each
    }
}

/// Resident memory that a model takes at most: its weights once a session, as they are and
/// as the processor likes them, and what one run of the longest kind takes, or several shorter
/// ones that are as long together, for each session that computes at the same time.
pub(crate) fn footprint_bytes(
    model_file_bytes: u64,
    longest_run_bytes: u64,
    shape: PoolShape,
) -> u64 {
    let weights = model_file_bytes + model_file_bytes / 2;
    let sessions = shape.sessions as u64;
    (sessions + u64::from(shape.alone_threads.is_some())) * weights + sessions * longest_run_bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threads_are_no_more_than_the_cores_and_few_sessions_use_them() {
        for (cores, requests, sessions, threads_each, runs_each, alone_threads) in [
            (0, 0, 1, 1, 1, None),
            (1, 2, 1, 1, 1, None),
            (2, 1, 1, 2, 1, None),
            (2, 2, 1, 1, 2, Some(2)),
            (2, 8, 1, 1, 2, Some(2)),
            (3, 2, 1, 3, 2, None),
            (4, 2, 1, 4, 2, None),
            (8, 2, 2, 4, 1, None),
            (8, 6, 2, 4, 3, None),
            (8, 9, 1, 1, 8, Some(4)),
            (32, 2, 2, 4, 1, None),
            (32, 16, 8, 4, 2, None),
        ] {
            let shape = PoolShape {
                sessions,
                threads_each,
                runs_each,
                alone_threads,
            };
            assert_eq!(
                PoolShape::choose(cores, requests),
                shape,
                "{cores} {requests}"
            );
            assert!(shape.sessions * shape.threads_each <= cores.max(1));
        }
    }
}
