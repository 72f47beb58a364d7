//! The limit on open files, which a connection takes one of.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Beside connections: model files, temporary files of uploads, the runtime's own.
const OTHER_FILES: u64 = 256;

/// Raises the process's own limit as far as it may be raised. systemd and shells leave it at
/// 1024 for the sake of programs that still use select(2).
pub(super) fn allow_for(max_connections: usize) {
    // A connection may come with an upload in a temporary file.
    let wanted = 2 * max_connections as u64 + OTHER_FILES;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return;
    }
    let current = limit.maximum.map_or(wanted, |most| most.min(wanted));
    let raised = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(current),
            maximum: limit.maximum,
        },
    );
    if raised.is_err() || current < wanted {
        tracing::warn!(
            wanted,
            allowed = limit.maximum,
            "fewer files may be open than MAX_CONNECTIONS needs: raise LimitNOFILE or lower it"
        );
    }
}
