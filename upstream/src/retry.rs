//! When a request is sent again.

use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBuilder};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use tokio::time::Instant;
use tower::retry::budget::{Budget as _, TpsBudget};

/// How long a request counts towards the budget.
const MEMORY: Duration = Duration::from_secs(10);

/// How often, how soon, and how much in all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetrySettings {
    /// Further rounds over the hosts after a first one in which each of them failed.
    pub rounds: u32,
    /// Pause before the first of them; each further one is twice as long. Up to as much again is
    /// added at random, so that requests that failed together don't come back together.
    pub first_pause: Duration,
    /// What pauses grow to, before the random part; a host may ask for more.
    pub longest_pause: Duration,
    /// Further rounds as a share of the requests of the last 10 s.
    pub budget: f32,
    /// Further rounds a second that are allowed in any case: few requests have no share worth
    /// the name.
    pub budget_floor: u32,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            rounds: 3,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(8),
            budget: 0.1,
            budget_floor: 1,
        }
    }
}

/// What all requests to one upstream share: tower's token bucket, and how pauses are made.
#[derive(Debug)]
pub(crate) struct Retries {
    /// backon's, because tower's random part is lost where a pause is of whole seconds.
    pauses: ExponentialBuilder,
    budget: TpsBudget,
}

impl Retries {
    pub(crate) fn new(settings: RetrySettings) -> Self {
        let share = settings.budget.clamp(0.0, 1.0);
        Self {
            pauses: ExponentialBuilder::new()
                .with_factor(2.0)
                .with_min_delay(settings.first_pause)
                .with_max_delay(settings.longest_pause)
                .with_max_times(settings.rounds as usize)
                .with_jitter(),
            budget: TpsBudget::new(MEMORY, settings.budget_floor, share),
        }
    }

    /// A request begins: it adds its share to the budget.
    pub(crate) fn begin(&self) -> Pauses {
        self.budget.deposit();
        Pauses(self.pauses.build())
    }

    /// Takes one further round out of the budget, if there is room for it.
    pub(crate) fn may_repeat(&self) -> bool {
        self.budget.withdraw()
    }
}

/// The pauses of one request.
#[derive(Debug)]
pub(crate) struct Pauses(<ExponentialBuilder as BackoffBuilder>::Backoff);

impl Pauses {
    /// When the next round begins; `None` if there is none left. `not_before` is what the hosts
    /// asked for.
    pub(crate) fn next(&mut self, not_before: Option<Instant>) -> Option<Instant> {
        let own = Instant::now() + self.0.next()?;
        Some(not_before.map_or(own, |it| it.max(own)))
    }
}

/// How long a host asks to be left alone: seconds, or a date, which is compared with `now`.
/// `None` if it does not say, or says something else.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if text.bytes().all(|it| it.is_ascii_digit()) {
        return text.parse().ok().map(Duration::from_secs);
    }
    let date = httpdate::parse_http_date(text).ok()?;
    // A date that has passed means: now.
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;

    use super::*;

    fn retries(settings: RetrySettings) -> Retries {
        Retries::new(settings)
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_double_and_are_at_most_twice_as_long() {
        for _ in 0..50 {
            let mut pauses = retries(RetrySettings::default()).begin();
            for least in [1.0, 2.0, 4.0] {
                let pause = (pauses.next(None).unwrap() - Instant::now()).as_secs_f64();
                assert!(pause >= least && pause < 2.0 * least, "{pause} of {least}");
            }
            assert_eq!(pauses.next(None), None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_differ_between_requests() {
        let retries = retries(RetrySettings::default());
        let pause = |retries: &Retries| retries.begin().next(None).unwrap();
        let first = pause(&retries);
        assert!((0..20).any(|_| pause(&retries) != first));
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_asks_for_more_gets_it_and_one_that_asks_for_less_does_not_hurry() {
        let mut pauses = retries(RetrySettings::default()).begin();
        let minute = Instant::now() + Duration::from_mins(1);
        assert_eq!(pauses.next(Some(minute)), Some(minute));
        assert!(
            pauses.next(Some(Instant::now())).unwrap() >= Instant::now() + Duration::from_secs(2)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_budget_is_a_tenth_of_the_requests_and_a_small_floor() {
        let retries = retries(RetrySettings::default());
        let granted = |retries: &Retries| (0..1000).filter(|_| retries.may_repeat()).count();
        assert_eq!(granted(&retries), 10, "the floor: one a second for 10 s");
        for _ in 0..200 {
            retries.begin();
        }
        assert_eq!(granted(&retries), 20);
        tokio::time::advance(3 * MEMORY).await;
        assert_eq!(
            granted(&retries),
            10,
            "requests and rounds of long ago are forgotten"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn without_floor_and_requests_nothing_is_repeated() {
        let retries = retries(RetrySettings {
            budget_floor: 0,
            ..RetrySettings::default()
        });
        assert!(!retries.may_repeat());
        for _ in 0..9 {
            retries.begin();
        }
        assert!(!retries.may_repeat());
        retries.begin();
        assert!(retries.may_repeat());
        assert!(!retries.may_repeat());
    }

    fn header(text: &str) -> HeaderMap {
        let value = HeaderValue::from_bytes(text.as_bytes()).unwrap();
        HeaderMap::from_iter([(RETRY_AFTER, value)])
    }

    #[test]
    fn seconds_and_dates_are_understood() {
        let now = httpdate::parse_http_date("Fri, 27 Nov 2026 12:00:00 GMT").unwrap();
        for (text, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("Fri, 27 Nov 2026 12:01:30 GMT", Some(90)),
            ("Friday, 27-Nov-26 12:01:30 GMT", Some(90)),
            ("Thu, 26 Nov 2026 12:00:00 GMT", Some(0)),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
            ("99999999999999999999999", None),
            ("größer", None),
        ] {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(retry_after(&header(text), now), expected, "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    proptest! {
        #[test]
        fn any_date_is_read_as_it_was_written(seconds in 0u64..4_000_000_000, ahead in 0u64..1_000_000) {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            let then = httpdate::fmt_http_date(now + Duration::from_secs(ahead));
            prop_assert_eq!(retry_after(&header(&then), now), Some(Duration::from_secs(ahead)));
        }

        #[test]
        fn whatever_a_host_writes_is_survived(text in "[ -~]{0,40}") {
            retry_after(&header(&text), SystemTime::UNIX_EPOCH);
        }
    }
}
