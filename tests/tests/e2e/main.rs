//! End-to-end tests on the real binary with real models over real sockets.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used)] // in tests, helpers included

/// Makes tests of these functions, for each of the services.
macro_rules! for_both {
    ($($test:ident,)+) => {
        for_both!(asr, ASR: $($test,)+);
        for_both!(tts, TTS: $($test,)+);
    };
    ($module:ident, $kind:ident: $($test:ident,)+) => {
        mod $module {
            $(
                #[test]
                fn $test() {
                    super::$test(&voice_stack_tests::kind::$kind);
                }
            )+
        }
    };
}

mod accuracy;
mod api;
mod clients;
mod concurrency;
mod conversation;
mod drain;
mod gateway;
mod hostile;
mod lifecycle;
mod memory;
mod models;
mod priority;
mod privacy;
mod probes;
mod query;
mod realtime;
mod round_trip;
mod slow_clients;
mod speech_guards;
mod start;
mod systemd;
mod town;
mod websocket;
