//! Growth of a service's memory, files and threads, and whether it is proven to be within bounds.

use serde::Serialize;

use crate::statistics::Interval;
use crate::statistics::slope::{Point, Proof, Slope, Trend};
use crate::watch::ServerSample;

const BYTES_PER_MEBIBYTE: f64 = 1_048_576.0;

/// How many times as long a soak is advised where one was too short. The interval of a slope
/// becomes narrower at least with the square root of the time, and mostly much faster.
const LONGER: f64 = 4.0;

/// What may grow by how much in an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::mode) struct Bounds {
    /// Physical memory.
    pub(in crate::mode) rss_mebibytes: f64,
    /// Open files and sockets.
    pub(in crate::mode) open_fds: f64,
    /// Threads.
    pub(in crate::mode) threads: f64,
    /// Share of the time at the start that is left out.
    pub(in crate::mode) warm_up_share: f64,
}

/// The bounds of a soak on whose command line there are none.
pub(in crate::mode) const USUAL: Bounds = Bounds {
    rss_mebibytes: 50.0,
    open_fds: 10.0,
    threads: 5.0,
    warm_up_share: 0.2,
};

/// Growth of one quantity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::mode) struct Growth {
    /// `rss_mebibytes`, `open_fds` or `threads`.
    pub(in crate::mode) quantity: &'static str,
    /// Its slope with its interval; `None` for too few readings.
    pub(in crate::mode) per_hour: Option<Interval>,
    /// What it may be.
    pub(in crate::mode) bound_per_hour: f64,
    /// Length of the time that the slope is from, without the warm-up.
    pub(in crate::mode) seconds: Option<f64>,
    /// Whether it keeps to the bound.
    pub(in crate::mode) verdict: Verdict,
    /// The same in words.
    pub(in crate::mode) sentence: String,
}

/// Whether growth keeps to its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::mode) enum Verdict {
    /// Proven to.
    Under,
    /// Proven not to.
    Over,
    /// It may or may not: the soak was too short.
    Undecided,
    /// There are too few readings for a slope.
    Unseen,
}

/// All that is looked at.
pub(in crate::mode) fn found(samples: &[ServerSample], bounds: Bounds) -> Vec<Growth> {
    let memory: fn(&ServerSample) -> Option<f64> = |it| Some(it.rss_bytes? / BYTES_PER_MEBIBYTE);
    let quantities = [
        (
            "rss_mebibytes",
            "memory",
            " MiB",
            memory,
            bounds.rss_mebibytes,
        ),
        (
            "open_fds",
            "open files",
            "",
            |it| it.open_fds,
            bounds.open_fds,
        ),
        ("threads", "threads", "", |it| it.threads, bounds.threads),
    ];
    let trend = Trend {
        warm_up_share: bounds.warm_up_share,
        ..Trend::default()
    };
    let growths = quantities.map(|(quantity, name, unit, level, bound)| {
        let readings = samples.iter().filter_map(|it| {
            Some(Point {
                seconds: it.at_seconds,
                value: level(it)?,
            })
        });
        let points: Vec<_> = readings.collect();
        let slope = trend.of(&points);
        let verdict = match slope.map(|it| it.against(bound)) {
            Some(Proof::Under) => Verdict::Under,
            Some(Proof::Over) => Verdict::Over,
            Some(Proof::Undecided) => Verdict::Undecided,
            None => Verdict::Unseen,
        };
        Growth {
            quantity,
            per_hour: slope.map(|it| it.per_hour),
            bound_per_hour: bound,
            seconds: slope.map(|it| it.seconds),
            verdict,
            sentence: format!("{name}: {}", in_words(slope, verdict, unit, bound, &points)),
        }
    });
    growths.into()
}

