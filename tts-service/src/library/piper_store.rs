//! stub
use super::VoiceSource;
use crate::config::TtsConfig;
use crate::engine::*;
pub struct PiperStore;
impl PiperStore {
    pub fn open(_c: &TtsConfig) -> Result<Self, String> {
        Ok(Self)
    }
    pub fn device(&self) -> (bool, String) {
        (false, "cpu".into())
    }
}
impl VoiceSource for PiperStore {
    fn installed(&self) -> Vec<VoiceInfo> {
        vec![]
    }
    fn load(&self, _i: &str) -> Result<Box<dyn Synthesizer>, String> {
        Err("x".into())
    }
}
