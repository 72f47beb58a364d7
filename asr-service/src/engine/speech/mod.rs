//! Recordings of any length for engines that hear half a minute at a time: where speech is
//! (`vad`), how it is cut (`windows`), and the way from window to window (`windowed`).

mod vad;
mod windowed;
mod windows;

pub(super) use vad::SileroPool;
pub(super) use windowed::{SpeechWindows, WindowTask, WindowTranscriber, WindowTranscript};
