//! Where things are drawn: shares of both axes to the units of the drawing, as path data.

use std::fmt::Write as _;

/// Units of the whole drawing. On the narrowest phones a unit is a little less than a pixel.
pub(super) const WIDTH: f64 = 400.0;
/// Likewise.
pub(super) const HEIGHT: f64 = 280.0;
/// The edges of the area between the axes; outside is room for labels.
pub(super) const LEFT: f64 = 72.0;
/// Likewise.
pub(super) const RIGHT: f64 = 388.0;
/// Likewise.
pub(super) const TOP: f64 = 34.0;
/// Likewise.
pub(super) const BOTTOM: f64 = 230.0;

/// Half the width of a cross.
const CROSS: f64 = 2.5;

/// A place between the axes, as shares of both: (0, 0) is at the bottom left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// Share of the horizontal axis.
    pub x: f64,
    /// Share of the vertical axis.
    pub y: f64,
}

/// Where a share of the horizontal axis is.
pub(super) fn x(share: f64) -> f64 {
    tenths(LEFT + share * (RIGHT - LEFT))
}

/// Where a share of the vertical axis is.
pub(super) fn y(share: f64) -> f64 {
    tenths(BOTTOM - share * (BOTTOM - TOP))
}

/// Tenths of a unit: more digits could not be seen and would make the page larger.
fn tenths(units: f64) -> f64 {
    (units * 10.0).round() / 10.0
}

/// A dot for each: a line without a length, which its ends make visible.
pub(super) fn dots(points: &[Point]) -> String {
    written(points, |d, point| {
        write!(d, "M{} {}h0", x(point.x), y(point.y))
    })
}

/// A cross for each.
pub(super) fn crosses(points: &[Point]) -> String {
    let (half, whole) = (CROSS, 2.0 * CROSS);
    written(points, |d, point| {
        let (x, y) = (tenths(x(point.x) - half), tenths(y(point.y) - half));
        write!(d, "M{x} {y}l{whole} {whole}m-{whole} 0l{whole}-{whole}")
    })
}

/// A line through all; through one, which could not be seen, from end to end.
pub(super) fn line(points: &[Point]) -> String {
    if let [Point { y, .. }] = points {
        return steps(&[Some(*y)]);
    }
    let mut is_first = true;
    written(points, |d, point| {
        let letter = if std::mem::take(&mut is_first) {
            'M'
        } else {
            'L'
        };
        write!(d, "{letter}{} {}", x(point.x), y(point.y))
    })
}

/// The ground between two lines, both from left to right.
pub(super) fn band(low: &[Point], high: &[Point]) -> String {
    let mut around = high.to_vec();
    around.extend(low.iter().rev());
    line(&around) + "z"
}

fn written(
    points: &[Point],
    mut write: impl FnMut(&mut String, Point) -> std::fmt::Result,
) -> String {
    let mut d = String::new();
    for point in points {
        write(&mut d, *point).expect("a string takes everything");
    }
    d
}

/// Levels that hold for equal parts of the horizontal axis; a gap where there is none.
pub(super) fn steps(levels: &[Option<f64>]) -> String {
    let mut d = String::new();
    let mut is_drawn = false;
    for (index, level) in levels.iter().enumerate() {
        let (from, to) = part(index, levels.len());
        if let Some(level) = level {
            let written = if is_drawn {
                write!(d, "V{}H{to}", y(*level))
            } else {
                write!(d, "M{from} {}H{to}", y(*level))
            };
            written.expect("a string takes everything");
        }
        is_drawn = level.is_some();
    }
    d
}

/// Bars on equal parts of the horizontal axis; none where there is nothing.
pub(super) fn bars(heights: &[f64]) -> String {
    let mut d = String::new();
    for (index, height) in heights.iter().enumerate().filter(|it| *it.1 > 0.0) {
        let (from, to) = part(index, heights.len());
        // The least bar can be seen.
        let top = y(*height).min(BOTTOM - 1.5);
        let (from, to) = (tenths(from + 0.7), tenths(to - 0.7));
        write!(d, "M{from} {BOTTOM}V{top}H{to}V{BOTTOM}z").expect("a string takes everything");
    }
    d
}

fn part(index: usize, count: usize) -> (f64, f64) {
    let edge = |it: usize| x(it as f64 / count as f64);
    (edge(index), edge(index + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawings_are_within_the_area() {
        let corners = [Point { x: 0.0, y: 0.0 }, Point { x: 1.0, y: 1.0 }];
        assert_eq!(dots(&corners), "M72 230h0M388 34h0");
        assert_eq!(line(&corners), "M72 230L388 34");
        assert_eq!(crosses(&corners[..1]), "M69.5 227.5l5 5m-5 0l5-5");
        assert_eq!(line(&corners[..1]), "M72 230H388");
        assert_eq!(line(&[]), "");
    }

    #[test]
    fn steps_have_gaps() {
        let levels = [Some(0.0), Some(1.0), None, Some(0.5)];
        assert_eq!(steps(&levels), "M72 230H151V34H230M309 132H388");
    }

    #[test]
    fn the_least_bar_can_be_seen() {
        assert_eq!(bars(&[0.0, 0.000_1]), "M230.7 230V228.5H387.3V230z");
    }
}
