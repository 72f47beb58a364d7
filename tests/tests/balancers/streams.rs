//! Answers that come in pieces.

use std::io::Read as _;
use std::net::TcpStream;

use voice_stack_tests::kind::ASR;
use voice_stack_tests::service::Service;
use voice_stack_tests::{multipart, raw, samples, synthetic, wire};

use crate::balancer::{Balancer, Ports, Product};

behind_both! {
    events_come_while_the_rest_is_computed,
}

const STREAM: &[u8] = b"--b\r\nContent-Disposition: form-data; name=\"stream\"\r\n\r\ntrue\r\n";
const EVENT: &[u8] = b"transcript.text.delta";

/// Reads until an event has come, and gives the number of bytes.
fn up_to_an_event(connection: &mut TcpStream) -> usize {
    let mut begun = Vec::new();
    while !begun.windows(EVENT.len()).any(|it| it == EVENT) {
        let mut piece = [0; 1024];
        let length = connection.read(&mut piece).unwrap();
        assert!(length > 0, "{}", String::from_utf8_lossy(&begun));
        begun.extend_from_slice(&piece[..length]);
    }
    begun.len()
}

fn events_come_while_the_rest_is_computed(product: Product) {
    let ports = Ports::new();
    let instances = ports.start(&ASR, ASR.settings);
    let balancer = Balancer::start(product, ports);
    // Several windows of speech, whose text all together would fit into any buffer.
    let file = synthetic::wav(&samples::jfk_samples().repeat(6));
    let body = [STREAM, &multipart::body_of(&file)].concat();
    let request = wire::announcing(multipart::PATH, multipart::TYPE, body.len(), &body);
    let mut connection = raw::send(balancer.port(&ASR), &request);
    // What comes together with the head is passed on at once by a balancer that buffers, too.
    let first = up_to_an_event(&mut connection);
    let second = up_to_an_event(&mut connection);
    let is_at_work = |it: &Service| it.client().slots()["active"] == 1;
    assert!(instances.iter().any(is_at_work), "it came at the end");
    let rest = raw::rest_of(&connection);
    assert!(rest.contains("transcript.text.done"), "{rest}");
    let (early, all) = (first + second, first + second + rest.len());
    println!("{product:?}: {early} of {all} bytes came while it was computed");
    assert!(all < 8 * 1024, "a buffer could have been filled: {all}");
}
