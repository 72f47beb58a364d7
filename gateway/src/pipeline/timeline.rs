//! The clock of a conversation, between two clocks that differ: the samples of the client, and the
//! wall.
//!
//! - While audio comes as it is spoken, both are the same but for the network. A conversation decides
//!   by silence that was *heard*: so its time runs at most [`LATE`] ahead of the last sample. A
//!   network that stalls must not end a turn.
//! - When no audio has come for [`QUIET`], none is waited for: time is the wall's. Audio that comes then
//!   begins now, and the gap before it is silence. Who was speaking is taken to have stopped.
//! - A client whose samples take longer than they last takes the time with it as well: the wall is
//!   set back by what every piece of [`WINDOW`] was late.
//! - Audio that comes faster than it was spoken (a file, sent at once) takes the time with it: a
//!   second of audio is a second of the conversation.
//!
//! The time limits of stages are limits of the wall: a recognition has 5 s, however fast the client
//! sends. So while the conversation waits for anybody ([`Timeline::may_hear`]), audio is heard no
//! faster than it was spoken, and the client's next audio waits in the queue. Then the conversation's
//! time runs as the wall's does, but for what [`LATE`] and [`QUIET`] hold it back: at most a second.

use std::time::Duration;

use tokio::time::Instant;

use super::heard::{RATE_HZ, time_of};
use crate::conversation::Time;

/// How far time may run ahead of the audio while that comes.
const LATE: Duration = Duration::from_millis(100);
/// When audio does not come any more.
const QUIET: Duration = Duration::from_secs(1);
/// Of audio; a network that stalls has caught up by then.
const WINDOW: u64 = 2 * RATE_HZ as u64;
/// Audio may come so much too early and is still heard at once: clients send in pieces.
const EARLY: Duration = Duration::from_millis(300);

#[derive(Debug)]
pub(super) struct Timeline {
    /// When the conversation's time was 0, less what audio has taken it ahead.
    zero: Instant,
    /// Where the audio is, in samples since the conversation's beginning, and when the last of it came.
    audio: Option<(u64, Instant)>,
    /// How late every piece of audio was at least, since when.
    late: (Duration, u64),
    /// It never goes back.
    last: Time,
}

impl Timeline {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            zero: now,
            audio: None,
            late: (Duration::MAX, 0),
            last: Time::ZERO,
        }
    }

    /// The conversation's time.
    pub(super) fn now(&mut self, now: Instant) -> Time {
        self.last = self.last.max(self.at(now));
        self.last
    }

    fn at(&self, now: Instant) -> Time {
        let wall = now.saturating_duration_since(self.zero);
        match self.audio {
            Some((heard, came)) if now < came + QUIET => wall.min(time_of(heard) + LATE),
            _ => wall,
        }
    }

    /// When the conversation's time will be `time`, if no more audio comes.
    pub(super) fn when(&self, time: Time) -> Instant {
        let wall = self.zero + time;
        match self.audio {
            Some((heard, came)) if time > time_of(heard) + LATE => wall.max(came + QUIET),
            _ => wall,
        }
    }

    /// Whether more audio can be heard now; if not, when. Only somebody who waits holds it back.
    pub(super) fn may_hear(&self, is_waiting: bool, now: Instant) -> Result<(), Instant> {
        let Some((heard, _)) = self.audio.filter(|_| is_waiting) else {
            return Ok(());
        };
        let from = self.zero + time_of(heard).saturating_sub(EARLY);
        if from <= now { Ok(()) } else { Err(from) }
    }

    /// So many samples come. Gives where they begin, in samples since the conversation's beginning: there
    /// is silence between that and where the last ones ended, if there is anything. Unless somebody waits,
    /// the time is not behind them then.
    pub(super) fn hear(&mut self, samples: u64, is_waiting: bool, now: Instant) -> u64 {
        let wall = now.saturating_duration_since(self.zero);
        let wall_samples = samples_of(wall);
        let from = match self.audio {
            Some((heard, came)) if now < came + QUIET => heard,
            Some((heard, _)) => heard.max(wall_samples.saturating_sub(samples)),
            None => wall_samples.saturating_sub(samples),
        };
        let to = from + samples;
        if to > wall_samples && !is_waiting {
            // The wall falls behind: from here on, it is counted from a moment earlier.
            let ahead = time_of(to).saturating_sub(wall);
            self.zero = self.zero.checked_sub(ahead).unwrap_or(self.zero);
        }
        self.audio = Some((to, now));
        self.follow(wall.saturating_sub(time_of(to)), to);
        from
    }

    /// The wall is set back by what all audio is late.
    fn follow(&mut self, late: Duration, to: u64) {
        let (least, since) = self.late;
        let least = least.min(late);
        self.late = if to < since + WINDOW {
            (least, since)
        } else {
            self.zero += least;
            (Duration::MAX, to)
        };
    }

    /// When the client has fallen silent, if it has sent anything.
    pub(super) fn quiet_at(&self) -> Option<Instant> {
        self.audio.map(|(_, came)| came + QUIET)
    }
}

