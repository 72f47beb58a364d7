//! Memory that runs out: a real cgroup, a neighbour that eats it, and page cache that doesn't.

use std::process::{Child, Command, Stdio};

use voice_stack_tests::cgroup::MemoryGroup;
use voice_stack_tests::client::Client;
use voice_stack_tests::kind::Kind;
use voice_stack_tests::scrape::Scrape;
use voice_stack_tests::service::{Service, wait_until};

for_both! {
    a_neighbour_that_eats_the_group_s_memory_trips_the_guard_and_nobody_is_killed,
    a_model_that_would_not_fit_is_refused_with_the_figures_and_taken_when_there_is_room,
    page_cache_is_no_pressure,
}

const MIB: u64 = 1024 * 1024;

/// A group of 600 MB, or a line that says why this machine can't make one.
fn group() -> Option<MemoryGroup> {
    MemoryGroup::make(600 * MIB)
        .inspect_err(|why| println!("NOT TESTED: no memory cgroup can be made here: {why}"))
        .ok()
}

fn trips(client: &Client) -> f64 {
    Scrape::of(client).sum("voice_pressure_trips_total", &[("resource", "memory")])
}

fn tripped(client: &Client) -> f64 {
    Scrape::of(client).sum("voice_pressure_tripped", &[("resource", "memory")])
}

/// A process in the group that holds memory until it is dropped.
struct Neighbour(Child);

impl Neighbour {
    fn holding(bytes: u64, group: &MemoryGroup) -> Self {
        let hold = format!("held = b'x' * {bytes}; import time; time.sleep(600)");
        let mut python = Command::new("python3");
        python.args(["-c", &hold]);
        Self(group.enter(&python).spawn().unwrap())
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn a_neighbour_that_eats_the_group_s_memory_trips_the_guard_and_nobody_is_killed(
    kind: &'static Kind,
) {
    let Some(group) = group() else { return };
    let service = Service::start_in(kind, &group, &[("PRELOAD", "true")]);
    let (client, request) = (service.client(), (kind.telling)());
    client.serve(&request);

    for round in 1..=2 {
        let left = group.limit_bytes() * 93 / 100 - group.held_bytes();
        let neighbour = Neighbour::holding(left, &group);
        wait_until("the guard trips", || tripped(&client) > 0.0);
        let answer = client.send(&request);
        assert_eq!(
            (answer.status, answer.code()),
            (503, "resource_exhausted".into())
        );
        let expected = format!(
            "Resource threshold exceeded (memory of cgroup {}: 9",
            group.name()
        );
        assert!(answer.text.contains(&expected), "{}", answer.text);
        assert!(answer.header("retry-after").is_some());
        assert_eq!(client.get("/health").status, 200);
        drop(neighbour);
        wait_until("the guard clears", || tripped(&client) == 0.0);
        client.serve(&request);
        assert_eq!(trips(&client) as u64, round, "one trip for one neighbour");
    }
    assert_eq!(group.oom_kills(), 0);
}

fn a_model_that_would_not_fit_is_refused_with_the_figures_and_taken_when_there_is_room(
    kind: &'static Kind,
) {
    let Some(group) = group() else { return };
    let service = Service::start_in(kind, &group, &[]);
    let (client, request) = (service.client(), (kind.telling)());
    let free = group.limit_bytes() * 88 / 100 - group.held_bytes();
    let neighbour = Neighbour::holding(free, &group);
    wait_until("the neighbour has its memory", || {
        group.held_bytes() > group.limit_bytes() * 86 / 100
    });
    std::thread::sleep(std::time::Duration::from_millis(500)); // two readings
    let answer = client.send(&request);
    assert_eq!(
        (answer.status, answer.code()),
        (503, "resource_exhausted".into()),
        "{}",
        answer.text
    );
    assert!(
        answer.text.contains("it needs about") && answer.text.contains("(limit 90%)"),
        "{}",
        answer.text
    );
    let refused = Scrape::of(&client).sum("voice_model_loads_total", &[("outcome", "refused")]);
    assert!(refused >= 1.0);
    assert_eq!(
        client.get("/health/ready").status,
        200,
        "a refusal is no failure"
    );
    drop(neighbour);
    wait_until("the model is taken", || client.send(&request).status == 200);
    assert_eq!(group.oom_kills(), 0);
}

fn page_cache_is_no_pressure(kind: &'static Kind) {
    let Some(group) = group() else { return };
    let service = Service::start_in(kind, &group, &[("PRELOAD", "true")]);
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(1500 * MIB).unwrap();
    for _ in 0..2 {
        // Twice: what is read again goes to the list of active pages.
        let mut reader = Command::new("cat");
        reader.arg(file.path());
        let read = group.enter(&reader).stdout(Stdio::null()).status();
        assert!(read.unwrap().success());
    }
    let client = service.client();
    assert!(
        group.used_bytes() > group.limit_bytes() * 9 / 10,
        "the cache fills the group"
    );
    client.serve(&(kind.telling)());
    assert_eq!(trips(&client) as u64, 0);
}
