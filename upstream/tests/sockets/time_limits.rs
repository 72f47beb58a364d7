//! Hosts that take their time.

use std::time::{Duration, Instant};

use voice_upstream::{
    BaseUrl, Outcome, Pool, PoolSettings, Request, RetrySettings, Stage, TimeLimits, Upstream,
    UpstreamError, UpstreamSettings,
};

use crate::stub::{Step, Stub, chunk, head, ok};
use crate::{counted, settings, upstream};

/// Long enough for what has to happen within it on a loaded machine.
const SHORT: Duration = Duration::from_secs(1);

fn with_limits(stub: &Stub, limits: TimeLimits) -> Upstream {
    let mut settings = settings(&[stub]);
    settings.limits = limits;
    settings.retries = RetrySettings {
        rounds: 0,
        ..settings.retries
    };
    upstream(settings)
}

fn timed_out(stage: Stage, limit: Duration) -> UpstreamError {
    UpstreamError::TimedOut {
        upstream: "chat".into(),
        stage,
        limit,
    }
}

#[tokio::test]
async fn a_host_that_never_answers_is_left_and_counted() {
    let stub = Stub::start(|_| vec![Step::Stall]).await;
    let limits = TimeLimits {
        first_byte: SHORT,
        ..TimeLimits::default()
    };
    let chat = with_limits(&stub, limits);
    let error = chat.send(Request::get("a")).await.unwrap_err();
    assert_eq!(error, timed_out(Stage::FirstByte, SHORT));
    assert_eq!(counted(&chat, 0, Outcome::TimedOut), 1);
    stub.until_hung_up().await;
}

#[tokio::test]
async fn a_host_that_stalls_is_followed_by_the_next() {
    let (first, second) = (
        Stub::start(|_| vec![Step::Stall]).await,
        Stub::start(|_| ok()).await,
    );
    let mut settings = settings(&[&first, &second]);
    settings.limits.first_byte = SHORT;
    let chat = upstream(settings);
    chat.send(Request::get("a")).await.unwrap();
    assert_eq!((first.seen().len(), second.seen().len()), (1, 1));
}

#[tokio::test]
async fn a_body_that_stalls_is_given_up() {
    let stub = Stub::start(|_| vec![head(), chunk("one"), Step::Stall]).await;
    let limits = TimeLimits {
        between_bytes: SHORT,
        ..TimeLimits::default()
    };
    let chat = with_limits(&stub, limits);
    let mut answer = chat.send(Request::get("a")).await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "one");
    assert_eq!(
        answer.chunk().await.unwrap_err(),
        timed_out(Stage::BetweenBytes, SHORT)
    );
    assert_eq!(counted(&chat, 0, Outcome::TimedOut), 1);
    stub.until_hung_up().await;
}

#[tokio::test]
async fn the_whole_request_has_an_end_and_the_host_is_not_blamed_for_it() {
    let stub = Stub::start(|_| vec![head(), chunk("one"), Step::Stall]).await;
    let chat = with_limits(&stub, TimeLimits::default());
    let limits = TimeLimits {
        whole: SHORT,
        ..TimeLimits::default()
    };
    let began = Instant::now();
    let mut answer = chat.send(Request::get("a").limits(limits)).await.unwrap();
    answer.chunk().await.unwrap();
    assert_eq!(
        answer.chunk().await.unwrap_err(),
        timed_out(Stage::Whole, SHORT)
    );
    assert!(began.elapsed() >= SHORT);
    assert_eq!(counted(&chat, 0, Outcome::Abandoned), 1);
}

#[tokio::test]
async fn the_wait_for_a_connection_is_within_the_whole() {
    let stub = Stub::start(|_| vec![Step::Stall]).await;
    let pool = Pool::new(PoolSettings {
        connections: 1,
        ..PoolSettings::default()
    })
    .unwrap();
    let chat = Upstream::new(&pool, settings(&[&stub])).unwrap();
    let holding = tokio::spawn({
        let chat = chat.clone();
        async move { chat.send(Request::get("a")).await }
    });
    stub.until_asked().await;
    let limits = TimeLimits {
        whole: SHORT,
        ..TimeLimits::default()
    };
    let error = chat
        .send(Request::get("b").limits(limits))
        .await
        .unwrap_err();
    assert_eq!(error, timed_out(Stage::Whole, SHORT));
    assert_eq!(stub.seen().len(), 1);
    holding.abort();
}

#[tokio::test]
async fn a_host_that_takes_no_connection_is_given_up() {
    // A listener whose backlog is full: the system answers no further connection.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut held = Vec::new();
    while let Ok(connected) =
        tokio::time::timeout(SHORT, tokio::net::TcpStream::connect(address)).await
    {
        held.push(connected.unwrap());
    }
    let pool = Pool::new(PoolSettings {
        connect: SHORT,
        ..PoolSettings::default()
    })
    .unwrap();
    let base = BaseUrl::parse(&format!("http://{address}")).unwrap();
    let mut settings = UpstreamSettings::new("chat", vec![base]);
    settings.retries.rounds = 0;
    let chat = Upstream::new(&pool, settings).unwrap();
    let error = chat.send(Request::get("a")).await.unwrap_err();
    assert_eq!(error, timed_out(Stage::Connect, SHORT));
}
