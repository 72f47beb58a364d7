//! What a service says of itself at `/metrics`.

use crate::client::Client;

/// One reading of all metrics.
#[derive(Debug)]
pub struct Scrape(String);

impl Scrape {
    /// Reads them now.
    pub fn of(client: &Client) -> Self {
        Self(client.get("/metrics").text)
    }

    /// The sum of all series of this name that have all of these labels; 0 if there is none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.0
            .lines()
            .filter_map(|line| {
                let (series, value) = line.rsplit_once(' ')?;
                let (this, pairs) = series.split_once('{')?;
                let has =
                    |(key, value): &(&str, &str)| pairs.contains(&format!("{key}=\"{value}\""));
                (this == name && labels.iter().all(has)).then(|| value.parse::<f64>().ok())?
            })
            .sum()
    }
}
