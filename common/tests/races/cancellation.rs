//! One cause for each cancellation, whoever was faster.

use futures::future::join_all;
use shuttle::future::{spawn, yield_now};
use voice_common::cancellation::{CancelCause, Cancellation};

use crate::explore;

#[test]
fn everybody_is_told_the_same_cause() {
    explore(async || {
        let service = Cancellation::new();
        let request = service.child();
        let shutdown = spawn(async move { service.cancel(CancelCause::Shutdown) });
        let cancels = [CancelCause::Deadline, CancelCause::Disconnected].map(|cause| {
            let request = request.clone();
            spawn(async move { request.cancel(cause) })
        });
        let observers = [(); 2].map(|()| {
            let request = request.clone();
            spawn(async move {
                request.cancelled().await;
                let told = request.cause().expect("it is cancelled");
                yield_now().await;
                assert_eq!(request.cause(), Some(told));
                told
            })
        });
        let told = join_all(observers).await;
        shutdown.await.unwrap();
        join_all(cancels).await;
        for observer in told {
            assert_eq!(request.cause(), Some(observer.unwrap()));
        }
    });
}
