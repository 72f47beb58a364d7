//! The rule file by itself: promtool accepts it, its tests catch any damage to it, and the
//! manual has an answer to every alert.

use serde_json::{Value, json};
use voice_stack_tests::debian_tools;
use voice_stack_tests::service::wait_until;

use crate::prometheus::Prometheus;
use crate::shipped::{self, MANUAL, RULE_TESTS, RULES};

/// What promtool says, and whether it is content.
fn promtool(arguments: &[&str]) -> (bool, String) {
    let output = debian_tools::command("promtool")
        .current_dir(shipped::prometheus_dir())
        .args(arguments)
        .output()
        .unwrap();
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    (output.status.success(), text)
}

#[test]
fn promtool_accepts_the_files_and_their_tests_pass() {
    for arguments in [
        ["check", "config", "voice-stack.scrape.yml"],
        ["check", "rules", "voice-stack.rules.yml"],
        ["test", "rules", "voice-stack.rules.test.yml"],
    ] {
        let (is_content, text) = promtool(&arguments);
        assert!(is_content, "{arguments:?}: {text}");
    }
}

fn field<'a>(rule: &'a Value, name: &str) -> &'a str {
    rule[name].as_str().unwrap()
}

fn is_alert(rule: &Value) -> bool {
    rule["type"] == "alerting"
}

/// The rules as a rule file, with another expression and another patience each. JSON is YAML.
fn rule_file(rules: &[Value], change: impl Fn(&Value) -> (String, f64)) -> String {
    let rules = rules.iter().map(|rule| {
        let (expression, patience) = change(rule);
        if is_alert(rule) {
            json!({"alert": rule["name"], "expr": expression, "for": format!("{patience}s"),
                "labels": rule["labels"], "annotations": rule["annotations"]})
        } else {
            json!({"record": rule["name"], "expr": expression})
        }
    });
    let rules: Vec<Value> = rules.collect();
    json!({"groups": [{"name": "changed", "rules": rules}]}).to_string()
}

/// Expressions of promtool's tests that did not give what they should.
fn failures_with(rules: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("voice-stack.rules.yml"), rules).unwrap();
    let tests = folder.path().join("tests.yml");
    std::fs::write(&tests, RULE_TESTS).unwrap();
    let (_, text) = promtool(&["test", "rules", tests.to_str().unwrap()]);
    let lines = text.lines().filter(|line| line.trim().starts_with("expr:"));
    lines.collect::<Vec<_>>().join("\n")
}

/// An alert without its threshold, and without all that spares others.
fn loosened(alert: &Value) -> String {
    let query = field(alert, "query");
    match field(alert, "name") {
        "VoiceStackNotScraped" => "vector(1)".into(),
        "VoiceStackModelNotLoaded" => r#"voice_model_loads_total{outcome!="ok"}"#.into(),
        "VoiceStackMemoryClimbing" => "process_resident_memory_bytes".into(),
        _ => {
            let (rest, _) = query.rsplit_once(' ').unwrap();
            let (rest, comparison) = rest.rsplit_once(' ').unwrap();
            match comparison {
                ">" | ">=" | "==" => format!("{rest} > -1"),
                "<" => format!("{rest} < 10"),
                _ => panic!("no threshold at the end of {query}"),
            }
        }
    }
}

