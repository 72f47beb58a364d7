//! The files that an operator gets.

use std::path::{Path, PathBuf};

pub(crate) const SCRAPE: &str =
    include_str!("../../../monitoring/prometheus/voice-stack.scrape.yml");
pub(crate) const RULES: &str = include_str!("../../../monitoring/prometheus/voice-stack.rules.yml");
pub(crate) const RULE_TESTS: &str =
    include_str!("../../../monitoring/prometheus/voice-stack.rules.test.yml");
pub(crate) const DASHBOARD: &str = include_str!("../../../monitoring/grafana/voice-stack.json");
pub(crate) const MANUAL: &str = include_str!("../../../docs/MONITORING.md");

/// Where those for Prometheus are.
pub(crate) fn prometheus_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../monitoring/prometheus")
}

/// The scrape configuration for these addresses, with an interval for the impatient.
pub(crate) fn scrape_config(asr: &[String], tts: &[String]) -> String {
    let list = |addresses: &[String]| format!("{addresses:?}");
    let replacements = [
        ("[\"127.0.0.1:5001\"]", list(asr), 1),
        ("[\"127.0.0.1:5002\"]", list(tts), 1),
        ("scrape_interval: 15s", "scrape_interval: 1s".into(), 2),
    ];
    let mut config = SCRAPE.to_string();
    for (shipped, ours, times) in replacements {
        assert_eq!(config.matches(shipped).count(), times, "{shipped}");
        config = config.replace(shipped, &ours);
    }
    config
}
