//! A Prometheus of our own, ended when dropped.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use voice_stack_tests::client::Client;
use voice_stack_tests::debian_tools;
use voice_stack_tests::raw;
use voice_stack_tests::service::wait_until;

/// Longer than any test takes.
const MINUTES_SHOWN: f64 = 15.0;

pub(crate) struct Prometheus {
    child: Child,
    client: Client,
    /// Its configuration, rules, data and log.
    folder: tempfile::TempDir,
}

impl Prometheus {
    /// Scrapes by this configuration (may be empty) and evaluates these rules every second.
    pub(crate) fn start(scrape_config: &str, rules: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("rules.yml"), rules).unwrap();
        let config = format!(
            "global: {{evaluation_interval: 1s}}\nrule_files: [rules.yml]\n{scrape_config}"
        );
        std::fs::write(path("prometheus.yml"), config).unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .unwrap()
            .port();
        let log = std::fs::File::create(path("log")).unwrap();
        let child = debian_tools::command("prometheus")
            .arg(format!(
                "--config.file={}",
                path("prometheus.yml").display()
            ))
            .arg(format!("--storage.tsdb.path={}", path("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let client = Client::new(format!("http://127.0.0.1:{port}"));
        let mut prometheus = Self {
            child,
            client,
            folder,
        };
        wait_until("Prometheus is ready", || {
            let ended = prometheus.child.try_wait().unwrap();
            assert!(ended.is_none(), "{ended:?}:\n{}", prometheus.log());
            // It listens before it has read the rules.
            raw::connect(port).is_ok()
                && prometheus.client.get("/-/ready").status == 200
                && !prometheus.rules().is_empty()
        });
        prometheus
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// `data` of an answer of the API.
    pub(crate) fn api(&self, path: &str) -> Value {
        let answer = self.client.get(&format!("/api/v1/{path}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()["data"].clone()
    }

    /// The series of an instant query.
    pub(crate) fn query(&self, expression: &str) -> Vec<Value> {
        let data = self.api(&format!("query?query={}", encoded(expression)));
        series_of(&data)
    }

    /// The series of a query for each second of the last minutes.
    pub(crate) fn query_range(&self, expression: &str) -> Vec<Value> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let end = now.as_secs_f64();
        let start = end - MINUTES_SHOWN * 60.0;
        let query = encoded(expression);
        let path = format!("query_range?query={query}&start={start}&end={end}&step=1");
        series_of(&self.api(&path))
    }

    /// Waits until a query gives something.
    pub(crate) fn wait_for(&self, expression: &str) {
        wait_until(expression, || !self.query(expression).is_empty());
    }

    /// All rules, as Prometheus has read them.
    pub(crate) fn rules(&self) -> Vec<Value> {
        let groups = self.api("rules")["groups"].clone();
        let rules = groups.as_array().unwrap().iter();
        rules
            .flat_map(|group| group["rules"].as_array().unwrap().clone())
            .collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("Prometheus' log:\n{}", self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn series_of(data: &Value) -> Vec<Value> {
    data["result"].as_array().unwrap().clone()
}

fn encoded(text: &str) -> String {
    let encode = |byte: u8| {
        if byte.is_ascii_alphanumeric() {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(encode).collect()
}
