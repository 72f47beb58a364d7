//! Clients that never stop asking, and what became of their requests.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Scope;

use voice_stack_tests::answer::Answer;
use voice_stack_tests::client::Client;
use voice_stack_tests::kind::{ASR, Kind};
use voice_stack_tests::request::Request;
use voice_stack_tests::service::wait_until;

/// The requests of all clients of one service.
pub(crate) struct Load {
    pub kind: &'static Kind,
    /// `None` for a good answer, else what was wrong with it.
    outcomes: Mutex<Vec<Option<String>>>,
    is_over: AtomicBool,
}

fn no_beginning_of_the_speech(answer: &Answer) -> Option<String> {
    let is_heard = answer.text.to_lowercase().contains("fellow americans");
    (!is_heard).then(|| format!("misheard: {}", answer.text))
}

/// A sentence of a few seconds, of which the answer is checked.
fn request(kind: &'static Kind) -> Request {
    let ordinary = (kind.ordinary)();
    if std::ptr::eq(kind, &raw const ASR) {
        Request {
            fault: no_beginning_of_the_speech,
            ..ordinary
        }
    } else {
        ordinary
    }
}

impl Load {
    pub(crate) fn new(kind: &'static Kind) -> Self {
        Self {
            kind,
            outcomes: Mutex::default(),
            is_over: AtomicBool::new(false),
        }
    }

    /// Starts clients. Half of them keep their connections, as SDKs do; the others don't.
    pub(crate) fn run<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        client: &Client,
        clients: usize,
    ) {
        for number in 0..clients {
            let client = client.anew();
            scope.spawn(move || self.ask(&client, number % 2 == 0));
        }
    }

    fn ask(&self, client: &Client, keeps_connection: bool) {
        let request = request(self.kind);
        while !self.is_over.load(Ordering::SeqCst) {
            let answer = if keeps_connection {
                client.try_send(&request)
            } else {
                client.anew().try_send(&request)
            };
            let complaint = match answer {
                Ok(answer) => request.complaint(&answer),
                Err(cause) => Some(cause),
            };
            self.outcomes.lock().unwrap().push(complaint);
        }
    }

    /// Waits until so many more requests than now are through.
    pub(crate) fn wait_for(&self, more: usize) {
        let wanted = self.sent() + more;
        wait_until(&format!("{more} more requests"), || self.sent() >= wanted);
    }

    /// Clients end with the request that they are at.
    fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// Requests that are through.
    pub(crate) fn sent(&self) -> usize {
        self.outcomes.lock().unwrap().len()
    }

    /// What went wrong, once for each request that failed.
    pub(crate) fn failures(&self) -> Vec<String> {
        self.outcomes
            .lock()
            .unwrap()
            .iter()
            .flatten()
            .cloned()
            .collect()
    }
}

/// Ends the load also where a test fails, or the test would never end.
pub(crate) struct EndOnDrop<'a>(pub &'a [Load]);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(Load::end);
    }
}
