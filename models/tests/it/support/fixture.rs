//! A store in a temporary directory, and a catalogue of one made-up model.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, thread};

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use voice_stack_models::pull::{Options, Progress, Pulled, Puller};
use voice_stack_models::{Catalogue, Entry, Error, Store};

/// Collects what a pull says.
#[derive(Default)]
pub(crate) struct Recorder {
    lines: Mutex<Vec<String>>,
}

impl Recorder {
    pub(crate) fn text(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }
}

impl Progress for Recorder {
    fn say(&self, line: &str) {
        self.lines.lock().unwrap().push(line.to_owned());
    }

    fn begin(&self, what: &str, _: u64, done_bytes: u64) {
        self.say(&format!("{what} from {done_bytes}"));
    }

    fn advance(&self, _: u64) {}

    fn end(&self) {}
}

/// A store, an entry, and how to pull it.
pub(crate) struct Fixture {
    dir: TempDir,
    pub store: Store,
    pub catalogue: Catalogue,
    pub options: Options,
    pub progress: Recorder,
    pub cancelled: Arc<AtomicBool>,
}

impl Fixture {
    /// `model` is the text of one catalogue entry.
    pub(crate) fn new(model: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self {
            store: Store::new(dir.path().join("models")),
            dir,
            catalogue: Catalogue::parse(model).unwrap(),
            options: Options::default(),
            progress: Recorder::default(),
            cancelled: Arc::default(),
        }
    }

    /// An entry that is downloaded from `server` and should be `content`.
    pub(crate) fn of_url(content: &[u8], server: &str) -> Self {
        let mut fixture = Self::new(&format!("{}{URL_SOURCE}", entry(content)));
        fixture.options.hub_endpoint = Some(server.to_owned());
        fixture
    }

    pub(crate) fn entry(&self) -> &Entry {
        &self.catalogue.entries()[0]
    }

    pub(crate) fn puller(&self) -> Puller<'_> {
        let cancelled = Arc::clone(&self.cancelled);
        Puller::new(&self.store, self.options.clone(), &self.progress, cancelled)
    }

    pub(crate) fn pull(&self) -> Result<Pulled, Error> {
        self.puller().pull(self.entry())
    }

    /// Looks a name up, as the command line does, and pulls what it finds.
    pub(crate) fn pull_by_name(&self, name: &str) -> Result<Pulled, Error> {
        let puller = self.puller();
        let entry = puller.find(&self.catalogue, name)?;
        puller.pull(&entry)
    }

    /// Pulls, which must fail, and returns the one line that says why.
    pub(crate) fn pull_error(&self) -> String {
        let error = self.pull().unwrap_err().to_string();
        assert!(!error.contains('\n'), "more than one line: {error}");
        error
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// A directory beside the store.
    pub(crate) fn beside(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn part(&self) -> PathBuf {
        self.store.dir().join("demo.bin.part")
    }

    /// Puts the beginning of a download in place.
    pub(crate) fn write_part(&self, content: &[u8]) {
        fs::create_dir_all(self.store.dir()).unwrap();
        fs::write(self.part(), content).unwrap();
    }

    pub(crate) fn installed(&self) -> Option<Vec<u8>> {
        fs::read(self.store.path_of(self.entry())).ok()
    }

    /// Names of everything in the store but lock files.
    pub(crate) fn files(&self) -> Vec<String> {
        self.files_in("")
    }

    /// The same for a directory inside the store.
    pub(crate) fn files_in(&self, dir: &str) -> Vec<String> {
        let Ok(items) = fs::read_dir(self.store.dir().join(dir)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = items
            .map(|item| item.unwrap().file_name().into_string().unwrap())
            .filter(|name| {
                Path::new(name)
                    .extension()
                    .is_none_or(|extension| extension != "lock")
            })
            .collect();
        names.sort();
        names
    }
}

pub(crate) const URL_SOURCE: &str = "
[[model.source]]
type = \"url\"
url = \"https://huggingface.co/org/repo/resolve/main/demo.bin\"
";

/// The head of an entry named `demo` whose file is `content`.
pub(crate) fn entry(content: &[u8]) -> String {
    entry_with("whisper", "f16", content.len(), &sha256(content))
}

pub(crate) fn entry_with(kind: &str, form: &str, size_bytes: usize, sha256: &str) -> String {
    format!(
        "[[model]]
name = \"demo\"
kind = \"{kind}\"
file_name = \"demo.bin\"
size_bytes = {size_bytes}
sha256 = \"{sha256}\"
licence = \"MIT\"
languages = \"multilingual\"
form = \"{form}\"
base_model = \"demo\"
"
    )
}

pub(crate) fn sha256(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

/// Bytes that don't repeat soon.
pub(crate) fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect()
}

/// Waits until `done`, for a thread or a process to get somewhere.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{what} did not happen"
        );
        thread::sleep(Duration::from_millis(5));
    }
}
