//! The gateway.

use super::Program;

/// `voice-stack-gateway`. It has to be told where the other two are.
pub static GATEWAY: Program = Program {
    name: "gateway",
    binary: "voice-stack-gateway",
    prefix: "GATEWAY_",
    settings: &[],
};
