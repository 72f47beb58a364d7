//! Cases of the protocol (RFC 6455), after the sections of Autobahn's test suite, which runs as
//! a whole in the end-to-end tests. They run on one service, each on a connection of its own.

use crate::raw::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, Raw, TEXT, close, frame};
use crate::service::Service;

/// What a client sends, and what it is to get: frames, then the end. A code alone stands for a
/// close frame with it.
struct Case {
    name: &'static str,
    sent: Vec<u8>,
    gets: Vec<Got>,
}

#[derive(Debug, PartialEq, Eq)]
enum Got {
    Frame(u8, Vec<u8>),
    Closed(u16),
    ClosedWithoutCode,
}

fn got((first, payload): (u8, Vec<u8>)) -> Got {
    match (first, &payload[..]) {
        (it, []) if it == FIN | CLOSE => Got::ClosedWithoutCode,
        (it, [high, low, ..]) if it == FIN | CLOSE => {
            Got::Closed(u16::from_be_bytes([*high, *low]))
        }
        _ => Got::Frame(first, payload),
    }
}

fn case(name: &'static str, sent: &[Vec<u8>], gets: Vec<Got>) -> Case {
    Case {
        name,
        sent: sent.concat(),
        gets,
    }
}

fn bye() -> Vec<u8> {
    frame(FIN | CLOSE, &close(1000, b""))
}

/// Comes back as it is.
fn echo(name: &'static str, opcode: u8, payload: &[u8]) -> Case {
    let gets = vec![Got::Frame(FIN | opcode, payload.to_vec())];
    case(name, &[frame(FIN | opcode, payload)], gets)
}

/// Ends the WebSocket with this code, and nothing that comes behind is looked at.
fn breaks(name: &'static str, first: u8, payload: &[u8], code: u16) -> Case {
    let sent = [frame(first, payload), frame(FIN | TEXT, b"unheard")];
    case(name, &sent, vec![Got::Closed(code)])
}

fn closes(name: &'static str, payload: &[u8], gets: Got) -> Case {
    case(name, &[frame(FIN | CLOSE, payload)], vec![gets])
}

fn messages() -> Vec<Case> {
    let utf8 = "κόσμε \u{10ffff} 🎙".as_bytes();
    vec![
        echo("1.1.1 empty text", TEXT, b""),
        echo("1.1.2 short text", TEXT, &[b'*'; 125]),
        echo("1.1.3 text of 126 bytes", TEXT, &[b'*'; 126]),
        echo("1.1.6 text of 65535 bytes", TEXT, &[b'*'; 65_535]),
        echo("1.1.7 text of 65536 bytes", TEXT, &[b'*'; 65_536]),
        echo("1.2.1 empty binary", BINARY, b""),
        echo("1.2.5 binary of 128 bytes", BINARY, &[0xfe; 128]),
        echo("1.2.7 binary of 65536 bytes", BINARY, &[0xfe; 65_536]),
        echo("6.2.1 text in UTF-8", TEXT, utf8),
        echo("9.1.3 text of 1 MiB", TEXT, &[b'*'; 1024 * 1024]),
        echo("9.2.3 binary of 1 MiB", BINARY, &[0; 1024 * 1024]),
        case(
            "9.3 a message in fragments of 64 bytes",
            &[
                frame(TEXT, &[b'x'; 64]),
                frame(CONTINUATION, &[b'x'; 64]).repeat(1000),
                frame(FIN | CONTINUATION, b""),
            ],
            vec![Got::Frame(FIN | TEXT, vec![b'x'; 64 * 1001])],
        ),
        case(
            "10.1.1 a message in fragments with a character cut in two",
            &[
                frame(TEXT, &utf8[..1]),
                frame(FIN | CONTINUATION, &utf8[1..]),
            ],
            vec![Got::Frame(FIN | TEXT, utf8.to_vec())],
        ),
        breaks(
            "9.1.4 text over the limit",
            FIN | TEXT,
            &vec![b'*'; 1024 * 1024 + 1],
            1009,
        ),
        case(
            "9.3 fragments over the limit",
            &[
                frame(BINARY, &vec![0; 600_000]),
                frame(CONTINUATION, &vec![0; 600_000]),
            ],
            vec![Got::Closed(1009)],
        ),
    ]
}

fn pings() -> Vec<Case> {
    let pong = |payload: &[u8]| vec![Got::Frame(FIN | PONG, payload.to_vec())];
    vec![
        case(
            "2.1 ping without payload",
            &[frame(FIN | PING, b"")],
            pong(b""),
        ),
        case(
            "2.3 ping with bytes",
            &[frame(FIN | PING, b"\x00\xff")],
            pong(b"\x00\xff"),
        ),
        case(
            "2.4 longest ping",
            &[frame(FIN | PING, &[7; 125])],
            pong(&[7; 125]),
        ),
        breaks("2.5 ping of 126 bytes", FIN | PING, &[7; 126], 1002),
        case("2.7 unasked pong", &[frame(FIN | PONG, b"x")], vec![]),
        case(
            "5.6 ping between fragments",
            &[
                frame(TEXT, b"one "),
                frame(FIN | PING, b"!"),
                frame(FIN | CONTINUATION, b"two"),
            ],
            vec![
                Got::Frame(FIN | PONG, b"!".to_vec()),
                Got::Frame(FIN | TEXT, b"one two".to_vec()),
            ],
        ),
    ]
}