fn samples_of(time: Duration) -> u64 {
    (time.as_micros() * u128::from(RATE_HZ) / 1_000_000) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = RATE_HZ as u64;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn of(duration: Duration) -> u64 {
        samples_of(duration)
    }

    /// A timeline on which audio came for a second, as it was spoken.
    fn after_a_second() -> (Timeline, Instant) {
        let zero = Instant::now();
        let mut it = Timeline::new(zero);
        for piece in 1..=10 {
            let from = it.hear(of(ms(100)), false, zero + ms(100 * piece));
            assert_eq!(from, of(ms(100 * (piece - 1))));
        }
        (it, zero)
    }

    #[test]
    fn without_audio_time_is_the_walls() {
        let zero = Instant::now();
        let mut it = Timeline::new(zero);
        assert_eq!(it.now(zero + ms(700)), ms(700));
        assert_eq!(it.when(ms(900)), zero + ms(900));
        assert_eq!(it.may_hear(true, zero), Ok(()));
    }

    #[test]
    fn a_network_that_stalls_holds_time_back_until_nothing_is_expected_any_more() {
        let (mut it, zero) = after_a_second();
        assert_eq!(it.now(zero + ms(1050)), ms(1050));
        assert_eq!(
            it.now(zero + ms(1900)),
            ms(1100),
            "silence is not heard yet"
        );
        assert_eq!(it.when(ms(1090)), zero + ms(1090));
        assert_eq!(it.when(ms(1500)), zero + ms(2000));
        // The stall is over: the audio goes on where it was, and catches up.
        assert_eq!(it.hear(of(ms(900)), false, zero + ms(1950)), of(ms(1000)));
        assert_eq!(it.now(zero + ms(1950)), ms(1950));

        let (mut it, zero) = after_a_second();
        assert_eq!(it.now(zero + ms(2001)), ms(2001));
    }

    #[test]
    fn audio_after_a_long_gap_begins_now() {
        let (mut it, zero) = after_a_second();
        let from = it.hear(of(ms(100)), false, zero + ms(5000));
        assert_eq!(from, of(ms(4900)));
        assert_eq!(it.now(zero + ms(5000)), ms(5000));
    }

    #[test]
    fn a_file_that_is_sent_at_once_takes_the_time_with_it() {
        let zero = Instant::now();
        let mut it = Timeline::new(zero);
        for second in 0..10 {
            assert_eq!(it.may_hear(false, zero), Ok(()));
            assert_eq!(it.hear(SECOND, false, zero), second * SECOND);
            assert_eq!(it.now(zero), Time::from_secs(second + 1));
        }
        assert_eq!(it.now(zero + ms(100)), ms(10_100));
        assert_eq!(it.when(ms(10_100)), zero + ms(100));
    }

    #[test]
    fn while_somebody_waits_a_file_is_heard_as_it_was_spoken_and_limits_are_the_walls() {
        let zero = Instant::now();
        let mut it = Timeline::new(zero);
        it.hear(10 * SECOND, false, zero);
        let ordered = it.now(zero);
        // A recognition is asked, and the client goes on sending as fast as it may.
        let mut now = zero;
        while it.now(now) < ordered + Duration::from_secs(5) {
            match it.may_hear(true, now) {
                Ok(()) => {
                    it.hear(of(ms(100)), true, now);
                }
                Err(later) => now = later,
            }
        }
        let waited = now - zero;
        let limit = Duration::from_secs(5);
        assert!((limit..limit + ms(100)).contains(&waited), "{waited:?}");
    }

    #[test]
    fn a_client_that_is_slower_than_it_speaks_does_not_take_time_from_anybody() {
        let zero = Instant::now();
        let mut it = Timeline::new(zero);
        // 20 ms of audio every 25 ms: after a minute it is a quarter of a minute late.
        let pieces = 60_000 / 25;
        for piece in 1..=pieces {
            it.hear(of(ms(20)), true, zero + ms(25 * piece));
        }
        let end = zero + ms(60_000);
        let at_the_end = it.now(end);
        let later = it.now(end + QUIET);
        assert!(
            later < at_the_end + QUIET + ms(1000),
            "{at_the_end:?} {later:?}"
        );
    }

    #[test]
    fn a_network_that_has_caught_up_leaves_nothing_behind() {
        let (mut it, zero) = after_a_second();
        // Half a second comes at once, half a second late.
        for piece in 1..=5 {
            it.hear(of(ms(100)), true, zero + ms(1500));
            assert_eq!(it.audio.unwrap().0, of(ms(1000 + 100 * piece)));
        }
        for piece in 1..=40 {
            it.hear(of(ms(100)), true, zero + ms(1500 + 100 * piece));
        }
        assert_eq!(it.now(zero + ms(5500)), ms(5500));
    }

    #[test]
    fn time_never_goes_back() {
        let (mut it, zero) = after_a_second();
        let mut last = Time::ZERO;
        for step in 0..100 {
            let now = zero + ms(1000 + 37 * step);
            if step % 7 == 0 {
                it.hear(of(ms(50)), step % 2 == 0, now);
            }
            let time = it.now(now);
            assert!(time >= last);
            last = time;
        }
    }
}
