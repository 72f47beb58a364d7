//! What a service says of itself at `/metrics`.

use std::time::Duration;

use reqwest::header::AUTHORIZATION;

use crate::target::Target;

/// One reading of all metrics.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scrape {
    series: Vec<Series>,
}

#[derive(Debug, Clone, PartialEq)]
struct Series {
    name: String,
    /// As they are written between the braces.
    labels: String,
    value: f64,
}

impl Scrape {
    /// Reads OpenMetrics or Prometheus text. Lines that are no series are passed over.
    pub fn parse(text: &str) -> Self {
        let series = text.lines().filter(|line| !line.starts_with('#'));
        Self {
            series: series.filter_map(series_of).collect(),
        }
    }

    /// The sum of all series of this name that have all of these labels; `None` if there is
    /// none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.series
            .iter()
            .filter(|it| it.name == name && labels.iter().all(|label| it.has(*label)))
            .map(|it| it.value)
            .reduce(|sum, value| sum + value)
    }

    /// The values of a label over all series of this name, each once.
    pub fn values_of(&self, name: &str, label: &str) -> Vec<String> {
        let mut values: Vec<String> = self
            .series
            .iter()
            .filter(|it| it.name == name)
            .filter_map(|it| it.value_of(label))
            .map(str::to_string)
            .collect();
        values.sort();
        values.dedup();
        values
    }
}

impl Series {
    fn has(&self, (label, value): (&str, &str)) -> bool {
        self.value_of(label) == Some(value)
    }

    /// The values that matter here hold no escaped quotes.
    fn value_of(&self, label: &str) -> Option<&str> {
        let mut rest = self.labels.as_str();
        while let Some((name, after)) = rest.split_once("=\"") {
            let (value, next) = after.split_once('"')?;
            if name.trim_start_matches(',').trim() == label {
                return Some(value);
            }
            rest = next;
        }
        None
    }
}

fn series_of(line: &str) -> Option<Series> {
    let (name, labels, rest) = if let Some((name, rest)) = line.split_once('{') {
        let (labels, rest) = rest.rsplit_once('}')?;
        (name, labels, rest)
    } else {
        let (name, rest) = line.split_once(' ')?;
        (name, "", rest)
    };
    Some(Series {
        name: name.trim().to_string(),
        labels: labels.to_string(),
        value: rest.split_whitespace().next()?.parse().ok()?,
    })
}

/// Asks a service for its metrics.
///
/// # Errors
/// It can't be reached, or answers with something else.
pub async fn scrape(
    http: &reqwest::Client,
    target: &Target,
    patience: Duration,
) -> reqwest::Result<Scrape> {
    let mut asked = http.get(target.at("/metrics")).timeout(patience);
    if let Some(key) = &target.key {
        asked = asked.header(AUTHORIZATION, format!("Bearer {key}"));
    }
    let answer = asked.send().await?.error_for_status()?;
    Ok(Scrape::parse(&answer.text().await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# HELP voice_requests Finished requests.\n\
# TYPE voice_requests counter\n\
voice_requests_total{service=\"asr\",endpoint=\"/v1/audio/{x}\",status=\"200\"} 5\n\
voice_requests_total{service=\"asr\",endpoint=\"/asr\",status=\"503\"} 2\n\
voice_slots{service=\"asr\"} 2\n\
up 1\n\
process_cpu_seconds_total{service=\"asr\"} 1.5e1 1700000000\n\
nonsense\n\
# EOF\n";

    #[test]
    fn series_add_up_over_the_labels_that_were_not_named() {
        let scrape = Scrape::parse(TEXT);
        let sum = |labels| scrape.sum("voice_requests_total", labels);
        assert_eq!(sum(&[]), Some(7.0));
        assert_eq!(sum(&[("status", "200")]), Some(5.0));
        assert_eq!(sum(&[("status", "200"), ("endpoint", "/asr")]), None);
        assert_eq!(sum(&[("endpoint", "/v1/audio/{x}")]), Some(5.0));
        assert_eq!(scrape.sum("process_cpu_seconds_total", &[]), Some(15.0));
        assert_eq!(scrape.sum("up", &[]), Some(1.0));
        assert_eq!(scrape.sum("voice_requests", &[]), None);
        assert_eq!(
            scrape.values_of("voice_requests_total", "status"),
            ["200", "503"]
        );
    }

    #[test]
    fn a_label_is_matched_as_a_whole() {
        let scrape = Scrape::parse("a{substatus=\"200\"} 1\na{status=\"2000\"} 1\n");
        assert_eq!(scrape.sum("a", &[("status", "200")]), None);
    }
}
