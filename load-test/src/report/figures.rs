//! What the samples of a service's state come to.

use crate::report::document::ServerFigures;
use crate::watch::{ServerSample, Watched};

impl From<&Watched> for ServerFigures {
    fn from(watched: &Watched) -> Self {
        let rise = |name: &str| watched.rise(name, &[]);
        let by_label = |name: &str, label: &str| by_label(watched, name, label);
        let mean = |name: &str| {
            let count = rise(&format!("{name}_count"))?;
            let sum = rise(&format!("{name}_sum"))?;
            (count > 0.0).then(|| sum / count)
        };
        let most = |level: fn(&ServerSample) -> Option<f64>| {
            watched.samples.iter().filter_map(level).reduce(f64::max)
        };
        let last = watched.counters.as_ref().map(|(_, last)| last);
        // The first sample gives what ran before the run began.
        let during = watched.samples.get(1..).unwrap_or_default();
        Self {
            slots: last.and_then(|it| it.sum("voice_slots", &[])),
            in_flight_high_water: during
                .iter()
                .filter_map(|it| it.in_flight_high_water)
                .reduce(f64::max),
            queue_depth_max: most(|it| it.queue_depth),
            inferences: rise("voice_inference_seconds_count"),
            inference_seconds_mean: mean("voice_inference_seconds"),
            queue_wait_seconds_mean: mean("voice_queue_wait_seconds"),
            rejections: by_label("voice_rejections_total", "reason"),
            disconnected: watched.rise("voice_cancellations_total", &[("cause", "disconnected")]),
            model_loads: watched.rise("voice_model_loads_total", &[("outcome", "ok")]),
            cache: by_label("voice_cache_requests_total", "outcome"),
            memory_ratio_max: most(|it| it.memory_ratio),
            rss_bytes_last: watched.samples.last().and_then(|it| it.rss_bytes),
            rss_bytes_max: most(|it| it.rss_bytes),
            cpu_seconds: rise("process_cpu_seconds_total"),
            missed_scrapes: watched.missed,
            scrape_seconds_max: most(|it| Some(it.scrape_seconds)),
        }
    }
}

fn by_label(watched: &Watched, name: &str, label: &str) -> Vec<(String, f64)> {
    let Some((_, last)) = &watched.counters else {
        return Vec::new();
    };
    let values = last.values_of(name, label).into_iter();
    let rises = values.filter_map(|value| {
        let rise = watched.rise(name, &[(label, &value)])?;
        (rise > 0.0).then_some((value, rise))
    });
    rises.collect()
}
