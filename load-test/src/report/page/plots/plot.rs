//! A plot with its axes, title and legend.

use maud::{Markup, html};

use super::area::{self, BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH};
use super::axis::{Axis, Tick};

/// Units that a character takes at most, on a phone, where letters are largest.
const CHARACTER: f64 = 9.0;
/// Units between two labels at least.
const GAP: f64 = 6.0;

/// A plot.
#[derive(Debug, Clone)]
pub(crate) struct Plot {
    /// Tells it apart from the other plots of the same service.
    pub id: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// The same with the figures that it shows, for screen readers.
    pub description: String,
    /// What must be known to read it.
    pub note: Option<String>,
    /// The horizontal axis, and what it measures.
    pub x: (Axis, &'static str),
    /// The vertical axis, and what it measures.
    pub y: (Axis, &'static str),
    /// What is drawn, from below to above.
    pub layers: Vec<Layer>,
}

/// Marks that look the same.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    /// What they are, for the legend; nothing to be left out of it.
    pub name: &'static str,
    /// Their form.
    pub form: Form,
    /// The class that gives them their colour.
    pub class: &'static str,
    /// The marks, as path data.
    pub marks: String,
}

/// Forms of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Round.
    Dots,
    /// The same with corners.
    Squares,
    /// Two strokes each.
    Crosses,
    /// A line.
    Line,
    /// Filled.
    Bars,
    /// Filled, and the ground shows through.
    Band,
}

impl Form {
    fn class(self) -> &'static str {
        match self {
            Self::Dots => "dots",
            Self::Squares => "squares",
            Self::Crosses => "crosses",
            Self::Line => "line",
            Self::Bars => "bars",
            Self::Band => "band",
        }
    }

    /// One mark for the legend, and the width of its box, which is 12 high.
    fn sample(self) -> (u32, &'static str) {
        match self {
            Self::Dots | Self::Squares => (12, "M6 6h0"),
            Self::Crosses => (12, "M3 3l6 6m-6 0l6-6"),
            Self::Line => (20, "M0 6H20"),
            Self::Bars | Self::Band => (12, "M1 1H11V11H1z"),
        }
    }
}

impl Plot {
    /// As part of a page; `of` tells it apart from the same plot of another service.
    pub(crate) fn render(&self, of: &str) -> Markup {
        let (title_id, text_id) = (
            format!("{of}-{}-title", self.id),
            format!("{of}-{}-text", self.id),
        );
        let layers = || self.layers.iter().filter(|it| !it.marks.is_empty());
        html! {
            figure {
                h3 { (self.title) }
                ul.legend {
                    @for layer in layers().filter(|it| !it.name.is_empty()) {
                        @let (width, sample) = layer.form.sample();
                        li {
                            svg width=(width) height="12" viewBox={ "0 0 " (width) " 12" } aria-hidden="true" {
                                path class={ (layer.form.class()) " " (layer.class) } d=(sample) {}
                            }
                            (layer.name)
                        }
                    }
                }
                div.canvas {
                    svg.plot viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img"
                        aria-labelledby={ (title_id) " " (text_id) } {
                        title id=(title_id) { (self.title) }
                        desc id=(text_id) { (self.description) }
                        (self.axes())
                        @for layer in layers() {
                            path class={ (layer.form.class()) " " (layer.class) } d=(layer.marks) {}
                        }
                    }
                }
                p.note { @if let Some(note) = &self.note { (note) } }
            }
        }
    }

    fn axes(&self) -> Markup {
        let ((x, x_name), (y, y_name)) = (&self.x, &self.y);
        let lines = y.ticks.iter();
        let lines = lines.map(|it| format!("M{LEFT} {}H{RIGHT}", area::y(it.share)));
        let ticks = x.ticks.iter();
        let ticks = ticks.map(|it| format!("M{} {BOTTOM}v5", area::x(it.share)));
        let grid: String = lines.chain(ticks).collect();
        html! {
            path.grid d=(grid) {}
            g.labels {
                @for tick in &y.ticks {
                    text x=(LEFT - 6.0) y=(area::y(tick.share)) dy="0.35em" text-anchor="end" {
                        (tick.label)
                    }
                }
                @for (at, label) in placed(&x.ticks) {
                    text x=(at) y=(BOTTOM + 21.0) text-anchor="middle" { (label) }
                }
            }
            g.names {
                text x="2" y=(TOP - 18.0) { (y_name) }
                text x=(f64::midpoint(LEFT, RIGHT)) y=(HEIGHT - 6.0) text-anchor="middle" { (x_name) }
            }
        }
    }
}

/// The labels of a horizontal axis with the middle of each: moved in where one would be cut
/// off, left out where it would touch the one before.
fn placed(ticks: &[Tick]) -> Vec<(f64, &str)> {
    let mut placed = Vec::new();
    let mut taken = f64::NEG_INFINITY;
    for tick in ticks {
        let half = tick.label.chars().count() as f64 * CHARACTER / 2.0;
        let middle = area::x(tick.share).min(WIDTH - half);
        if middle - half >= taken {
            placed.push((middle, tick.label.as_str()));
            taken = middle + half + GAP;
        }
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tick(share: f64, label: &str) -> Tick {
        Tick {
            share,
            label: label.into(),
        }
    }

    #[test]
    fn labels_neither_touch_nor_leave_the_drawing() {
        let ticks = [
            tick(0.0, "p0"),
            tick(0.5, "p99.9"),
            tick(0.6, "p99.99"),
            tick(1.0, "p99.999"),
        ];
        let placed = placed(&ticks);
        let labels: Vec<_> = placed.iter().map(|it| it.1).collect();
        assert_eq!(labels, ["p0", "p99.9", "p99.999"]);
        let (middle, label) = placed[2];
        assert!(middle + label.len() as f64 * CHARACTER / 2.0 <= WIDTH);
    }
}