fn violations() -> Vec<Case> {
    let unmasked = vec![FIN | TEXT, 1, b'x'];
    let huge = [&[FIN | BINARY, 0xff][..], &u64::MAX.to_be_bytes(), &[0; 4]].concat();
    vec![
        breaks("3.1 reserved bit 1", FIN | 0x40 | TEXT, b"x", 1002),
        breaks("3.2 reserved bit 2", FIN | 0x20 | TEXT, b"x", 1002),
        breaks("3.3 reserved bit 3", FIN | 0x10 | PING, b"x", 1002),
        breaks("4.1.1 opcode 3", FIN | 0x3, b"", 1002),
        breaks("4.1.5 opcode 7", FIN | 0x7, b"x", 1002),
        breaks("4.2.1 opcode 11", FIN | 0xb, b"", 1002),
        breaks("4.2.5 opcode 15", FIN | 0xf, b"x", 1002),
        breaks("5.1 ping in fragments", PING, b"x", 1002),
        breaks("5.2 pong in fragments", PONG, b"x", 1002),
        breaks(
            "5.9 continuation of nothing",
            FIN | CONTINUATION,
            b"x",
            1002,
        ),
        breaks("5.12 fragment of nothing", CONTINUATION, b"x", 1002),
        case(
            "5.18 a message within a message",
            &[frame(TEXT, b"one"), frame(FIN | TEXT, b"two")],
            vec![Got::Closed(1002)],
        ),
        case(
            "a frame that is not masked",
            &[unmasked],
            vec![Got::Closed(1002)],
        ),
        case("a length of 64 bits", &[huge], vec![Got::Closed(1009)]),
        breaks(
            "6.3.1 text that is not UTF-8",
            FIN | TEXT,
            b"\xce\xba\xed\xa0\x80",
            1007,
        ),
        breaks(
            "6.6.1 a character that is not whole",
            FIN | TEXT,
            b"\xce",
            1007,
        ),
        breaks("6.21.1 a surrogate", FIN | TEXT, b"\xed\xa0\x80", 1007),
        breaks(
            "6.14.1 a byte too many",
            FIN | TEXT,
            b"\xf4\x90\x80\x80",
            1007,
        ),
        case(
            "6.4.1 fragments that are not UTF-8 together",
            &[frame(TEXT, b"\xce\xba"), frame(FIN | CONTINUATION, b"\xff")],
            vec![Got::Closed(1007)],
        ),
    ]
}

fn closings() -> Vec<Case> {
    let mut cases = vec![
        closes("7.3.1 close without payload", b"", Got::ClosedWithoutCode),
        closes("7.3.2 close with one byte", b"x", Got::Closed(1002)),
        closes(
            "7.3.4 close with a reason",
            &close(1000, b"bye"),
            Got::Closed(1000),
        ),
        closes(
            "7.3.5 longest reason",
            &close(1000, &[b'*'; 123]),
            Got::Closed(1000),
        ),
        closes(
            "7.3.6 reason too long",
            &close(1000, &[b'*'; 124]),
            Got::Closed(1002),
        ),
        closes(
            "7.5.1 reason that is not UTF-8",
            &close(1000, b"\xff"),
            Got::Closed(1007),
        ),
        case("7.1.2 two closes", &[bye(), bye()], vec![Got::Closed(1000)]),
        case(
            "7.1.3 ping after close",
            &[bye(), frame(FIN | PING, b"x")],
            vec![Got::Closed(1000)],
        ),
        case(
            "7.1.4 text after close",
            &[bye(), frame(FIN | TEXT, b"x")],
            vec![Got::Closed(1000)],
        ),
        case(
            "7.1.5 close within a message",
            &[frame(TEXT, b"x"), bye()],
            vec![Got::Closed(1000)],
        ),
    ];
    for code in [1000, 1001, 1002, 1003, 1007, 1011, 3000, 3999, 4000, 4999] {
        cases.push(closes(
            "7.7 a code that may be",
            &close(code, b""),
            Got::Closed(code),
        ));
    }
    for code in [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999] {
        cases.push(closes(
            "7.9 a code that may not be",
            &close(code, b""),
            Got::Closed(1002),
        ));
    }
    cases
}

#[test]
fn the_protocol_is_kept() {
    let service = Service::start(&[]);
    let cases: Vec<Case> = [messages(), pings(), violations(), closings()]
        .into_iter()
        .flatten()
        .collect();
    let failed: Vec<String> = std::thread::scope(|scope| {
        // Four at a time.
        let threads: Vec<_> = cases
            .chunks(cases.len().div_ceil(4))
            .map(|some| {
                scope.spawn(|| some.iter().filter_map(|it| run(service.port, it)).collect())
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|it| -> Vec<String> { it.join().unwrap() })
            .collect()
    });
    assert!(
        failed.is_empty(),
        "{} of {}:\n{}",
        failed.len(),
        cases.len(),
        failed.join("\n")
    );
    println!("{} cases", cases.len());
}

/// What went wrong, if something did.
fn run(port: u16, case: &Case) -> Option<String> {
    let mut socket = Raw::open(port);
    socket.send(&case.sent);
    let closes = |it: &Got| !matches!(it, Got::Frame(..));
    let mut gets: Vec<Got> = Vec::new();
    while gets.len() < case.gets.len() {
        match socket.frame() {
            Some(frame) => gets.push(got(frame)),
            None => break,
        }
    }
    if !gets.iter().any(closes) {
        // It is still open, and closes as it should.
        socket.send(&bye());
        let rest: Vec<Got> = socket.rest().into_iter().map(got).collect();
        if rest != [Got::Closed(1000)] {
            return Some(format!("{}: {:?}, then {rest:?}", case.name, short(&gets)));
        }
    } else if let Some(more) = socket.frame() {
        return Some(format!("{}: {more:?} after the close", case.name));
    }
    (gets != case.gets).then(|| format!("{}: {:?}", case.name, short(&gets)))
}

fn short(gets: &[Got]) -> String {
    format!("{gets:?}").chars().take(200).collect()
}
