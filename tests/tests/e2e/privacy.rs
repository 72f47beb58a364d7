//! What a service leaves behind on the disk: nothing.

use std::fs;

use voice_stack_tests::kind::Kind;
use voice_stack_tests::service::{Service, models_dir};

for_both! {
    serving_leaves_no_files,
}

/// ONNX Runtime's own habit is a database in the home directory, from which it reports to its
/// maker.
fn serving_leaves_no_files(kind: &'static Kind) {
    let (home, models) = (tempfile::tempdir().unwrap(), models_dir());
    let directory = home.path().to_str().unwrap();
    let service = Service::start(
        kind,
        &[
            ("HOME", directory),
            ("XDG_CACHE_HOME", directory),
            ("TMPDIR", directory),
            ("MODELS_DIR", models.to_str().unwrap()),
        ],
    );
    service.client().serve(&(kind.telling)());

    let left: Vec<_> = fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
