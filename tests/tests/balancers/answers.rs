//! What balancers add, leave as it is, and answer themselves.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc;

use voice_stack_tests::answer::Answer;
use voice_stack_tests::kind::{ASR, Kind, TTS, transcription};
use voice_stack_tests::request::Request;
use voice_stack_tests::{raw, synthetic};

use crate::balancer::{self, Balancer, Ports, Product};

behind_both! {
    the_product_itself_accepts_the_configuration,
    without_an_instance_the_error_is_json_and_says_when_to_come_back,
    uploads_may_be_as_large_as_the_services_take,
    the_services_learn_who_asks_under_which_id,
}

/// The request with an id, as it goes over the wire.
fn with_id(request: &Request, id: &str) -> Vec<u8> {
    let raw = request.raw();
    let after_line = raw.windows(2).position(|it| it == b"\r\n").unwrap() + 2;
    let header = format!("X-Request-ID: {id}\r\n");
    [&raw[..after_line], header.as_bytes(), &raw[after_line..]].concat()
}

fn ask(balancer: &Balancer, kind: &Kind, request: &[u8]) -> Answer {
    raw::answer_on(&raw::send(balancer.port(kind), request)).unwrap()
}

fn the_product_itself_accepts_the_configuration(product: Product) {
    let output = balancer::check(product);
    let printed = String::from_utf8_lossy(&output.stderr);
    println!("{product:?}: {}\n{printed}", output.status);
    assert!(output.status.success());
}

fn without_an_instance_the_error_is_json_and_says_when_to_come_back(product: Product) {
    let balancer = Balancer::start(product, Ports::new());
    for kind in [&ASR, &TTS] {
        let answer = ask(&balancer, kind, &with_id(&(kind.quick)(), "ours"));
        assert_eq!((answer.status, &*answer.code()), (503, "no_instance"));
        assert_eq!(answer.fault_as_error(), None);
        assert_eq!(answer.header("retry-after"), Some("5"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("x-request-id"), Some("ours"));
        let probe = balancer.client(kind).get("/health/ready");
        assert_eq!((probe.status, &*probe.code()), (503, "no_instance"));
    }
    // HAProxy has no words of ours for what is no HTTP at all.
    let answer = ask(&balancer, &ASR, b"no request\r\n\r\n");
    assert_eq!(answer.status, 400);
    if product == Product::Nginx {
        assert_eq!(answer.code(), "invalid_request");
    }
}

fn uploads_may_be_as_large_as_the_services_take(product: Product) {
    const MIB: usize = 1 << 20;
    let ports = Ports::new();
    let [instance, _other] = ports.start(&ASR, &[]);
    let balancer = Balancer::start(product, ports);
    // Half a second of sound and, behind its end, what nobody looks at.
    let mut file = synthetic::silence(0.5);
    file.resize(100 * MIB - 1024, 0);
    let silence = Request {
        fault: (ASR.quick)().fault,
        ..transcription(&file)
    };
    assert!((99 * MIB..100 * MIB).contains(&silence.body.len()));
    balancer.client(&ASR).serve(&silence);
    instance.assert_no_panic();
    let larger = Request {
        body: vec![b'-'; 102 * MIB],
        ..(ASR.quick)()
    };
    let answer = ask(&balancer, &ASR, &larger.raw());
    assert_eq!((answer.status, &*answer.code()), (413, "payload_too_large"));
    assert_eq!(answer.fault_as_error(), None);
}

/// Stands for an instance: says yes to everything, and tells of each POST's head.
fn recorder(port: u16) -> mpsc::Receiver<String> {
    let (heads, received) = mpsc::channel();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut bytes = vec![0; 64 * 1024];
            let length = stream.read(&mut bytes).unwrap_or(0);
            let text = String::from_utf8_lossy(&bytes[..length]).to_lowercase();
            // Before the answer: who has that looks for the head at once.
            if text.starts_with("post") && heads.send(text).is_err() {
                return;
            }
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    received
}

fn the_services_learn_who_asks_under_which_id(product: Product) {
    let ports = Ports::new();
    let [first, _second] = ports.tts.map(recorder);
    let balancer = Balancer::start(product, ports);
    let word = (TTS.quick)();
    let lines = |request: &[u8]| -> Vec<String> {
        loop {
            assert_eq!(ask(&balancer, &TTS, request).status, 200);
            if let Ok(head) = first.try_recv() {
                let of_interest = |line: &&str| {
                    line.starts_with("x-request-id") || line.starts_with("x-forwarded-for")
                };
                let mut lines: Vec<String> =
                    head.lines().filter(of_interest).map(String::from).collect();
                lines.sort();
                return lines;
            }
        }
    };
    let told = lines(&with_id(&word, "ours"));
    assert_eq!(told, ["x-forwarded-for: 127.0.0.1", "x-request-id: ours"]);
    let made = lines(&word.raw());
    let [_, id] = &made[..] else {
        panic!("{made:?}");
    };
    assert!(id.len() > "x-request-id: ".len() + 30, "{id}");
}
