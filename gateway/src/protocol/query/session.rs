//! What belongs to a session: what was said in it, and its one query. A new query ends the one before
//! it, whatever that is doing.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use voice_common::ApiError;
use voice_common::cancellation::{CancelCause, Cancellation};
use voice_common::sessions::SessionUse;

use super::history::History;
use crate::conversation::{Message, Settings};

/// Why a query is ended before it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Superseded,
    Cancelled,
}

/// What was said, and who is asking.
#[derive(Debug)]
pub(super) struct Talk(Mutex<State>);

#[derive(Debug)]
struct State {
    history: History,
    running: Option<Running>,
    /// Queries so far; each has its number.
    queries: u64,
}

#[derive(Debug)]
struct Running {
    number: u64,
    stop: oneshot::Sender<Stop>,
}

/// A session seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sight {
    pub(super) is_active: bool,
    pub(super) queries: u64,
    pub(super) turns: usize,
}

impl Talk {
    pub(super) fn new(settings: &Settings) -> Self {
        Self(Mutex::new(State {
            history: History::new(settings.history_turns, settings.history_bytes),
            running: None,
            queries: 0,
        }))
    }

    /// Ends the query that runs; whether there was one.
    pub(super) fn cancel(&self) -> bool {
        self.stop(Stop::Cancelled)
    }

    pub(super) fn sight(&self) -> Sight {
        let state = self.0.lock();
        Sight {
            is_active: state.running.is_some(),
            queries: state.queries,
            turns: state.history.turns(),
        }
    }

    fn stop(&self, why: Stop) -> bool {
        let running = self.0.lock().running.take();
        // It may have been answered a moment ago.
        running.is_some_and(|it| it.stop.send(why).is_ok())
    }
}

/// Where a query is asked: in a session, or alone. Clients that name no session need none to be kept.
#[derive(Debug)]
pub(super) enum Place {
    Session(SessionUse<Talk>),
    Alone(Box<Talk>, Cancellation),
}

impl Place {
    fn talk(&self) -> &Talk {
        match self {
            Self::Session(session) => &session.value,
            Self::Alone(talk, _) => talk,
        }
    }

    fn cancellation(&self) -> &Cancellation {
        match self {
            Self::Session(session) => session.cancellation(),
            Self::Alone(_, service) => service,
        }
    }
}

/// A query that has the floor of its session until it is dropped or stopped.
#[derive(Debug)]
pub(super) struct Turn {
    place: Place,
    number: u64,
    /// Whether another one ended for it.
    pub(super) has_superseded: bool,
}

/// Tells a query to stop.
#[derive(Debug)]
pub(super) struct Stopped {
    stop: oneshot::Receiver<Stop>,
    cancellation: Cancellation,
}

impl Turn {
    /// The floor, for the newest query.
    pub(super) fn begin(place: Place) -> (Self, Stopped) {
        let (sender, stop) = oneshot::channel();
        let (number, former) = {
            let mut state = place.talk().0.lock();
            state.queries += 1;
            let number = state.queries;
            let running = Running {
                number,
                stop: sender,
            };
            (number, state.running.replace(running))
        };
        let has_superseded = former.is_some_and(|it| it.stop.send(Stop::Superseded).is_ok());
        let cancellation = place.cancellation().clone();
        let turn = Self {
            place,
            number,
            has_superseded,
        };
        (turn, Stopped { stop, cancellation })
    }

    pub(super) fn session_id(&self) -> Option<&str> {
        match &self.place {
            Place::Session(session) => Some(session.id()),
            Place::Alone(..) => None,
        }
    }

    /// What was asked, understood; and what the responder is to be told then.
    pub(super) fn asked(&self, text: String, instructions: &str) -> Vec<Message> {
        let mut state = self.place.talk().0.lock();
        state.history.asked(self.number, text);
        state.history.messages(instructions)
    }

    /// What was answered, in full.
    pub(super) fn answered(&self, messages: Vec<Message>) {
        let mut state = self.place.talk().0.lock();
        state.history.answered(self.number, messages);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.place.talk().0.lock();
        state.running.take_if(|it| it.number == self.number);
    }
}

