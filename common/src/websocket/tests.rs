//! Both ends of WebSockets in virtual time: one driven, the other held by the test.

use std::time::Duration;

use axum::body::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncWriteExt as _, DuplexStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Wire;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_util::sync::CancellationToken;

use super::driver::drive;
use super::*;
use crate::cancellation::{CancelCause, Cancellation};
use crate::server::Upgraded;

/// The client's end, and the service's means to end it.
struct Client {
    socket: WebSocketStream<DuplexStream>,
    going_away: CancellationToken,
    service: Cancellation,
    sockets: WebSockets,
    driver: JoinHandle<()>,
}

const LIMITS: WebSocketLimits = WebSocketLimits {
    message_bytes: 1000,
    frame_bytes: 500,
    incoming_bytes: 2000,
    backlog_bytes: 10_000,
    idle: Duration::from_mins(1),
};

/// What is between the two ends.
const LINE_BYTES: usize = 1024;

async fn connect<F: Future<Output = Close> + Send + 'static>(
    handler: impl FnOnce(WebSocket) -> F + Send + 'static,
) -> Client {
    let (ours, theirs) = tokio::io::duplex(LINE_BYTES);
    let (going_away, service) = (CancellationToken::new(), Cancellation::new());
    let sockets = WebSockets::new(1, LIMITS);
    let upgraded = Upgraded {
        stream: ours,
        read_ahead: Bytes::new(),
        going_away: going_away.clone(),
        service: service.clone(),
    };
    let open = sockets.metrics.opened(sockets.place().unwrap());
    let driver = tokio::spawn(drive(
        upgraded,
        LIMITS,
        open,
        handler,
        tracing::Span::none(),
    ));
    let config = WebSocketConfig::default().write_buffer_size(0);
    Client {
        socket: WebSocketStream::from_raw_socket(theirs, Role::Client, Some(config)).await,
        going_away,
        service,
        sockets,
        driver,
    }
}

async fn echo(mut socket: WebSocket) -> Close {
    while let Some(message) = socket.incoming.recv().await {
        if socket.outgoing.send(message).await.is_err() {
            break;
        }
    }
    Close::NORMAL
}

/// Reads nothing until the service goes away.
async fn sleep(socket: WebSocket) -> Close {
    socket.going_away().await;
    Close::NORMAL
}

impl Client {
    async fn say(&mut self, text: &str) {
        self.socket.send(Wire::text(text)).await.unwrap();
    }

    async fn hears(&mut self) -> Option<Wire> {
        self.socket.next().await.and_then(Result::ok)
    }

    /// The code of the close frame that comes next, after which there is nothing more.
    async fn is_closed_with(&mut self) -> u16 {
        let mut next = self.hears().await;
        while matches!(next, Some(Wire::Ping(_))) {
            next = self.hears().await;
        }
        let Some(Wire::Close(Some(frame))) = next else {
            panic!("no close frame: {next:?}");
        };
        // Answers ours.
        while self.hears().await.is_some() {}
        frame.code.into()
    }

