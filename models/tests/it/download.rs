//! Downloads of finished files.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use voice_stack_models::Error;
use voice_stack_models::pull::Pulled;

use crate::support::fixture::{Fixture, content, wait_until};
use crate::support::server::{Request, Server, respond, respond_raw, serve_range};

/// A server of one file of this size, what is in it, and an entry that is downloaded from there.
fn download_of(size_bytes: usize) -> (Vec<u8>, Server, Fixture) {
    let content = content(size_bytes);
    let server = Server::of_file(content.clone());
    let fixture = Fixture::of_url(&content, &server.url());
    (content, server, fixture)
}

#[test]
fn a_file_is_downloaded_checked_and_installed() {
    let (content, server, fixture) = download_of(300_000);

    assert_eq!(fixture.pull().unwrap(), Pulled::Fetched);

    assert!(fixture.installed() == Some(content));
    assert_eq!(fixture.files(), ["demo.bin"]);
    assert_eq!(server.requests()[0].path, "/org/repo/resolve/main/demo.bin");
}

#[test]
fn an_installed_file_is_not_downloaded_again() {
    let (_content, server, fixture) = download_of(1000);
    fixture.pull().unwrap();

    assert_eq!(fixture.pull().unwrap(), Pulled::AlreadyInstalled);

    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_damaged_file_is_replaced() {
    let (content, _server, fixture) = download_of(1000);
    fixture.pull().unwrap();
    fs::write(fixture.store.path_of(fixture.entry()), vec![0; 1000]).unwrap();

    assert_eq!(fixture.pull().unwrap(), Pulled::Fetched);

    assert!(fixture.installed() == Some(content));
    assert!(fixture.progress.text().contains("damaged"));
}

#[test]
fn an_unfinished_download_goes_on_where_it_stopped() {
    let (content, server, fixture) = download_of(50_000);
    fixture.write_part(&content[..20_000]);

    fixture.pull().unwrap();

    assert!(fixture.installed() == Some(content));
    assert_eq!(server.requests()[0].start(), Some(20_000));
    assert!(fixture.progress.text().contains("from 20000"));
}

#[test]
fn what_is_installed_can_be_read_by_other_users() {
    let (content, _server, fixture) = download_of(5000);
    fixture.write_part(&content);
    fs::set_permissions(fixture.part(), Permissions::from_mode(0o600)).unwrap();

    fixture.pull().unwrap();

    let path = fixture.store.path_of(fixture.entry());
    let mode = fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

#[test]
fn a_finished_part_is_installed_without_a_request() {
    let (content, server, fixture) = download_of(5000);
    fixture.write_part(&content);

    fixture.pull().unwrap();

    assert!(fixture.installed() == Some(content));
    assert!(server.requests().is_empty());
}

#[test]
fn a_server_that_can_not_resume_sends_everything() {
    let content = content(5000);
    let whole = content.clone();
    let server = Server::new(move |_, stream| respond(stream, "200 OK", "", &whole));
    let fixture = Fixture::of_url(&content, &server.url());
    fixture.write_part(&[1; 2000]);

    fixture.pull().unwrap();

    assert!(fixture.installed() == Some(content));
}

#[test]
fn a_part_that_the_server_refuses_or_answers_oddly_is_dropped() {
    for answer in ["416 Range Not Satisfiable", "206 Partial Content"] {
        let content = content(5000);
        let whole = content.clone();
        let server = Server::new(move |request, stream| match request.start() {
            Some(_) => respond(stream, answer, "Content-Range: bytes 7-9/10\r\n", b"odd"),
            None => respond(stream, "200 OK", "", &whole),
        });
        let fixture = Fixture::of_url(&content, &server.url());
        fixture.write_part(&[1; 2000]);

        fixture.pull().unwrap();

        assert!(fixture.installed() == Some(content), "{answer}");
    }
}

#[test]
fn a_part_longer_than_the_file_is_dropped() {
    let (content, _server, fixture) = download_of(5000);
    fixture.write_part(&[1; 6000]);

    fixture.pull().unwrap();

    assert!(fixture.installed() == Some(content));
}

#[test]
fn redirects_are_followed_and_keep_the_range() {
    let content = content(5000);
    let whole = content.clone();
    let server = Server::new(move |request, stream| match request.path.as_str() {
        "/elsewhere" => serve_range(request, stream, &whole),
        "/again" => respond(
            stream,
            "307 Temporary Redirect",
            "Location: /elsewhere\r\n",
            b"",
        ),
        _ => respond(stream, "302 Found", "Location: /again\r\n", b""),
    });
    let fixture = Fixture::of_url(&content, &server.url());
    fixture.write_part(&content[..100]);

    fixture.pull().unwrap();

    assert!(fixture.installed() == Some(content));
    let starts: Vec<_> = server.requests().iter().map(Request::start).collect();
    assert_eq!(starts, [Some(100); 3]);
}

#[test]
fn a_redirect_to_plain_http_elsewhere_or_without_end_is_refused() {
    for (location, why) in [
        ("http://mirror.example/x", "only https is allowed"),
        ("/", "too many redirects"),
    ] {
        let header = format!("Location: {location}\r\n");
        let server = Server::new(move |_, stream| respond(stream, "302 Found", &header, b""));
        let fixture = Fixture::of_url(&content(10), &server.url());

        let error = fixture.pull_error();

        assert!(error.contains(why), "{error}");
        assert!(fixture.installed().is_none());
    }
}

#[test]
fn a_wrong_digest_is_refused_and_nothing_stays() {
    let mut other = content(5000);
    other[4000] ^= 1;
    let server = Server::of_file(other);
    let fixture = Fixture::of_url(&content(5000), &server.url());

    let error = fixture.pull_error();

    assert!(
        error.contains("digest") && error.contains("nothing was installed"),
        "{error}"
    );
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn a_file_of_another_length_is_refused_before_it_is_downloaded() {
    let server = Server::of_file(content(6000));
    let fixture = Fixture::of_url(&content(5000), &server.url());

    let error = fixture.pull_error();

    assert!(error.contains("6000 bytes, expected 5000"), "{error}");
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn an_endless_body_is_cut_off() {
    let server = Server::new(|_, stream| {
        respond_raw(stream, "200 OK", "", b"");
        while stream.write_all(&[7; 4096]).is_ok() {}
    });
    let fixture = Fixture::of_url(&content(5000), &server.url());

    let error = fixture.pull_error();

    assert!(error.contains("longer than 5.0 kB"), "{error}");
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn a_broken_connection_is_resumed_by_the_next_pull() {
    let content = content(50_000);
    let whole = content.clone();
    let server = Server::new(move |request, stream| match request.start() {
        // The length of everything, then half of it.
        None => {
            let length = format!("Content-Length: {}\r\n", whole.len());
            respond_raw(stream, "200 OK", &length, &whole[..25_000]);
        }
        Some(_) => serve_range(request, stream, &whole),
    });
    let fixture = Fixture::of_url(&content, &server.url());

    let error = fixture.pull_error();

    assert!(error.contains("after 25.0 kB of 50.0 kB"), "{error}");
    assert!(error.contains("run the same command again"), "{error}");
    assert_eq!(fixture.files(), ["demo.bin.part"]);
    fixture.pull().unwrap();
    assert!(fixture.installed() == Some(content));
    assert_eq!(server.requests()[1].start(), Some(25_000));
}

#[test]
fn an_error_of_the_server_is_told_with_its_number() {
    let server = Server::new(|_, stream| respond(stream, "404 Not Found", "", b"no such file"));
    let fixture = Fixture::of_url(&content(10), &server.url());

    let error = fixture.pull_error();

    assert!(error.contains("answered 404"), "{error}");
    assert!(fixture.installed().is_none());
}

#[test]
fn a_server_that_is_not_there_is_told_with_advice() {
    let gone = Server::of_file(Vec::new()).url();
    let fixture = Fixture::of_url(&content(10), &gone);

    let error = fixture.pull_error();

    assert!(error.contains("check the network"), "{error}");
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn too_little_space_is_found_before_anything_is_asked_for() {
    let (_content, server, mut fixture) = download_of(5000);
    fixture.options.free_bytes = |_| Ok(4999);

    let error = fixture.pull_error();

    assert!(
        error.contains("needs 16.8 MB free") && error.contains("has 5.0 kB"),
        "{error}"
    );
    assert!(server.requests().is_empty());
    assert_eq!(fixture.files(), [""; 0]);
}

/// A server that sends half of `content`, says so, and waits to be allowed to go on.
fn halting_server(content: Vec<u8>) -> (Server, Receiver<()>, Sender<()>) {
    let (halted, has_halted) = channel();
    let (go_on, may_go_on) = channel();
    let may_go_on = Arc::new(Mutex::new(may_go_on));
    let server = Server::new(move |_, stream| {
        let (first, second) = content.split_at(content.len() / 2);
        respond_raw(
            stream,
            "200 OK",
            &format!("Content-Length: {}\r\n", content.len()),
            first,
        );
        let _ = halted.send(());
        let _ = may_go_on.lock().unwrap().recv();
        let _ = stream.write_all(second);
    });
    (server, has_halted, go_on)
}

#[test]
fn of_two_pulls_at_once_one_waits_for_the_other() {
    let content = content(100_000);
    let (server, has_halted, go_on) = halting_server(content.clone());
    let fixture = Fixture::of_url(&content, &server.url());

    let (first, second) = thread::scope(|scope| {
        let first = scope.spawn(|| fixture.pull());
        has_halted.recv().unwrap();
        let second = scope.spawn(|| fixture.pull());
        wait_until("waiting", || {
            fixture.progress.text().contains("waiting for it")
        });
        go_on.send(()).unwrap();
        (first.join().unwrap(), second.join().unwrap())
    });

    assert_eq!(first.unwrap(), Pulled::Fetched);
    assert_eq!(second.unwrap(), Pulled::AlreadyInstalled);
    assert_eq!(server.requests().len(), 1);
    assert!(fixture.installed() == Some(content));
}

#[test]
fn an_interrupted_download_leaves_what_it_has() {
    let content = content(100_000);
    let (server, has_halted, _go_on) = halting_server(content.clone());
    let fixture = Fixture::of_url(&content, &server.url());

    let result = thread::scope(|scope| {
        let pull = scope.spawn(|| fixture.pull());
        has_halted.recv().unwrap();
        wait_until("half a file", || {
            fs::metadata(fixture.part()).is_ok_and(|part| part.len() == 50_000)
        });
        fixture.cancel();
        pull.join().unwrap()
    });

    assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
    assert_eq!(fixture.files(), ["demo.bin.part"]);
}

#[test]
fn a_server_that_stops_sending_is_given_up() {
    let content = content(100_000);
    let (server, _has_halted, _go_on) = halting_server(content.clone());
    let mut fixture = Fixture::of_url(&content, &server.url());
    fixture.options.stall_timeout = Duration::from_secs(1);

    let error = fixture.pull_error();

    assert!(
        error.contains("the server stopped sending after"),
        "{error}"
    );
    assert_eq!(fixture.files(), ["demo.bin.part"]);
}
