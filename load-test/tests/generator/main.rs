//! The generator itself, against a stub whose behaviour is known to the millisecond.

mod capacity;
mod connections;
mod omission;
mod stub;

use tokio::sync::{Mutex, MutexGuard};

static MACHINE: Mutex<()> = Mutex::const_new(());

/// The machine for oneself: what is known to the millisecond bears no second load beside it.
async fn alone() -> MutexGuard<'static, ()> {
    MACHINE.lock().await
}
