//! What is shipped for Prometheus and Grafana, tried with a real Prometheus that watches real
//! services under real requests.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used)] // in tests, helpers included

mod dashboard;
mod prometheus;
mod promql;
mod rules;
mod shipped;
mod traffic;
mod watched;
