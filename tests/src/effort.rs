//! How much a test repeats what it has shown once.

/// Set by `./scripts/test --thorough`.
const THOROUGH: &str = "VOICE_STACK_THOROUGH";

/// How many repetitions, clients or inputs a test uses: enough to show the promise in each run,
/// and the number that finds rare faults under `./scripts/test --thorough`.
pub fn repetitions<N>(ordinary: N, thorough: N) -> N {
    if std::env::var_os(THOROUGH).is_some_and(|it| !it.is_empty()) {
        thorough
    } else {
        ordinary
    }
}