impl Stopped {
    /// Works until it is told to stop; then the work is dropped.
    pub(super) async fn or<T>(
        &mut self,
        work: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        tokio::select! {
            biased;
            stop = &mut self.stop => Err(match stop {
                Ok(Stop::Superseded) => ApiError::Superseded,
                Ok(Stop::Cancelled) | Err(_) => ApiError::Cancelled,
            }),
            () = self.cancellation.cancelled() => {
                let cause = self.cancellation.cause().unwrap_or(CancelCause::Shutdown);
                Err(ApiError::cancelled(cause, Duration::ZERO))
            }
            done = work => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk() -> Place {
        Place::Alone(
            Box::new(Talk::new(&Settings::default())),
            Cancellation::new(),
        )
    }

    fn session() -> (voice_common::sessions::Sessions<Talk>, String) {
        let limits = voice_common::sessions::SessionLimits {
            max: 1,
            idle: Duration::from_mins(5),
            longest: Duration::from_hours(1),
        };
        let sessions = voice_common::sessions::Sessions::new(limits, Cancellation::new());
        let id = sessions
            .open(Talk::new(&Settings::default()))
            .unwrap()
            .id()
            .to_owned();
        (sessions, id)
    }

    async fn end(stopped: &mut Stopped) -> &'static str {
        let never = std::future::pending::<Result<(), ApiError>>();
        stopped.or(never).await.unwrap_err().code()
    }

    #[tokio::test]
    async fn a_new_query_ends_the_one_before_it_and_only_that() {
        let (sessions, id) = session();
        let place = || Place::Session(sessions.find(&id).unwrap());
        let (first, mut first_stopped) = Turn::begin(place());
        assert!(!first.has_superseded);
        let (second, mut second_stopped) = Turn::begin(place());
        assert!(second.has_superseded);
        assert_eq!(end(&mut first_stopped).await, "superseded");
        // The end of the first one takes nothing from the second one.
        drop(first);
        let talk = sessions.find(&id).unwrap();
        assert!(talk.value.sight().is_active);
        assert!(talk.value.cancel());
        assert_eq!(end(&mut second_stopped).await, "cancelled");
        assert!(!talk.value.cancel(), "there is none any more");
        drop(second);
        let (third, _stopped) = Turn::begin(place());
        assert!(!third.has_superseded);
        assert_eq!(talk.value.sight().queries, 3);
    }

    #[tokio::test]
    async fn what_is_done_is_not_cancelled() {
        let (sessions, id) = session();
        let (turn, mut stopped) = Turn::begin(Place::Session(sessions.find(&id).unwrap()));
        assert_eq!(stopped.or(async { Ok(1) }).await.unwrap(), 1);
        drop((turn, stopped));
        assert!(!sessions.find(&id).unwrap().value.cancel());
    }

    #[tokio::test]
    async fn the_end_of_the_session_or_of_the_service_ends_its_query() {
        let (sessions, id) = session();
        let (_turn, mut stopped) = Turn::begin(Place::Session(sessions.find(&id).unwrap()));
        sessions.end(&id);
        assert_eq!(end(&mut stopped).await, "session_ended");

        let (turn, mut stopped) = Turn::begin(talk());
        assert_eq!(turn.session_id(), None);
        turn.place.cancellation().cancel(CancelCause::Shutdown);
        assert_eq!(end(&mut stopped).await, "draining");
    }

    #[tokio::test]
    async fn what_was_understood_before_an_interruption_is_remembered() {
        let (sessions, id) = session();
        let place = || Place::Session(sessions.find(&id).unwrap());
        let (first, _first_stopped) = Turn::begin(place());
        first.asked("The weather".into(), "");
        let (second, _stopped) = Turn::begin(place());
        drop(first);
        let told = second.asked("No, the time".into(), "");
        let user = |it: &str| Message::User(it.into());
        assert_eq!(told, [user("The weather"), user("No, the time")]);
        second.answered(vec![Message::Assistant("Noon.".into())]);
        assert_eq!(sessions.find(&id).unwrap().value.sight().turns, 2);
    }
}
