//! Connections: many at once, and none made without need.

use std::time::Duration;

use voice_stack_load::arrivals::Arrivals;
use voice_stack_load::run::Until;

use crate::omission::exchanges;
use crate::stub::{Script, Stub};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_clients_ask_at_once() {
    const CLIENTS: usize = 500;
    let stub = Stub::start(Script {
        usual: Duration::from_millis(500),
        // The first answers wait for all to have asked.
        stall: Some((Duration::ZERO, Duration::from_secs(2))),
        slots: None,
    });
    let clients = Arrivals::Closed { workers: CLIENTS };
    let ended = exchanges(&stub, clients, Until::Requests(3 * CLIENTS as u64)).await;
    assert_eq!(ended.len(), 3 * CLIENTS);
    assert_eq!(stub.most_in_flight(), CLIENTS);
    let numbers: std::collections::BTreeSet<_> = ended.iter().map(|it| it.number).collect();
    assert_eq!(numbers.len(), ended.len(), "each request is sent once");
    assert!(stub.connections() <= CLIENTS, "{}", stub.connections());
}

#[tokio::test]
async fn one_client_needs_one_connection() {
    let stub = Stub::start(Script {
        usual: Duration::ZERO,
        stall: None,
        slots: None,
    });
    let ended = exchanges(&stub, Arrivals::Closed { workers: 1 }, Until::Requests(200)).await;
    assert_eq!(stub.connections(), 1);
    let connected: Vec<_> = ended.iter().map(|it| it.connect.is_some()).collect();
    assert!(connected[0] && connected[1..].iter().all(|it| !it));
    assert!(ended.iter().all(|it| it.first_byte <= Some(it.total)));
    let in_order = ended.windows(2).all(|it| it[0].started <= it[1].started);
    assert!(in_order);
}
