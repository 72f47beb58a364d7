//! Sessions that are used, ended and grow old at the same moment, and whose places come back.

use shuttle::future::spawn;
use voice_common::cancellation::{CancelCause, Cancellation};
use voice_common::sessions::{SessionLimits, Sessions};

use crate::{ANY_MOMENT, NEVER, explore};

#[test]
fn who_has_found_a_session_has_one_that_is_not_idle_and_its_place_comes_back_once() {
    explore(async || {
        let limits = SessionLimits {
            max: 1,
            idle: ANY_MOMENT,
            longest: NEVER,
        };
        let sessions = Sessions::new(limits, Cancellation::new());
        let opened = sessions.open(()).expect("there is room");
        let (id, life) = (opened.id().to_string(), opened.cancellation().clone());
        drop(opened);
        let users = [(); 2].map(|()| {
            let (sessions, id) = (sessions.clone(), id.clone());
            spawn(async move {
                let Some(used) = sessions.find(&id) else {
                    return;
                };
                // Its idle time may pass at any moment, but not while it is used.
                shuttle::future::yield_now().await;
                assert!(!used.cancellation().is_cancelled());
            })
        });
        for user in users {
            user.await.unwrap();
        }
        life.cancelled().await;
        assert_eq!(life.cause(), Some(CancelCause::SessionEnded));
        assert_eq!(sessions.counts().open, 0);
        sessions.open(()).expect("there is room again").end();
    });
}

#[test]
fn a_session_ends_once_whatever_ends_it_and_the_bound_is_kept() {
    explore(async || {
        let limits = SessionLimits {
            max: 1,
            idle: ANY_MOMENT,
            longest: ANY_MOMENT,
        };
        let service = Cancellation::new();
        let sessions = Sessions::new(limits, service.clone());
        let opened = sessions.open(()).expect("there is room");
        let id = opened.id().to_string();
        drop(opened);
        let ended = {
            let sessions = sessions.clone();
            spawn(async move {
                sessions.end(&id);
                assert!(sessions.find(&id).is_none());
                assert!(!sessions.end(&id));
            })
        };
        let shutdown = spawn(async move { service.cancel(CancelCause::Shutdown) });
        let openers = [(); 2].map(|()| {
            let sessions = sessions.clone();
            spawn(async move {
                if let Ok(used) = sessions.open(()) {
                    let counts = sessions.counts();
                    assert!(counts.open <= 1 && counts.high_water == 1);
                    drop(used);
                }
            })
        });
        for opener in openers {
            opener.await.unwrap();
        }
        ended.await.unwrap();
        shutdown.await.unwrap();
    });
}
