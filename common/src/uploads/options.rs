//! The settings of request bodies.

use clap::Args;

const MIB: u64 = 1024 * 1024;

/// What request bodies may hold.
#[derive(Debug, Clone, Args)]
#[command(next_display_order = 20)]
pub struct UploadOptions {
    /// Largest request body
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1_048_576), value_name = "MIB")]
    pub max_upload_size_mb: u64,

    /// Bodies of all requests that wait, together
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=1_048_576), value_name = "MIB")]
    pub max_waiting_uploads_mb: u64,
}

impl UploadOptions {
    /// The body limit in bytes.
    pub fn max_upload_bytes(&self) -> u64 {
        self.max_upload_size_mb * MIB
    }

    /// What the bodies of all waiting requests may hold together; one always has room.
    pub fn max_waiting_upload_bytes(&self) -> u64 {
        (self.max_waiting_uploads_mb * MIB).max(self.max_upload_bytes() + MIB)
    }
}