fn in_words(
    slope: Option<Slope>,
    verdict: Verdict,
    unit: &str,
    bound: f64,
    points: &[Point],
) -> String {
    let Some(Slope { per_hour, .. }) = slope else {
        return if points.is_empty() {
            "not proven: the service's metrics don't tell it".into()
        } else {
            format!(
                "not proven: {} readings are too few, soak longer",
                points.len()
            )
        };
    };
    let Interval {
        estimate,
        low,
        high,
    } = per_hour;
    let proof = match verdict {
        Verdict::Under => format!("proven under {bound}{unit}"),
        Verdict::Over => format!("proven over {bound}{unit}"),
        Verdict::Undecided | Verdict::Unseen => {
            let last = points.last().map_or(0.0, |it| it.seconds);
            let minutes = (last * LONGER / 60.0).ceil().max(1.0);
            format!(
                "not proven to be under {bound}{unit}: soak longer, such as --duration {:.0}",
                minutes * 60.0
            )
        }
    };
    format!("{estimate:+.1}{unit} ({low:+.1} to {high:+.1}{unit}), {proof}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        rss_mebibytes: 50.0,
        open_fds: 10.0,
        threads: 5.0,
        warm_up_share: 0.2,
    };

    /// A soak with a look a second: memory that jitters around a line, after it was loaded.
    fn soak(seconds: u32, mebibytes_per_hour: f64, jitter_mebibytes: f64) -> Vec<ServerSample> {
        let samples = (0..=seconds).map(|second| {
            let second = f64::from(second);
            // Two waves that don't fit into each other are jitter enough, and always the same.
            let jitter = (second * 12.989).sin() + (second * 78.233).sin();
            let is_warm = second > 0.1 * f64::from(seconds);
            let loaded = if is_warm { 800.0 } else { 200.0 };
            let mebibytes =
                loaded + mebibytes_per_hour * second / 3_600.0 + jitter_mebibytes * jitter;
            ServerSample {
                at_seconds: second,
                rss_bytes: Some(mebibytes * BYTES_PER_MEBIBYTE),
                open_fds: Some(40.0),
                threads: Some(18.0),
                ..ServerSample::default()
            }
        });
        samples.collect()
    }

    fn verdicts(samples: &[ServerSample]) -> Vec<Verdict> {
        found(samples, BOUNDS).iter().map(|it| it.verdict).collect()
    }

    #[test]
    fn what_stays_as_it_is_is_proven_to() {
        let growth = found(&soak(600, 0.0, 0.5), BOUNDS);
        for it in &growth {
            assert_eq!(it.verdict, Verdict::Under, "{}", it.sentence);
            assert!(it.sentence.contains("proven under"), "{}", it.sentence);
        }
        let names: Vec<_> = growth.iter().map(|it| it.quantity).collect();
        assert_eq!(names, ["rss_mebibytes", "open_fds", "threads"]);
    }

    #[test]
    fn a_leak_is_proven_and_the_model_that_was_loaded_before_is_none() {
        let growth = found(&soak(600, 120.0, 0.5), BOUNDS);
        assert_eq!(growth[0].verdict, Verdict::Over, "{}", growth[0].sentence);
        let slope = growth[0].per_hour.unwrap();
        assert!(slope.contains(120.0), "{slope:?}");
        assert!((growth[0].seconds.unwrap() - 480.0).abs() < 2.0);
        assert_eq!(growth[1].verdict, Verdict::Under);
    }

    #[test]
    fn a_short_soak_of_memory_that_jitters_proves_nothing() {
        let growth = found(&soak(60, 0.0, 20.0), BOUNDS);
        assert_eq!(growth[0].verdict, Verdict::Undecided);
        let advice = "soak longer, such as --duration 240";
        assert!(
            growth[0].sentence.ends_with(advice),
            "{}",
            growth[0].sentence
        );
    }

    #[test]
    fn a_handful_of_looks_is_too_few() {
        use Verdict::Unseen;
        assert_eq!(verdicts(&soak(8, 0.0, 0.0)), [Unseen; 3]);
    }

    #[test]
    fn what_the_service_does_not_tell_is_not_proven() {
        let mut samples = soak(600, 0.0, 0.5);
        for sample in &mut samples {
            sample.threads = None;
        }
        let growth = found(&samples, BOUNDS);
        assert_eq!(growth[2].verdict, Verdict::Unseen);
        assert!(growth[2].sentence.contains("metrics don't tell"));
    }
}
