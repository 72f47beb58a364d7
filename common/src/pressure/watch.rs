//! The thread that keeps the readings fresh.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::guard::PressureGuard;
use super::reading::ReadPressure;

/// The running watch. Dropping it ends the thread and waits for its last reading.
#[derive(Debug)]
pub struct Watcher {
    /// Never sent on: its end wakes the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Feeds `guard` from `source`, once before this returns, so that a service never starts
/// blind, and then `every` so often on a thread of its own.
///
/// It is a thread and not a task because readings come from files: under memory pressure
/// even those of /proc can take long, and nothing else may wait for them.
pub fn watch(guard: PressureGuard, mut source: Box<dyn ReadPressure>, every: Duration) -> Watcher {
    guard.observe(&source.read(), Instant::now());
    let (stop, stopped) = channel::<()>();
    let thread = thread::Builder::new()
        .name("pressure".into())
        .spawn(move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                guard.observe(&source.read(), Instant::now());
            }
        })
        .expect("a service that starts can have one more thread");
    Watcher {
        stop: Some(stop),
        thread: Some(thread),
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the pressure readings had failed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Reading, Resource, Scope, Thresholds};
    use super::*;

    /// Reads 95 % memory, and tells which thread read.
    struct Telling(Sender<Option<String>>);

    impl ReadPressure for Telling {
        fn read(&mut self) -> Vec<Reading> {
            self.0
                .send(thread::current().name().map(Into::into))
                .unwrap();
            vec![Reading::of_percent(Resource::Memory, Scope::Host, 95.0)]
        }
    }

    fn guard() -> PressureGuard {
        PressureGuard::new(Thresholds {
            memory_percent: 90.0,
            ..Thresholds::default()
        })
    }

    #[test]
    fn the_first_reading_is_there_when_watch_returns() {
        let (told, _readers) = channel();
        let guard = guard();
        let _watcher = watch(
            guard.clone(),
            Box::new(Telling(told)),
            Duration::from_hours(1),
        );
        assert!(guard.check().is_err());
    }

    #[test]
    fn it_reads_again_and_again_on_its_own_thread_until_it_is_dropped() {
        let (told, readers) = channel();
        let watcher = watch(guard(), Box::new(Telling(told)), Duration::from_millis(1));
        readers.recv().unwrap();
        for _ in 0..3 {
            assert_eq!(readers.recv().unwrap().as_deref(), Some("pressure"));
        }
        drop(watcher);
        // The iteration only ends because the thread dropped its source: it is gone.
        readers.iter().for_each(drop);
    }

    #[test]
    fn dropping_it_does_not_wait_for_the_next_reading() {
        let (told, readers) = channel();
        drop(watch(
            guard(),
            Box::new(Telling(told)),
            Duration::from_hours(1),
        ));
        assert_eq!(readers.iter().count(), 1);
    }
}
