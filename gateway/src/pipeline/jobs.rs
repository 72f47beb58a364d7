//! What a conversation ordered and waits for. Each job is a task that is ended, down to its
//! connection, when it is cancelled or the conversation is over.

use std::collections::HashMap;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::conversation::{Job, Stage, ToolCall};
use crate::failure::Failure;

/// Reports that wait for the conversation; jobs that report more have to wait.
const WAITING: usize = 64;

/// What a job has come to.
#[derive(Debug)]
pub(super) enum Fact {
    Transcript(String),
    Score(f32),
    Token(String),
    ToolCall(ToolCall),
    Result(String),
    Audio(Vec<i16>),
    /// There is nothing more.
    Done,
    Failed(Failure),
    /// There will be no score.
    NoScore,
}

impl Fact {
    /// Whether nothing follows.
    fn is_last(&self) -> bool {
        !matches!(self, Self::Token(_) | Self::ToolCall(_) | Self::Audio(_))
    }
}

/// Where a job reports.
#[derive(Debug, Clone)]
pub(super) struct Reporter {
    job: Job,
    reports: mpsc::Sender<(Job, Fact)>,
}

impl Reporter {
    /// Waits while too much was reported. After the conversation's end nobody listens.
    pub(super) async fn report(&self, fact: Fact) {
        let _ = self.reports.send((self.job, fact)).await;
    }

    /// The end of a job that may have failed.
    pub(super) async fn end(&self, ended: Result<Fact, Failure>) {
        self.report(ended.unwrap_or_else(Fact::Failed)).await;
    }
}

/// A task that ends with its owner.
pub(super) struct AbortOnDrop(pub(super) JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Running {
    _task: AbortOnDrop,
    stage: Option<Stage>,
    since: Instant,
    /// Whether anything was reported.
    has_begun: bool,
    awaited: watch::Sender<bool>,
}

/// All that run of a conversation.
pub(super) struct Jobs {
    running: HashMap<Job, Running>,
    reports: mpsc::Sender<(Job, Fact)>,
    reported: mpsc::Receiver<(Job, Fact)>,
}

/// What a job that is still wanted reports.
#[derive(Debug)]
pub(super) struct Reported {
    pub(super) job: Job,
    pub(super) fact: Fact,
    /// If it is the first of its stage: how long that took.
    pub(super) first_after: Option<(Stage, std::time::Duration)>,
    pub(super) stage: Option<Stage>,
}

impl Jobs {
    pub(super) fn new() -> Self {
        let (reports, reported) = mpsc::channel(WAITING);
        Self {
            running: HashMap::new(),
            reports,
            reported,
        }
    }

    /// Begins a job of this stage; `None`: of the turn detector.
    pub(super) fn begin<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        job: Job,
        stage: Option<Stage>,
        work: impl FnOnce(Reporter, watch::Receiver<bool>) -> F,
    ) {
        let reporter = Reporter {
            job,
            reports: self.reports.clone(),
        };
        let (awaited, is_awaited) = watch::channel(false);
        let running = Running {
            _task: AbortOnDrop(tokio::spawn(work(reporter, is_awaited))),
            stage,
            since: Instant::now(),
            has_begun: false,
            awaited,
        };
        self.running.insert(job, running);
    }

    /// Somebody waits for it now.
    pub(super) fn await_now(&self, job: Job) {
        if let Some(it) = self.running.get(&job) {
            it.awaited.send_replace(true);
        }
    }

    /// Whether the turn detector is asked.
    pub(super) fn is_scoring(&self) -> bool {
        self.running.values().any(|it| it.stage.is_none())
    }

    /// Ends it, if it still runs.
    pub(super) fn cancel(&mut self, job: Job) {
        self.running.remove(&job);
    }

    /// The next report of a job that was not cancelled. A call that is dropped loses nothing.
    pub(super) async fn next(&mut self) -> Reported {
        loop {
            // There is always a sender: this one's own.
            let Some((job, fact)) = self.reported.recv().await else {
                return std::future::pending().await;
            };
            let Some(running) = self.running.get_mut(&job) else {
                continue;
            };
            let is_first = !std::mem::replace(&mut running.has_begun, true);
            let stage = running.stage;
            let first_after = stage
                .filter(|_| is_first)
                .map(|it| (it, running.since.elapsed()));
            if fact.is_last() {
                self.running.remove(&job);
            }
            return Reported {
                job,
                fact,
                first_after,
                stage,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_cancelled_is_ended_and_not_heard_of_again() {
        let mut jobs = Jobs::new();
        let (alive, mut ended) = mpsc::channel::<()>(1);
        jobs.begin(Job(1), Some(Stage::Response), |reporter, _| async move {
            reporter.report(Fact::Token("a".into())).await;
            let _alive = alive;
            std::future::pending::<()>().await;
        });
        let first = jobs.next().await;
        assert!(matches!(first.fact, Fact::Token(_)) && first.first_after.is_some());
        jobs.cancel(Job(1));
        assert_eq!(ended.recv().await, None, "its connection is closed");

        jobs.begin(Job(2), Some(Stage::Speech), |reporter, _| async move {
            reporter.report(Fact::Done).await;
        });
        while jobs.reported.is_empty() {
            tokio::task::yield_now().await;
        }
        jobs.cancel(Job(2));
        jobs.begin(Job(3), None, |reporter, _| async move {
            reporter.report(Fact::Score(1.0)).await;
        });
        assert_eq!(jobs.next().await.job, Job(3));
        assert!(!jobs.is_scoring());
    }
}
