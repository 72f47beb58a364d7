//! Why the tools of a file can't be used.

/// A file of tools that can't be used, on one line that names the tool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("TOOLS_FILE: {0}")]
pub struct ToolsError(String);

impl ToolsError {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    /// Something about one of the tools.
    pub(super) fn tool(name: &str, what: &str) -> Self {
        Self(format!("the tool '{}': {what}", name.escape_debug()))
    }
}
