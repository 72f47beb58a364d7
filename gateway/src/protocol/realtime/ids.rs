//! Names of what goes over the wire, each used once.

use uuid::Uuid;

/// For the names of a session, and of no other one.
pub(super) fn new_tag() -> String {
    let mut tag = Uuid::new_v4().simple().to_string();
    tag.truncate(12);
    tag
}

/// Makes names that no other session has, if its tag is of no other.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    tag: String,
    last: u64,
}

impl Ids {
    pub(super) fn new(tag: String) -> Self {
        Self { tag, last: 0 }
    }

    /// The session's own: `sess_`, `conv_`.
    pub(super) fn own(&self, prefix: &str) -> String {
        format!("{prefix}_{}", self.tag)
    }

    /// `event_`, `item_`, `resp_`.
    pub(super) fn next(&mut self, prefix: &str) -> String {
        self.last += 1;
        format!("{prefix}_{}{:06}", self.tag, self.last)
    }
}