#[test]
fn the_tests_of_the_rules_notice_when_a_rule_is_wrong() {
    let rules = Prometheus::start("", RULES).rules();
    assert_eq!(failures_with(RULES), "", "without a fault, no failure");
    let patience = |rule: &Value| rule["duration"].as_f64().unwrap_or(0.0);
    let query = |rule: &Value| field(rule, "query").to_string();

    let silent = failures_with(&rule_file(&rules, |rule| {
        let query = query(rule);
        let never = format!("({query}) unless ({query})");
        (if is_alert(rule) { never } else { query }, patience(rule))
    }));
    let loose = failures_with(&rule_file(&rules, |rule| {
        let changed = if is_alert(rule) {
            loosened(rule)
        } else {
            query(rule)
        };
        (changed, patience(rule))
    }));
    let hasty = failures_with(&rule_file(&rules, |rule| (query(rule), 0.0)));
    let miscounted = failures_with(&rule_file(&rules, |rule| {
        let query = query(rule);
        let more = format!("({query}) * 2 + 1");
        (if is_alert(rule) { query } else { more }, patience(rule))
    }));
    let is_in = |name: &str, failures: &str| {
        let of_it = [
            format!("{name}\\\""),
            format!("({name},"),
            format!("({name} "),
        ];
        of_it.iter().any(|it| failures.contains(it))
    };
    for rule in &rules {
        let name = field(rule, "name");
        if is_alert(rule) {
            assert!(is_in(name, &silent), "{name} could never fire:\n{silent}");
            assert!(is_in(name, &loose), "{name} could always fire:\n{loose}");
            let waits = patience(rule) > 0.0;
            assert!(
                !waits || is_in(name, &hasty),
                "{name} need not wait:\n{hasty}"
            );
        } else {
            assert!(
                is_in(name, &miscounted),
                "{name} could be anything:\n{miscounted}"
            );
        }
    }
}

/// `{{ $labels.NAME }}` in its words.
fn labels_named_by(alert: &Value) -> Vec<String> {
    let words = alert["annotations"].to_string();
    let names = words.split("$labels.").skip(1);
    names
        .map(|rest| rest.chars().take_while(char::is_ascii_lowercase).collect())
        .collect()
}

#[test]
fn every_alert_says_where_what_and_what_to_do() {
    let prometheus = Prometheus::start("", RULES);
    let alerts: Vec<Value> = prometheus.rules().into_iter().filter(is_alert).collect();
    let anchors: Vec<String> = MANUAL
        .lines()
        .filter_map(|line| line.strip_prefix("### VoiceStack"))
        .map(|rest| format!("voicestack{}", rest.to_lowercase()))
        .collect();
    let mut answered: Vec<String> = Vec::new();
    for alert in &alerts {
        let name = field(alert, "name");
        let severity = field(&alert["labels"], "severity");
        assert!(["critical", "warning"].contains(&severity), "{name}");
        let annotations = &alert["annotations"];
        assert!(!field(annotations, "description").is_empty(), "{name}");
        let runbook = field(annotations, "runbook");
        let anchor = runbook.strip_prefix("docs/MONITORING.md#").unwrap();
        assert_eq!(anchor, name.to_lowercase());
        answered.push(anchor.to_string());
        // Those that it has when it fires, by its test.
        let firing = format!("ALERTS{{alertname=\"{name}\",alertstate=\"firing\",severity=");
        let firing = RULE_TESTS.lines().find(|line| line.contains(&firing));
        for label in labels_named_by(alert) {
            let has = firing.unwrap().contains(&format!("{label}=\""));
            assert!(has, "{name} has no {label}");
        }
    }
    assert_eq!(
        answered, anchors,
        "docs/MONITORING.md has a section for each, in order"
    );
}

#[test]
fn every_alert_can_be_put_into_words() {
    let rules = Prometheus::start("", RULES).rules();
    let firing: Vec<Value> = rules.into_iter().filter(is_alert).collect();
    let number = firing.len();
    let always = rule_file(&firing, |_| ("vector(0.5)".into(), 0.0));
    let prometheus = Prometheus::start("", &always);
    let mut alerts = Value::Null;
    wait_until("all fire", || {
        alerts = prometheus.api("alerts")["alerts"].clone();
        alerts.as_array().unwrap().len() == number
    });
    for alert in alerts.as_array().unwrap() {
        let words = alert["annotations"].to_string();
        assert!(!words.contains("error expanding"), "{words}");
        assert!(!words.contains("{{"), "{words}");
    }
}
