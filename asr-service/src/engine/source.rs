//! The trait by which an engine tells what is installed of it.

use super::Transcriber;

/// What an engine computes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computes {
    /// A GPU, whose memory is then watched.
    pub on_gpu: bool,
    /// In words for the log.
    pub description: String,
}

/// The installed models of one engine, or a script in tests.
pub trait ModelSource: Send + Sync + 'static {
    /// The names of what is installed now.
    fn installed(&self) -> Vec<String>;

    /// The installed model that a client or the operator means by a name. Engines whose models
    /// are there in several forms of one name choose among them.
    fn find(&self, name: &str) -> Option<String> {
        self.installed().into_iter().find(|id| id == name)
    }

    /// Why there is no model of a name that the engine knows: one line for the operator, with
    /// the command that fetches it. `None` for a name that isn't one of its own.
    fn missing(&self, _name: &str) -> Option<String> {
        None
    }

    /// Brings one into memory.
    ///
    /// # Errors
    /// Why not, in words for clients.
    fn load(&self, id: &str) -> Result<Box<dyn Transcriber>, String>;

    /// Bytes of memory that it takes with all that requests need to compute with it; `None`
    /// where that is unknown.
    fn footprint_bytes(&self, _id: &str) -> Option<u64> {
        None
    }

    /// What its models are computed on.
    fn computes(&self) -> Computes {
        Computes {
            on_gpu: false,
            description: "cpu".into(),
        }
    }
}
