use voice_common::cancellation::Cancellation;

use super::*;

fn piece(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn finished() -> Finished {
    Finished {
        whole: None,
        audio_seconds: 1.0,
    }
}

/// All that a reader finds, up to the end or the error.
async fn all_of(mut reader: Reader) -> (String, Result<(), ApiError>) {
    let mut text = String::new();
    loop {
        match reader.next().await {
            Ok(Next::Piece(piece)) => text.push_str(std::str::from_utf8(&piece).unwrap()),
            Ok(Next::End(_)) => return (text, Ok(())),
            Err(error) => return (text, Err(error)),
        }
    }
}

fn push_on_a_thread(
    shared: &Arc<SharedSynthesis>,
    text: &'static str,
) -> tokio::task::JoinHandle<Result<(), Cancelled>> {
    let shared = Arc::clone(shared);
    tokio::task::spawn_blocking(move || shared.push(piece(text), &Handle::current()))
}

#[tokio::test]
async fn all_readers_get_all_of_it_whenever_they_join() {
    let (shared, early) = SharedSynthesis::new(Cancellation::new());
    let early = tokio::spawn(all_of(early));
    push_on_a_thread(&shared, "one ").await.unwrap().unwrap();
    let joined = tokio::spawn(all_of(shared.join().unwrap()));
    push_on_a_thread(&shared, "two ").await.unwrap().unwrap();
    shared.finish(piece("three"), finished());
    let late = shared.join().unwrap();
    for reader in [
        early.await.unwrap(),
        joined.await.unwrap(),
        all_of(late).await,
    ] {
        assert_eq!(reader.0, "one two three");
        assert!(reader.1.is_ok());
    }
    assert!(!shared.cancellation().is_cancelled(), "all heard the end");
}

#[tokio::test]
async fn it_stops_when_the_last_reader_leaves_and_not_before() {
    let (shared, one) = SharedSynthesis::new(Cancellation::new());
    let other = shared.join().unwrap();
    drop(one);
    assert!(!shared.cancellation().is_cancelled());
    drop(other);
    assert_eq!(
        shared.cancellation().cause(),
        Some(CancelCause::Disconnected)
    );
    assert!(shared.join().is_none(), "it is lost");
}

#[tokio::test]
async fn the_maker_waits_for_the_reader_that_is_ahead() {
    let (shared, mut reader) = SharedSynthesis::new(Cancellation::new());
    for _ in 1..MOST_AHEAD {
        push_on_a_thread(&shared, "x").await.unwrap().unwrap();
    }
    let mut one_too_many = push_on_a_thread(&shared, "y");
    // A maker that doesn't wait is done long before; one that waits can't be hurried.
    let early = tokio::time::timeout(Duration::from_millis(50), &mut one_too_many).await;
    assert!(early.is_err(), "{MOST_AHEAD} pieces are unread");
    assert!(matches!(reader.next().await, Ok(Next::Piece(_))));
    assert_eq!(one_too_many.await.unwrap(), Ok(()));
}

#[tokio::test]
async fn a_maker_that_waits_hears_that_everybody_left() {
    let (shared, reader) = SharedSynthesis::new(Cancellation::new());
    for _ in 1..MOST_AHEAD {
        push_on_a_thread(&shared, "x").await.unwrap().unwrap();
    }
    let waits = push_on_a_thread(&shared, "y");
    drop(reader);
    assert_eq!(waits.await.unwrap(), Err(Cancelled));
}

#[tokio::test]
async fn a_failure_comes_after_what_was_made() {
    let (shared, reader) = SharedSynthesis::new(Cancellation::new());
    push_on_a_thread(&shared, "one").await.unwrap().unwrap();
    shared.fail(ApiError::Draining);
    let (text, end) = all_of(reader).await;
    assert_eq!(text, "one");
    assert_eq!(end.unwrap_err().code(), "draining");
    assert!(shared.join().is_none(), "nobody joins a failure");
}

#[tokio::test]
async fn speech_of_one_piece_is_whole_at_its_first_piece() {
    let (shared, mut reader) = SharedSynthesis::new(Cancellation::new());
    let whole = Finished {
        whole: Some(piece("exact")),
        audio_seconds: 1.0,
    };
    shared.finish(piece("streamed"), whole);
    assert!(matches!(reader.next().await, Ok(Next::Piece(_))));
    assert_eq!(reader.whole(), Some(piece("exact")));
}
