//! What the service was seen doing.

use super::area::{self, Point};
use super::axis::{Axis, Quantity};
use super::plot::{Form, Layer, Plot};
use super::thin;
use crate::report::document::ServiceReport;
use crate::report::page::amount;
use crate::watch::ServerSample;

/// Moments in seconds, and a value at each. Services say what they like: all are finite.
type Series = Vec<(f64, f64)>;

fn seen(report: &ServiceReport, level: fn(&ServerSample) -> Option<f64>) -> Series {
    let samples = report.samples.iter();
    let all = samples.filter_map(|it| Some((it.at_seconds, level(it)?)));
    all.filter(|(at, value)| at.is_finite() && value.is_finite() && *value >= 0.0)
        .collect()
}

fn most(series: &Series) -> f64 {
    series.iter().map(|it| it.1).fold(0.0, f64::max)
}

/// A line, with a band around it where it stands for more looks than could be drawn.
fn line(
    name: &'static str,
    class: &'static str,
    series: &Series,
    (x, y): (&Axis, &Axis),
) -> Vec<Layer> {
    let points = series.iter().map(|(at, value)| Point {
        x: x.share(*at),
        y: y.share(*value),
    });
    let thin::Line { line, band } = thin::line(points.collect());
    let line = Layer {
        name,
        form: Form::Line,
        class,
        marks: area::line(&line),
    };
    let band = band.map(|(low, high)| Layer {
        name: "",
        form: Form::Band,
        class,
        marks: area::band(&low, &high),
    });
    band.into_iter().chain([line]).collect()
}

/// What must be known of lines with bands.
fn note(layers: &[Layer]) -> Option<String> {
    let has_band = layers.iter().any(|it| it.form == Form::Band);
    has_band.then(|| "Line: mean of many looks; around it: the least to the most.".into())
}

const TIME: &str = "time since the beginning";

/// Requests that run and that wait.
pub(super) fn queue(report: &ServiceReport, run_seconds: f64) -> Option<Plot> {
    let running = seen(report, |it| it.in_flight);
    let waiting = seen(report, |it| it.queue_depth);
    if running.is_empty() && waiting.is_empty() {
        return None;
    }
    let slots = report.server.slots.filter(|it| it.is_finite() && *it > 0.0);
    let highest = most(&running).max(most(&waiting)).max(slots.unwrap_or(0.0));
    let (x, y) = (
        Axis::of_run(run_seconds),
        Axis::from_zero(Quantity::Count, highest),
    );
    let mut layers = line("waiting", "second", &waiting, (&x, &y));
    layers.extend(line("running", "first", &running, (&x, &y)));
    layers.push(Layer {
        name: "slots",
        form: Form::Line,
        class: "bound",
        marks: slots.map_or(String::new(), |it| area::steps(&[Some(y.share(it))])),
    });
    Some(Plot {
        id: "queue",
        title: "Running and waiting",
        description: format!(
            "Requests in the service: {} running and {} waiting at most when it was looked at, \
             {} slots.",
            amount::whole(most(&running)),
            amount::whole(most(&waiting)),
            slots.map_or("an unknown number of".into(), amount::whole)
        ),
        note: note(&layers).or_else(|| Some("Seen about once a second.".into())),
        x: (x, TIME),
        y: (y, "requests"),
        layers,
    })
}

/// Computing time is counted in hundredths of a second: of less time than this, nothing can be
/// told.
const SHORTEST_SECONDS: f64 = 0.25;

/// How many cores the process kept busy.
pub(super) fn cores(report: &ServiceReport, run_seconds: f64) -> Option<Plot> {
    let spent = seen(report, |it| it.cpu_seconds);
    let pairs = spent.windows(2);
    let busy: Series = pairs
        .filter_map(|pair| {
            let &[(from, before), (at, after)] = pair else {
                return None;
            };
            let cores = (after - before) / (at - from);
            let is_long_enough = at - from >= SHORTEST_SECONDS;
            // A service that was restarted begins at zero again.
            (is_long_enough && cores >= 0.0).then_some((at, cores))
        })
        .collect();
    if busy.is_empty() {
        return None;
    }
    let (x, y) = (
        Axis::of_run(run_seconds),
        Axis::from_zero(Quantity::Cores, most(&busy)),
    );
    let layers = line("busy cores", "first", &busy, (&x, &y));
    Some(Plot {
        id: "cores",
        title: "Computing",
        description: format!(
            "Processor cores that the service kept busy: {} at most.",
            amount::rate(most(&busy))
        ),
        note: note(&layers),
        layers,
        x: (x, TIME),
        y: (y, "processor cores"),
    })
}

/// What the process takes.
pub(super) fn process_memory(report: &ServiceReport, run_seconds: f64) -> Option<Plot> {
    let resident = seen(report, |it| it.rss_bytes);
    let (_, last) = *resident.last()?;
    let (x, y) = (
        Axis::of_run(run_seconds),
        Axis::from_zero(Quantity::Bytes, most(&resident)),
    );
    let layers = line("physical memory", "first", &resident, (&x, &y));
    Some(Plot {
        id: "memory",
        title: "Memory of the service",
        description: format!(
            "Physical memory of the process: {} at most, {} at the end.",
            amount::memory(most(&resident)),
            amount::memory(last)
        ),
        note: note(&layers),
        layers,
        x: (x, TIME),
        y: (y, "physical memory"),
    })
}

/// How full the box is, with everything that runs there.
pub(super) fn box_memory(report: &ServiceReport, run_seconds: f64) -> Option<Plot> {
    let main = seen(report, |it| it.memory_ratio);
    let gpu = seen(report, |it| it.vram_ratio);
    if main.is_empty() && gpu.is_empty() {
        return None;
    }
    let (x, y) = (Axis::of_run(run_seconds), Axis::of_shares());
    let mut layers = line("memory in use", "first", &main, (&x, &y));
    layers.extend(line("GPU memory in use", "second", &gpu, (&x, &y)));
    Some(Plot {
        id: "box",
        title: "Memory of the box",
        description: format!(
            "Share of the box's memory in use, as the service's guard sees it: {} at most.",
            amount::share(most(&main))
        ),
        note: note(&layers),
        layers,
        x: (x, TIME),
        y: (y, "in use"),
    })
}
