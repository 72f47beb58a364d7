//! Real services, really watched: whatever a rule or a panel asks for is there and right.

use std::time::{Duration, Instant};

use serde_json::Value;
use voice_stack_tests::service::wait_until;

use crate::dashboard;
use crate::prometheus::Prometheus;
use crate::promql;
use crate::shipped::{self, RULES};
use crate::traffic::{Services, address};

/// Nothing that happens in this test changes these: no service is set to another limit, and
/// none fails.
const CONSTANT: [&str; 2] = ["process_max_fds", "instance:voice_work_errors:ratio_rate5m"];

/// For the next scrapes, and the rules after them.
const PATIENCE: Duration = Duration::from_secs(30);

/// A fault of the service, which no request can bring about: rules.test.yml stands for it.
const NOT_BROUGHT_ABOUT: &str = r#"status!~"503|504""#;

#[test]
fn all_that_rules_and_panels_ask_for_is_measured() {
    let mut services = Services::start();
    let tts = address(&services.tts);
    let config = shipped::scrape_config(&services.asr_addresses(), std::slice::from_ref(&tts));
    let prometheus = Prometheus::start(&config, RULES);
    all_targets_are_up(&prometheus);
    services.use_all(&prometheus);

    let rules = prometheus.rules();
    let of_rules: Vec<&str> = rules
        .iter()
        .map(|it| it["query"].as_str().unwrap())
        .collect();
    let panels = dashboard::queries();
    let of_panels: Vec<&str> = panels.iter().map(|it| it.expression.as_str()).collect();
    let all = || of_rules.iter().chain(&of_panels).copied();

    let metrics = promql::metrics(all());
    assert!(metrics.len() > 40, "{metrics:?}");
    none_is_left("is not measured, or never changes", metrics, |metric| {
        CONSTANT.contains(&metric.as_str()) || moves(&prometheus, metric)
    });
    let selectors = promql::selectors(all());
    assert!(selectors.len() > 50, "{selectors:?}");
    none_is_left("selects nothing", selectors, |selector| {
        let seen = format!("count_over_time({selector}[1h])");
        selector.contains(NOT_BROUGHT_ABOUT) || !prometheus.query(&seen).is_empty()
    });
    let recorded = rules.iter().filter(|it| it["type"] == "recording");
    let recorded = recorded.map(|it| it["name"].as_str().unwrap().to_string());
    none_is_left("is not recorded", recorded, |name| shows(&prometheus, name));
    none_is_left("shows nothing", panels, |query| {
        prometheus.query(&query.expression);
        shows(&prometheus, &query.expression)
    });
    all_rules_are_healthy(&prometheus);
    a_model_that_fails_is_reported(&prometheus);

    services.tts.terminate();
    services.tts.wait();
    a_service_that_is_gone_is_reported(&prometheus, &tts);
}

/// Looks at each until all are fine.
fn none_is_left<T: Named>(
    what: &str,
    all: impl IntoIterator<Item = T>,
    mut is_fine: impl FnMut(&T) -> bool,
) {
    let mut left: Vec<T> = all.into_iter().collect();
    let started = Instant::now();
    loop {
        left.retain(|it| !is_fine(it));
        if left.is_empty() {
            return;
        }
        let names: Vec<String> = left.iter().map(Named::name).collect();
        assert!(
            started.elapsed() < PATIENCE,
            "{what}:\n{}",
            names.join("\n")
        );
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// What can be told to whoever reads why a test failed.
trait Named {
    fn name(&self) -> String;
}

impl Named for String {
    fn name(&self) -> String {
        self.clone()
    }
}

impl Named for dashboard::Query {
    fn name(&self) -> String {
        format!("{}: {}", self.panel, self.expression)
    }
}

fn all_targets_are_up(prometheus: &Prometheus) {
    wait_until("all targets are up", || {
        let targets = prometheus.api("targets")["activeTargets"].clone();
        let targets = targets.as_array().unwrap();
        let of_asr = |it: &&Value| it["labels"]["job"] == "voice-stack-asr";
        let asr = targets.iter().filter(of_asr).count();
        (targets.len(), asr) == (4, 3) && targets.iter().all(|it| it["health"] == "up")
    });
}

/// Whether its samples differ, in time or, where they tell of settings, between instances.
fn moves(prometheus: &Prometheus, metric: &str) -> bool {
    let mut values_by_labels = std::collections::BTreeMap::new();
    for series in prometheus.query(&format!("{metric}[1h]")) {
        let mut labels = series["metric"].clone();
        labels["instance"] = Value::Null;
        let values: &mut Vec<String> = values_by_labels.entry(labels.to_string()).or_default();
        let samples = series["values"].as_array().unwrap().iter();
        values.extend(samples.map(|sample| sample[1].to_string()));
        values.sort();
        values.dedup();
    }
    values_by_labels.values().any(|values| values.len() > 1)
}

/// Whether it had a value, one that is a number, at any time.
fn shows(prometheus: &Prometheus, expression: &str) -> bool {
    let is_number = |sample: &Value| {
        let number: Option<f64> = sample[1].as_str().and_then(|it| it.parse().ok());
        number.is_some_and(f64::is_finite)
    };
    let series = prometheus.query_range(expression);
    series
        .iter()
        .any(|it| it["values"].as_array().unwrap().iter().any(is_number))
}

fn all_rules_are_healthy(prometheus: &Prometheus) {
    for rule in prometheus.rules() {
        assert_eq!(rule["health"], "ok", "{rule}");
    }
}

fn alert(prometheus: &Prometheus, name: &str) -> Option<Value> {
    let alerts = prometheus.api("alerts")["alerts"].clone();
    let alerts = alerts.as_array().unwrap();
    let found = alerts.iter().find(|it| it["labels"]["alertname"] == name);
    found.cloned()
}

/// It fires at once, with what an operator needs to know.
fn a_model_that_fails_is_reported(prometheus: &Prometheus) {
    let mut found = None;
    wait_until("the failing model is reported", || {
        found = alert(prometheus, "VoiceStackModelNotLoaded");
        found.is_some()
    });
    let found = found.unwrap();
    assert_eq!(found["state"], "firing", "{found}");
    let summary = found["annotations"]["summary"].as_str().unwrap();
    assert!(
        summary.starts_with("Model tiny.en of asr on 127.0.0.1:"),
        "{summary}"
    );
    assert!(summary.ends_with("was not loaded (failed)"), "{summary}");
}

/// It is pending until it has lasted for as long as the rule says.
fn a_service_that_is_gone_is_reported(prometheus: &Prometheus, address: &str) {
    assert!(alert(prometheus, "VoiceStackDown").is_none());
    let mut found = None;
    wait_until("the missing service is reported", || {
        found = alert(prometheus, "VoiceStackDown");
        found.is_some()
    });
    let found = found.unwrap();
    assert_eq!(found["labels"]["instance"], *address, "{found}");
    let summary = found["annotations"]["summary"].as_str().unwrap();
    assert_eq!(summary, format!("voice-stack-tts on {address} is down"));
}
