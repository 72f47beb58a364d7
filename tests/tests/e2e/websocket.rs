//! WebSockets of `voice-common`, by the echo service of its examples, against all of Autobahn's
//! cases. `kosoku` (PyPI) runs the suite's own case files; the suite itself needs Python 2.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use voice_stack_tests::python;
use voice_stack_tests::service::binary;

/// Cases of sections 1 to 7, 9 and 10. Sections 12 and 13 are about compression, which is not
/// negotiated.
const CASES: usize = 301;

struct Echo {
    process: Child,
    address: String,
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn echo() -> Echo {
    let mut process = Command::new(binary("examples/echo"))
        // The largest message of the suite is 16 MiB.
        .args(["--max-message-kib", "16384", "--log-format", "json"])
        .current_dir("/")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
    let address = loop {
        let line = log.next().expect("it listens").unwrap();
        let entry: Value = serde_json::from_str(&line).expect(&line);
        if entry["message"] == "listening" {
            break entry["address"].as_str().unwrap().to_string();
        }
    };
    // Whatever else it says must not fill the pipe.
    std::thread::spawn(move || log.for_each(drop));
    Echo { process, address }
}

#[test]
fn no_case_of_autobahns_suite_fails() {
    let echo = echo();
    let reports = tempfile::tempdir().unwrap();
    let output = python::command("kosoku")
        .args([
            "--parallelism",
            "4",
            "--exclude",
            "12.*",
            "--exclude",
            "13.*",
        ])
        .arg("--outdir")
        .arg(reports.path())
        .arg(format!("{}/echo", echo.address))
        .output();
    let printed = python::checked(&output.unwrap());
    let index = std::fs::read(reports.path().join("index.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    let cases = index[&echo.address].as_object().unwrap();
    let count = |behaviors: &[&str]| {
        let is_one = |case: &&Value| {
            behaviors.contains(&case["behavior"].as_str().unwrap())
                && ["OK", "INFORMATIONAL"].contains(&case["behaviorClose"].as_str().unwrap())
        };
        cases.values().filter(is_one).count()
    };
    let (ok, other) = (count(&["OK"]), count(&["NON-STRICT", "INFORMATIONAL"]));
    println!("{ok} cases passed, {other} not as strictly as they could or for information");
    assert_eq!(ok + other, CASES, "{printed}");
    assert_eq!(cases.len(), CASES);
}