    /// Waits for the driver, and says what was counted as the reason.
    async fn ended(self) -> String {
        self.driver.await.unwrap();
        let mut registry = prometheus_client::registry::Registry::default();
        self.sockets.metrics().register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        assert!(text.contains("\nwebsockets 0\n"), "{text}");
        assert!(text.contains("\nwebsockets_opened_total 1\n"), "{text}");
        let counted = text.lines().find_map(|line| {
            let rest = line.strip_prefix(r#"websockets_closed_total{reason=""#)?;
            rest.strip_suffix(r#""} 1"#)
        });
        counted.expect("one end").to_string()
    }
}

#[tokio::test(start_paused = true)]
async fn messages_come_back_and_a_close_is_answered() {
    let mut client = connect(echo).await;
    client.say("one").await;
    assert_eq!(client.hears().await, Some(Wire::text("one")));
    client.socket.send(Wire::binary(vec![1, 2])).await.unwrap();
    assert_eq!(client.hears().await, Some(Wire::binary(vec![1, 2])));
    client.socket.close(None).await.unwrap();
    assert!(matches!(client.hears().await, Some(Wire::Close(_))));
    assert_eq!(client.ended().await, "client");
}

#[tokio::test(start_paused = true)]
async fn all_that_a_handler_sent_goes_out_before_the_close_that_it_returns() {
    let mut client = connect(async |socket: WebSocket| {
        for number in 0..80 {
            let text = format!("{number} {}", "x".repeat(50));
            socket
                .outgoing
                .try_send(Message::Text(text.into()))
                .unwrap();
        }
        Close::with_code(4001).unwrap().because("enough")
    })
    .await;
    for number in 0..80 {
        let Some(Wire::Text(text)) = client.hears().await else {
            panic!("{number} is missing");
        };
        assert!(text.starts_with(&format!("{number} ")));
    }
    assert_eq!(client.is_closed_with().await, 4001);
    assert_eq!(client.ended().await, "service");
}

#[tokio::test(start_paused = true)]
async fn a_drain_closes_with_1001_after_what_was_echoed() {
    let mut client = connect(echo).await;
    for text in ["one", "two"] {
        client.say(text).await;
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    client.going_away.cancel();
    tokio::time::sleep(Duration::from_millis(1)).await;
    client.say("too late").await;
    assert_eq!(client.hears().await, Some(Wire::text("one")));
    assert_eq!(client.hears().await, Some(Wire::text("two")));
    assert_eq!(client.is_closed_with().await, 1001);
    assert_eq!(client.ended().await, "going_away");
}

#[tokio::test(start_paused = true)]
async fn what_is_held_is_finished_before_the_1001() {
    let mut client = connect(async |mut socket: WebSocket| {
        let hold = socket.hold();
        socket.going_away().await;
        let answer = socket.incoming.recv().await;
        drop(hold);
        socket.outgoing.send(answer.unwrap()).await.unwrap();
        assert_eq!(socket.incoming.recv().await, None);
        Close::NORMAL
    })
    .await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    client.going_away.cancel();
    tokio::time::sleep(Duration::from_secs(7)).await;
    client.say("played to the end").await;
    assert_eq!(client.hears().await, Some(Wire::text("played to the end")));
    assert_eq!(client.is_closed_with().await, 1001);
    client.ended().await;
}

#[tokio::test(start_paused = true)]
async fn when_the_drain_time_is_over_a_handler_that_does_not_end_is_ended() {
    let mut client = connect(async |socket: WebSocket| {
        let _held = socket.hold();
        std::future::pending::<()>().await;
        Close::NORMAL
    })
    .await;
    client.going_away.cancel();
    tokio::time::sleep(Duration::from_secs(25)).await;
    client.service.cancel(CancelCause::Shutdown);
    assert_eq!(client.is_closed_with().await, 1001);
    assert_eq!(client.ended().await, "going_away");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_answers_a_close_is_waited_for_five_seconds() {
    let client = connect(async |_: WebSocket| Close::NORMAL).await;
    let begun = Instant::now();
    assert_eq!(client.ended().await, "service");
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_client_from_which_nothing_comes_is_pinged_twice_and_left() {
    let client = connect(echo).await;
    let Client {
        socket,
        driver,
        sockets,
        going_away,
        service,
    } = client;
    // Not read by tungstenite, which would answer pings.
    let mut stream = socket.into_inner();
    let begun = Instant::now();
    let mut frames = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut frames)
        .await
        .unwrap();
    assert_eq!(begun.elapsed(), Duration::from_mins(1));
    assert_eq!(frames[..4], [0x89, 0, 0x89, 0], "two pings");
    assert_eq!(frames[4], 0x88, "a close");
    let (socket, _) = tokio::io::duplex(1);
    let client = Client {
        socket: WebSocketStream::from_raw_socket(socket, Role::Client, None).await,
        going_away,
        service,
        sockets,
        driver,
    };
    assert_eq!(client.ended().await, "idle");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_but_pong_stays() {
    let mut client = connect(echo).await;
    let quiet = tokio::time::timeout(Duration::from_hours(1), async {
        while let Some(message) = client.hears().await {
            assert!(matches!(message, Wire::Ping(_)));
        }
    });
    assert!(quiet.await.is_err(), "still open");
    client.say("here").await;
    while client.hears().await != Some(Wire::text("here")) {}
}

#[tokio::test(start_paused = true)]
async fn a_message_over_the_limit_is_answered_with_1009_and_so_is_a_frame() {
    for text in ["x".repeat(1001), "x".repeat(501)] {
        let mut client = connect(echo).await;
        client.say(&text).await;
        assert_eq!(client.is_closed_with().await, 1009);
        assert_eq!(client.ended().await, "too_large");
    }
}

#[tokio::test(start_paused = true)]
async fn what_breaks_the_protocol_is_answered_with_1002_and_broken_text_with_1007() {
    for (frame, code) in [
        (&[0x81, 0x01, b'x'][..], 1002),
        (&[0xc1, 0x80, 0, 0, 0, 0], 1002),
        (&[0x83, 0x80, 0, 0, 0, 0], 1002),
        (&[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007),
    ] {
        let mut client = connect(echo).await;
        client.socket.get_mut().write_all(frame).await.unwrap();
        assert_eq!(client.is_closed_with().await, code, "{frame:?}");
        assert_eq!(client.ended().await, "protocol_error");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_cancels_the_work_and_the_handler_is_waited_for() {
    let (told, hears) = tokio::sync::oneshot::channel();
    let client = connect(async |mut socket: WebSocket| {
        assert_eq!(socket.incoming.recv().await, None);
        socket.cancellation.cancelled().await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        told.send(socket.cancellation.cause()).unwrap();
        Close::NORMAL
    })
    .await;
    let begun = Instant::now();
    let Client { socket, driver, .. } = client;
    drop(socket);
    driver.await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
    assert_eq!(hears.await.unwrap(), Some(CancelCause::Disconnected));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_only_closed_its_sending_side_is_gone() {
    let mut client = connect(echo).await;
    client.say("one").await;
    client.socket.get_mut().shutdown().await.unwrap();
    assert_eq!(client.ended().await, "gone");
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_closes_with_1011() {
    let mut client = connect(async |_: WebSocket| -> Close { panic!("on purpose") }).await;
    assert_eq!(client.is_closed_with().await, 1011);
    assert_eq!(client.ended().await, "internal_error");
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_sent_does_not_keep_from_reading() {
    let (told, mut hears) = mpsc::channel(1);
    let mut client = connect(async move |mut socket: WebSocket| {
        let large = Message::Binary(vec![0; LINE_BYTES * 4].into());
        while socket.outgoing.try_send(large.clone()).is_ok() {}
        while let Some(Message::Text(text)) = socket.incoming.recv().await {
            told.send(text).await.unwrap();
        }
        Close::NORMAL
    })
    .await;
    for number in 0..100 {
        // Only written: what is to be read stays in the line.
        client.say(&number.to_string()).await;
        assert_eq!(hears.recv().await.unwrap().as_str(), number.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_reads_nothing_makes_its_client_wait() {
    let mut client = connect(sleep).await;
    let text = "x".repeat(400);
    let mut sent = 0;
    let wait = Duration::from_secs(1);
    while tokio::time::timeout(wait, client.say(&text)).await.is_ok() {
        sent += text.len();
        assert!(sent < 16 * 1024, "what waits is bounded");
    }
    assert!(sent > 1000, "{sent}");
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_while_the_handler_sleeps_and_pongs_do_not_pile_up() {
    let mut client = connect(sleep).await;
    for _ in 0..10_000 {
        let ping = Wire::Ping(vec![7; 125].into());
        client.socket.feed(ping).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut pongs = 0;
    while let Ok(Some(Wire::Pong(_))) =
        tokio::time::timeout(Duration::from_secs(1), client.hears()).await
    {
        pongs += 1;
    }
    assert!((1..200).contains(&pongs), "{pongs}");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_driver_counts_as_an_unread_answer_and_stops_the_work() {
    let client = connect(async |socket: WebSocket| {
        socket.cancellation.cancelled().await;
        Close::NORMAL
    })
    .await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    client.driver.abort();
    let sockets = client.sockets.clone();
    assert!(client.driver.await.is_err());
    let mut registry = prometheus_client::registry::Registry::default();
    sockets.metrics().register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(text.contains(r#"websockets_closed_total{reason="unread_answer"} 1"#));
}
