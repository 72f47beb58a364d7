//! Values that are right or wrong by themselves.

use crate::names;

/// Above the largest Whisper model (3.1 GB) with room to grow, and low enough that sums of a
/// few sizes can't overflow.
pub(super) const MAX_BYTES: u64 = 64 << 30;

pub(super) fn https(url: &str) -> Result<(), String> {
    if url.starts_with("https://") {
        Ok(())
    } else {
        Err(format!("{url} is not an https address"))
    }
}

/// Names end up in paths and in pip's arguments.
pub(super) fn plain(what: &str, name: &str) -> Result<(), String> {
    if names::is_plain(name) {
        Ok(())
    } else {
        Err(format!("{what} {name:?} is not a plain name"))
    }
}

pub(super) fn size(what: &str, bytes: u64) -> Result<(), String> {
    if (1..=MAX_BYTES).contains(&bytes) {
        Ok(())
    } else {
        Err(format!("{what}: {bytes} bytes is not a sensible size"))
    }
}

pub(super) fn hexadecimal(what: &str, digest: &str, length: usize) -> Result<(), String> {
    let valid = digest
        .bytes()
        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if valid && digest.len() == length {
        Ok(())
    } else {
        Err(format!(
            "{what}: {digest:?} is not {length} lower-case hexadecimal digits"
        ))
    }
}
