//! The dashboard as Grafana reads it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::shipped::DASHBOARD;

/// A query of a panel, with the dashboard's variables as they are when all is selected.
pub(crate) struct Query {
    pub panel: String,
    pub expression: String,
}

fn panels() -> Vec<Value> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    dashboard["panels"].as_array().unwrap().clone()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// All queries.
pub(crate) fn queries() -> Vec<Query> {
    let mut queries = Vec::new();
    for panel in panels() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expression = text(target, "expr")
                .replace("$service", ".*")
                .replace("$instance", ".*")
                .replace("$__rate_interval", "1m");
            assert!(!expression.contains('$'), "{expression}");
            queries.push(Query {
                panel: text(&panel, "title").to_string(),
                expression,
            });
        }
    }
    queries
}

#[test]
fn every_panel_can_be_read_and_lies_where_no_other_does() {
    let mut taken = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels() {
        let title = text(&panel, "title");
        let place = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(place("x") + place("w") <= 24, "{title}");
        for row in place("y")..place("y") + place("h") {
            for column in place("x")..place("x") + place("w") {
                assert!(taken.insert((row, column)), "{title} lies on another panel");
            }
        }
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
        if text(&panel, "type") == "row" {
            continue;
        }
        assert!(!text(&panel, "description").is_empty(), "{title}");
        assert!(!text(&panel["fieldConfig"]["defaults"], "unit").is_empty() || title == "Alerts");
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(
                text(&target["datasource"], "uid"),
                "${datasource}",
                "{title}"
            );
            assert!(text(target, "legendFormat").contains("{{"), "{title}");
        }
    }
}
