//! Where the user's ear is in an answer: what was sent plays in real time, unless the client says
//! better. Positions are samples from the answer's beginning.

use std::time::Duration;

use super::Time;

#[derive(Debug, Clone)]
pub(super) struct Playout {
    rate_hz: u32,
    /// All before was sent since the last pause.
    sent: u64,
    /// The ear was here at `since`, or is still if that is `None`.
    base: u64,
    since: Option<Time>,
    /// What the client said last.
    reported: u64,
    /// The pipeline has forgotten what is before.
    kept_from: u64,
    /// While paused: how far the client can have come.
    paused_below: Option<u64>,
}

impl Playout {
    pub(super) fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz: rate_hz.max(1),
            sent: 0,
            base: 0,
            since: None,
            reported: 0,
            kept_from: 0,
            paused_below: None,
        }
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    pub(super) fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    pub(super) fn position(&self, now: Time) -> u64 {
        match self.since {
            Some(since) => {
                let played = samples(now.saturating_sub(since), self.rate_hz);
                self.base.saturating_add(played).min(self.sent)
            }
            None => self.base,
        }
    }

    /// When the ear will be at this position, if what was sent reaches so far.
    pub(super) fn reaches(&self, position: u64) -> Option<Time> {
        let since = self.since?;
        (position <= self.sent)
            .then(|| since + duration(position.saturating_sub(self.base), self.rate_hz))
    }

    /// The client is sent all up to `to`. If it had nothing left to play, it goes on from now.
    pub(super) fn send(&mut self, to: u64, now: Time) {
        let position = self.position(now);
        if position == self.sent {
            self.base = position;
            self.since = Some(now);
        }
        self.sent = to;
    }

    /// The client stops and drops what it has not played, which is to be sent again.
    pub(super) fn pause(&mut self, now: Time) -> u64 {
        self.base = self.position(now);
        self.since = None;
        self.paused_below = Some(self.sent);
        self.sent = self.base;
        self.base
    }

    /// Where it goes on.
    pub(super) fn resume(&mut self) -> u64 {
        self.paused_below = None;
        self.base
    }

    /// What the client says it has played. While paused this corrects where to go on.
    pub(super) fn report(&mut self, played: u64, now: Time) {
        if played < self.reported {
            return;
        }
        let highest = self.paused_below.unwrap_or(self.sent);
        self.reported = played.min(highest);
        self.base = self.reported.max(self.kept_from);
        if self.paused_below.is_some() {
            self.sent = self.base;
        } else if self.since.is_some() {
            self.since = Some(now);
        }
    }

    /// The client stopped here, whatever was thought.
    pub(super) fn stop_at(&mut self, played: u64) {
        self.base = played.min(self.paused_below.unwrap_or(self.sent));
        self.since = None;
    }

    /// What is before can't be sent again.
    pub(super) fn forget_before(&mut self, position: u64) {
        self.kept_from = position;
    }
}

pub(super) fn samples(time: Duration, rate_hz: u32) -> u64 {
    let samples = time.as_nanos() * u128::from(rate_hz) / 1_000_000_000;
    u64::try_from(samples).unwrap_or(u64::MAX)
}

/// Rounded up: when it has passed, all these samples have.
fn duration(samples: u64, rate_hz: u32) -> Duration {
    let nanos = (u128::from(samples) * 1_000_000_000).div_ceil(u128::from(rate_hz));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_ear_follows_what_was_sent_in_real_time_and_waits_for_more() {
        let mut playout = Playout::new(1000);
        playout.send(100, at(0));
        assert_eq!(playout.position(at(60)), 60);
        assert_eq!(playout.position(at(500)), 100);
        playout.send(200, at(500));
        assert_eq!(playout.position(at(560)), 160);
        assert_eq!(playout.reaches(200), Some(at(600)));
        assert_eq!(playout.reaches(201), None);
    }

    #[test]
    fn what_the_client_says_counts_but_never_beyond_what_it_was_sent() {
        let mut playout = Playout::new(1000);
        playout.send(1000, at(0));
        playout.report(50, at(100));
        assert_eq!(playout.position(at(100)), 50);
        playout.report(40, at(110));
        assert_eq!(playout.position(at(110)), 60);
        playout.report(9000, at(120));
        assert_eq!(playout.position(at(120)), 1000);
    }

    #[test]
    fn a_pause_stops_the_ear_and_a_report_that_follows_corrects_it() {
        let mut playout = Playout::new(1000);
        playout.send(1000, at(0));
        assert_eq!(playout.pause(at(300)), 300);
        assert_eq!(playout.position(at(900)), 300);
        playout.report(280, at(310));
        assert_eq!(playout.resume(), 280);
        assert_eq!(playout.sent(), 280);
        playout.send(1000, at(1000));
        assert_eq!(playout.position(at(1100)), 380);
    }

    #[test]
    fn a_mark_is_reached_when_its_time_has_come_at_any_rate() {
        for rate in [7999, 11_025, 24_000, 44_100] {
            let mut playout = Playout::new(rate);
            playout.send(1_000_003, at(1));
            for mark in [1, 17, 999_983, 1_000_003] {
                let time = playout.reaches(mark).unwrap();
                assert!(playout.position(time) >= mark, "{mark} at {rate}");
                assert!(playout.position(time.saturating_sub(Duration::from_micros(200))) < mark);
            }
        }
    }
}
