//! A client's player: plays what it is sent in real time, one phrase behind the other.

use voice_stack_gateway::conversation::Time;

/// One answer, as the client hears it.
#[derive(Debug, Clone)]
pub(crate) struct Player {
    rate_hz: u64,
    /// Samples that it was sent and was not told to drop.
    pub(crate) sent: u64,
    /// It had played so much at that time; it has played all that it can since.
    played: u64,
    at: Time,
    /// Told to stop.
    pub(crate) is_paused: bool,
    /// Said things about itself that are not so: what it heard is not known.
    pub(crate) is_liar: bool,
}

impl Player {
    pub(crate) fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz: u64::from(rate_hz),
            sent: 0,
            played: 0,
            at: Time::ZERO,
            is_paused: false,
            is_liar: false,
        }
    }

    /// What has been played, in whole samples, and when that was exact.
    pub(crate) fn played(&self, now: Time) -> u64 {
        if self.is_paused {
            return self.played;
        }
        let nanos = now.saturating_sub(self.at).as_nanos();
        let more = nanos * u128::from(self.rate_hz) / 1_000_000_000;
        (self.played + u64::try_from(more).unwrap()).min(self.sent)
    }

    pub(crate) fn send(&mut self, samples: u64, now: Time) {
        if self.played(now) == self.sent {
            self.played = self.sent;
            self.at = now;
        }
        self.sent += samples;
    }

    pub(crate) fn pause(&mut self, now: Time) {
        self.played = self.played(now);
        self.sent = self.played;
        self.is_paused = true;
    }

    pub(crate) fn resume(&mut self, at: u64, now: Time) {
        self.is_paused = false;
        self.played = at;
        self.sent = at;
        self.at = now;
    }
}
