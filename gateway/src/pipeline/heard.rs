//! What was heard, for as long as a turn may need it.

use std::collections::VecDeque;
use std::time::Duration;

use crate::conversation::Time;
use crate::speech::HEARD_RATE_HZ;

/// Samples a second of what is kept.
pub(super) const RATE_HZ: u32 = HEARD_RATE_HZ;
/// Kept however little is asked for: padding before speech that begins, and the 200 ms after which it is
/// told.
const LEAST: Duration = Duration::from_secs(2);

/// When a sample of the conversation is.
pub(super) fn time_of(sample: u64) -> Time {
    Time::from_nanos(sample * 1_000_000_000 / u64::from(RATE_HZ))
}

/// The sample at this time.
pub(super) fn sample_at(time: Time) -> u64 {
    (time.as_nanos() * u128::from(RATE_HZ)).div_ceil(1_000_000_000) as u64
}

/// The end of what was heard. Positions are in samples since the conversation's beginning.
#[derive(Debug)]
pub(super) struct Heard {
    samples: VecDeque<i16>,
    /// Of the first sample that is kept.
    from: u64,
    most: usize,
}

impl Heard {
    /// Keeps at most so much.
    pub(super) fn new(most: Duration) -> Self {
        Self {
            samples: VecDeque::new(),
            from: 0,
            most: sample_at(most.max(LEAST)) as usize,
        }
    }

    /// Behind the last sample.
    pub(super) fn end(&self) -> u64 {
        self.from + self.samples.len() as u64
    }

    /// Takes samples that begin at `from`; what is between them and the last ones was silence.
    pub(super) fn push(&mut self, from: u64, samples: &[i16]) {
        let gap = from.saturating_sub(self.end());
        if gap >= self.most as u64 {
            self.samples.clear();
            self.from = from;
        } else {
            let silence = std::iter::repeat_n(0, gap as usize);
            self.samples.extend(silence);
        }
        self.samples.extend(samples);
        let surplus = self.samples.len().saturating_sub(self.most);
        self.drop_first(surplus);
    }

    /// What is before `from` is not asked for any more; `None`: all may be dropped.
    pub(super) fn keep(&mut self, from: Option<u64>) {
        let least = self.end().saturating_sub(sample_at(LEAST));
        let from = from.map_or(least, |it| it.min(least));
        self.drop_first(from.saturating_sub(self.from) as usize);
    }

    fn drop_first(&mut self, samples: usize) {
        let samples = samples.min(self.samples.len());
        self.samples.drain(..samples);
        self.from += samples as u64;
        // What one long turn took is given back.
        if self.samples.capacity() > 4 * self.samples.len().max(sample_at(LEAST) as usize) {
            self.samples.shrink_to(2 * self.samples.len());
        }
    }

    /// What there is between these positions.
    pub(super) fn between(&self, from: u64, to: u64) -> Vec<i16> {
        let index = |at: u64| (at.clamp(self.from, self.end()) - self.from) as usize;
        let (from, to) = (index(from), index(to));
        self.samples.range(from..to.max(from)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = RATE_HZ as u64;

    fn heard() -> Heard {
        Heard::new(Duration::from_secs(4))
    }

    fn second(value: i16) -> Vec<i16> {
        vec![value; SECOND as usize]
    }

    #[test]
    fn gaps_are_silence() {
        let mut it = heard();
        it.push(0, &second(1));
        it.push(2 * SECOND, &second(2));
        assert_eq!(it.between(SECOND - 1, SECOND + 2), [1, 0, 0]);
        assert_eq!(it.between(2 * SECOND - 1, 2 * SECOND + 1), [0, 2]);
        it.push(1000 * SECOND, &second(3));
        assert_eq!(it.end(), 1001 * SECOND);
        assert_eq!(it.between(0, u64::MAX).len() as u64, SECOND);
    }

    #[test]
    fn no_more_is_kept_than_may_be_and_no_less_than_is_asked_for() {
        let mut it = heard();
        for at in 0..10 {
            it.push(at * SECOND, &second(at as i16));
        }
        assert_eq!(it.between(0, u64::MAX).len() as u64, 4 * SECOND);
        it.keep(Some(7 * SECOND));
        assert_eq!(it.between(0, u64::MAX)[0], 7);
        it.keep(None);
        assert_eq!(it.between(0, u64::MAX).len() as u64, 2 * SECOND);
        assert_eq!(it.between(9 * SECOND, u64::MAX), second(9));
        assert!(it.between(5, 3).is_empty());
    }

    #[test]
    fn times_and_samples_are_each_others_inverse() {
        for sample in [0, 1, 2, 3, 1601, 57_600_001] {
            assert_eq!(sample_at(time_of(sample)), sample);
        }
    }
}
