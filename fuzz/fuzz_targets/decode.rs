//! Whatever is uploaded, the decoder answers: within its limits, in memory and in time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use voice_stack_audio::fuzz_decode;

fuzz_target!(|upload: &[u8]| {
    // One caller of eight hangs up, at a moment that the length decides.
    let patience = if upload.len() % 8 == 0 {
        upload.len() / 8 % 64
    } else {
        usize::MAX
    };
    fuzz_decode(upload, patience);
});
