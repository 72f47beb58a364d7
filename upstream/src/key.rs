//! The key that an upstream asks for.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use reqwest::header::HeaderValue;

/// What stands for a key wherever one would be shown.
const HIDDEN: &str = "***";

/// A key. It shows itself nowhere: not in debug prints, not in errors, not in logs.
#[derive(Clone)]
pub struct ApiKey {
    text: String,
    authorization: HeaderValue,
}

/// A key that can't be used. No variant quotes it.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file is not there, or this user may not read it.
    #[error("the key file {} can't be read: {cause}", path.display().to_string().escape_debug())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A file without a key must not mean: ask without one.
    #[error("there is no key; write one line that holds it and nothing else")]
    Empty,
    /// More than a key, or what no header can carry.
    #[error(
        "the key is more than one word of visible ASCII characters; write one line that holds it and nothing else"
    )]
    NoKey,
}

impl ApiKey {
    /// Reads the key from a file that holds nothing else; blanks around it are passed over.
    ///
    /// # Errors
    /// The file can't be read, or holds no key.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let text = std::fs::read_to_string(path).map_err(|cause| KeyError::Unreadable {
            path: path.to_path_buf(),
            cause,
        })?;
        Self::new(&text)
    }

    /// Takes a key; blanks around it are passed over.
    ///
    /// # Errors
    /// It is empty, or no key.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        if !text.bytes().all(|it| it.is_ascii_graphic()) {
            return Err(KeyError::NoKey);
        }
        let bearer = HeaderValue::from_str(&format!("Bearer {text}"));
        let mut authorization = bearer.map_err(|_| KeyError::NoKey)?;
        authorization.set_sensitive(true);
        Ok(Self {
            text: text.to_string(),
            authorization,
        })
    }

    pub(crate) fn authorization(&self) -> HeaderValue {
        self.authorization.clone()
    }

    /// Takes the key out of a text of somebody else: some servers quote a key that they refuse.
    pub(crate) fn hide_in(&self, text: &str) -> String {
        text.replace(&self.text, HIDDEN)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_key_is_the_one_word_of_its_file() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "  sk-secret \r").unwrap();
        let key = ApiKey::from_file(file.path()).unwrap();
        assert_eq!(key.authorization(), "Bearer sk-secret");
        let shown = format!("{key:?} {:?}", key.authorization());
        assert!(!shown.contains("secret"), "{shown}");
        assert_eq!(key.hide_in("bad key sk-secret."), "bad key ***.");
    }

    #[test]
    fn what_is_no_key_is_refused_without_quoting_it() {
        for text in ["", " \n", "two words", "two\nlines", "schlüssel", "a\u{7}b"] {
            let refused = ApiKey::new(text).unwrap_err().to_string();
            assert!(
                text.trim().is_empty() || !refused.contains(text),
                "{refused}"
            );
        }
        let absent = ApiKey::from_file(Path::new("/absent\n/key"))
            .unwrap_err()
            .to_string();
        assert!(
            absent.starts_with("the key file /absent\\n/key can't be read"),
            "{absent}"
        );
    }
}
