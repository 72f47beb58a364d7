//! Starting: what is missing or wrong is said in one line.

use voice_stack_tests::kind::Kind;
use voice_stack_tests::service::{Service, run_to_end};

for_both! {
    a_bad_value_stops_the_start_with_one_line_that_names_it,
    a_missing_model_names_the_command_that_fetches_it,
    cuda_without_cuda_stops_the_start_and_auto_says_what_it_picked,
    a_port_in_use_says_so,
}

fn refusal(kind: &Kind, settings: &[(&str, &str)], arguments: &[&str]) -> String {
    let output = run_to_end(kind, settings, arguments);
    assert_eq!(output.status.code(), Some(78), "EX_CONFIG");
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.trim_end().lines().count(), 1, "one line, not:\n{text}");
    text
}

fn a_bad_value_stops_the_start_with_one_line_that_names_it(kind: &'static Kind) {
    let of_both = [
        ("MAX_QUEUE", "many"),
        ("MAX_CONCURRENT_REQUESTS", "0"),
        ("IDLE_TIMEOUT_MINUTES", "-1"),
        ("HOST", "nowhere"),
        ("API_KEYS_FILE", "/does/not/exist"),
        ("LOG_LEVEL", "a=b=c"),
    ];
    for &(name, value) in of_both.iter().chain(kind.bad_starts.values) {
        let line = refusal(kind, &[(name, value)], &[]);
        assert!(line.contains(name), "{name}={value}: {line}");
    }
    assert!(refusal(kind, &[], &["--max-queue", "x"]).contains("--max-queue"));
}

fn a_missing_model_names_the_command_that_fetches_it(kind: &'static Kind) {
    let empty = tempfile::tempdir().unwrap();
    let dir = empty.path().to_str().unwrap();
    let line = refusal(kind, &[("MODELS_DIR", dir)], &[]);
    assert!(line.contains(kind.bad_starts.nothing_installed), "{line}");
    let (setting, command) = kind.bad_starts.not_installed;
    let line = refusal(kind, &[setting], &[]);
    assert!(line.contains(command), "{line}");
}

fn cuda_without_cuda_stops_the_start_and_auto_says_what_it_picked(kind: &'static Kind) {
    let device = kind.own("DEVICE");
    let line = refusal(kind, &[(&device, "cuda")], &[]);
    assert!(line.contains(kind.bad_starts.no_cuda), "{line}");
    let log = Service::start(kind, &[]).log();
    assert!(log.contains(kind.bad_starts.auto_picked), "{log}");
}

fn a_port_in_use_says_so(kind: &'static Kind) {
    let running = Service::start(kind, &[]);
    let port = running.port().to_string();
    let line = refusal(kind, &[(&kind.own("PORT"), &port)], &[]);
    assert!(line.contains("another process listens there"), "{line}");
}
