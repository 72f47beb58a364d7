//! Tools that are built in.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::responder::Tool;

/// Tells the date and the time.
#[derive(Debug)]
pub(super) struct Time {
    clock: Clock,
}

impl Time {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock }
    }

    pub(super) fn declaration() -> Tool {
        Tool {
            name: "get_time".into(),
            description: "Tells the current date, time and day of the week.".into(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "time_zone": {
                        "type": "string",
                        "description": "IANA name such as Europe/Berlin; where the service is \
                                        if left out",
                    },
                },
            }),
            by_client: false,
        }
    }

    pub(super) fn run(&self, arguments: &Value) -> String {
        let mut now = self.clock.now();
        if let Some(name) = arguments["time_zone"].as_str() {
            match TimeZone::get(name) {
                Ok(zone) => now = now.with_time_zone(zone),
                Err(_) => return "Error: there is no such time zone.".into(),
            }
        }
        json!({
            "date": now.strftime("%Y-%m-%d").to_string(),
            "time": now.strftime("%H:%M").to_string(),
            "weekday": now.strftime("%A").to_string(),
            "time_zone": now.time_zone().iana_name(),
        })
        .to_string()
    }
}

/// A balance that is always the same, after a while: for demonstrations and load tests.
#[derive(Debug)]
pub(super) struct DemoBalance {
    delay: Duration,
}

impl DemoBalance {
    pub(super) fn new(delay: Duration) -> Self {
        Self { delay }
    }

    pub(super) fn declaration() -> Tool {
        Tool {
            name: "demo_balance".into(),
            description: "Looks up the balance of the user's account. A demonstration: the \
                          balance is made up."
                .into(),
            parameters: json!({"type": "object", "properties": {}}),
            by_client: false,
        }
    }

    pub(super) async fn run(&self) -> String {
        tokio::time::sleep(self.delay).await;
        json!({"balance": 1234.5, "currency": "EUR"}).to_string()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use tokio::time::Instant;

    use super::*;

    fn time() -> Time {
        let at = date(2026, 11, 28).at(23, 30, 0, 0).to_zoned(TimeZone::UTC);
        Time::new(Clock::stopped(at.unwrap()))
    }

    #[test]
    fn the_time_is_told_here_and_elsewhere() {
        let here: Value = serde_json::from_str(&time().run(&json!({}))).unwrap();
        assert_eq!(
            here,
            json!({
                "date": "2026-11-28", "time": "23:30", "weekday": "Saturday", "time_zone": "UTC",
            })
        );
        let unknown = time().run(&json!({"time_zone": "Atlantis/Centre"}));
        assert_eq!(unknown, "Error: there is no such time zone.");
        // Machines without a database of time zones know this one only.
        let utc = time().run(&json!({"time_zone": "UTC"}));
        assert!(utc.contains("23:30"), "{utc}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_demonstration_takes_as_long_as_was_set() {
        let begun = Instant::now();
        let result = DemoBalance::new(Duration::from_secs(3)).run().await;
        assert_eq!(begun.elapsed(), Duration::from_secs(3));
        assert_eq!(result, r#"{"balance":1234.5,"currency":"EUR"}"#);
    }
}
