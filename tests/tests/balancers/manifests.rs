//! The files for Kubernetes, as far as they can be checked without one.

use std::path::{Path, PathBuf};
use std::process::Output;

use voice_stack_tests::kind::{ASR, TTS};
use voice_stack_tests::{python, service};

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy/kubernetes")
        .join(file)
}

/// By the schemas of Kubernetes' API, in which an unknown field is an error.
fn validate(file: &Path) -> Output {
    python::command("kubernetes-validate")
        .arg("--strict")
        .arg(file)
        .output()
        .unwrap()
}

#[test]
fn the_manifests_fit_the_schemas_of_kubernetes() {
    println!(
        "{}",
        python::checked(&validate(&deploy("voice-stack.yaml")))
    );
}

#[test]
fn a_misspelt_field_would_be_found() {
    let text = std::fs::read_to_string(deploy("voice-stack.yaml")).unwrap();
    for field in [
        "terminationGracePeriodSeconds",
        "readOnlyRootFilesystem",
        "averageValue",
    ] {
        let misspelt = text.replacen(field, &field[..field.len() - 1], 1);
        assert_ne!(misspelt, text, "{field} is not there");
        let file = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
        std::fs::write(file.path(), misspelt).unwrap();
        let output = validate(file.path());
        let printed =
            String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success(), "{field}: {printed}");
    }
}

#[test]
fn the_manifests_set_nothing_that_the_services_do_not_know() {
    let text = std::fs::read_to_string(deploy("voice-stack.yaml")).unwrap();
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- name: "))
        .filter(|name| name.chars().all(|it| it.is_ascii_uppercase() || it == '_'))
        .collect();
    assert!(names.len() >= 16, "{names:?}");
    let help = [&ASR, &TTS].map(|kind| {
        let output = service::run_to_end(kind, &[], &["--help"]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    });
    for name in names {
        let flag = format!("--{} ", name.to_lowercase().replace('_', "-"));
        // With a value in brackets, or one that may be left out.
        let flags = [flag.clone(), format!("{} [", flag.trim_end())];
        let is_known = flags
            .iter()
            .any(|flag| help.iter().any(|it| it.contains(flag)));
        assert!(is_known, "{name}");
    }
}

#[test]
fn the_autoscalers_metric_is_made_of_documented_ones() {
    let read = |path| std::fs::read_to_string(path).unwrap();
    let rule = read(deploy("prometheus-adapter.yaml"));
    let documented = read(deploy("../../docs/METRICS.md"));
    let manifests = read(deploy("voice-stack.yaml"));
    for metric in ["voice_in_flight", "voice_queue_depth"] {
        assert!(rule.contains(&format!("({metric}{{")), "{metric}");
        assert!(documented.contains(&format!("| `{metric}` |")), "{metric}");
    }
    let name = "voice_requests_in_progress";
    assert!(rule.contains(&format!("as: {name}\n")));
    assert!(manifests.contains(&format!("name: {name}\n")));
}
