//! What a service says of itself at `/metrics`.

use voice_stack_load::watch::scrape;

use crate::client::Client;

/// One reading of all metrics.
#[derive(Debug)]
pub struct Scrape(scrape::Scrape);

impl Scrape {
    /// Reads them now.
    pub fn of(client: &Client) -> Self {
        Self(scrape::Scrape::parse(&client.get("/metrics").text))
    }

    /// The sum of all series of this name that have all of these labels; 0 if there is none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.0.sum(name, labels).unwrap_or(0.0)
    }
}
