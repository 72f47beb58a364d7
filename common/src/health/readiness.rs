//! Whether a service should get requests.

/// What can make a service unready, beside a drain and tripped guards.
pub trait ReadinessCheck: Send + Sync + 'static {
    /// Why the service should get no requests now; `None` if nothing speaks against it.
    /// Called for each probe and each scrape, so it may not block.
    fn unready_reason(&self) -> Option<String>;
}
