//! What an entry installs: its files, or its directory.

use serde::{Deserialize, Serialize};

/// What an entry installs.
#[derive(Debug, Clone)]
pub enum Content {
    /// Files with a name each, the main one first: the one that a program is told to load.
    Files(Vec<FileSpec>),
    /// A directory of files that nobody names one by one.
    Tree(TreeSpec),
}

/// A file that is installed.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FileSpec {
    /// Path inside the models directory, parts divided by `/`.
    pub path: String,
    /// Exact size in bytes.
    pub size_bytes: u64,
    /// SHA-256, like all digests in lower-case hexadecimal. At least one of the digests is
    /// there, unless the file was put there by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// SHA-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha1: Option<String>,
    /// MD5: all that the index of published voices states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
}

/// A directory that is installed as a whole.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TreeSpec {
    /// Path inside the models directory.
    pub path: String,
    /// Exact number of files, directories not counted.
    pub file_count: usize,
    /// Exact sum of their sizes in bytes.
    pub size_bytes: u64,
    /// One digest for names and content of all files: the SHA-256 of a text with one line
    /// `SHA256␠␠PATH` a file, sorted by path (relative to the directory) byte by byte. Inside
    /// the directory, this prints it:
    /// `find * -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum`
    pub sha256: String,
}

impl FileSpec {
    /// The last part of its path.
    pub(crate) fn file_name(&self) -> &str {
        self.path
            .rsplit_once('/')
            .map_or(self.path.as_str(), |(_, name)| name)
    }
}
