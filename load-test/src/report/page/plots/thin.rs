//! Fewer points that look the same: a page must not grow with the run.
//!
//! The drawing is divided into columns. What stays of each doesn't depend on chance, and the
//! extremes stay.

use super::area::Point;

/// Columns in which dots are thinned out.
const COLUMNS: usize = 120;
/// Dots of a column.
const DOTS: usize = 16;
/// Columns in which a line is thinned out; about as many as there are units to draw on.
const LINE_COLUMNS: usize = 160;
/// The most points of a line that are drawn as they are.
const MOST_OF_A_LINE: usize = 2 * LINE_COLUMNS;

/// The most dots that stay.
pub(super) const MOST_DOTS: usize = COLUMNS * DOTS;

/// At most [`MOST_DOTS`] dots: of each column the lowest, the highest, and some between them
/// that lie evenly among the others.
pub(super) fn dots(points: Vec<Point>) -> Vec<Point> {
    if points.len() <= MOST_DOTS {
        return points;
    }
    let mut kept = Vec::with_capacity(MOST_DOTS);
    for mut column in columns(&points, COLUMNS) {
        if column.len() <= DOTS {
            kept.append(&mut column);
            continue;
        }
        column.sort_by(|one, other| one.y.total_cmp(&other.y));
        let last = column.len() - 1;
        kept.extend((0..DOTS).map(|it| column[it * last / (DOTS - 1)]));
    }
    kept
}

/// A line, and how far the points lie above and below it where they are too many to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// The points themselves, or the mean of each column.
    pub line: Vec<Point>,
    /// The lowest and the highest of each column, if the line is made of means.
    pub band: Option<(Vec<Point>, Vec<Point>)>,
}

/// A line through points that come from left to right.
pub(super) fn line(points: Vec<Point>) -> Line {
    if points.len() <= MOST_OF_A_LINE {
        return Line {
            line: points,
            band: None,
        };
    }
    let (mut line, mut low, mut high) = (Vec::new(), Vec::new(), Vec::new());
    for column in columns(&points, LINE_COLUMNS) {
        let heights = || column.iter().map(|it| it.y);
        let (Some(least), Some(most)) = (heights().reduce(f64::min), heights().reduce(f64::max))
        else {
            continue;
        };
        let count = column.len() as f64;
        let x = column.iter().map(|it| it.x).sum::<f64>() / count;
        line.push(Point {
            x,
            y: heights().sum::<f64>() / count,
        });
        low.push(Point { x, y: least });
        high.push(Point { x, y: most });
    }
    Line {
        line,
        band: Some((low, high)),
    }
}

fn columns(points: &[Point], count: usize) -> Vec<Vec<Point>> {
    let mut columns = vec![Vec::new(); count];
    for point in points {
        let column = (point.x * count as f64) as usize;
        columns[column.min(count - 1)].push(*point);
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Many points, with one far above and one far below.
    fn cloud(count: usize) -> Vec<Point> {
        let point = |it: usize| Point {
            x: it as f64 / count as f64,
            y: match it {
                _ if it == count / 3 => 1.0,
                _ if it == count / 2 => 0.0,
                _ => 0.4 + 0.2 * (it * 7919 % 1000) as f64 / 1000.0,
            },
        };
        (0..count).map(point).collect()
    }

    fn extremes(points: &[Point]) -> (f64, f64) {
        let heights = points.iter().map(|it| it.y);
        (
            heights.clone().fold(f64::INFINITY, f64::min),
            heights.fold(f64::NEG_INFINITY, f64::max),
        )
    }

    #[test]
    fn few_points_stay_as_they_are() {
        let points = cloud(300);
        assert_eq!(dots(points.clone()), points);
        let line = line(points.clone());
        assert_eq!(line.line, points);
        assert_eq!(line.band, None);
    }

    #[test]
    fn of_many_the_extremes_stay() {
        let points = cloud(100_000);
        let dots = dots(points.clone());
        assert!(dots.len() <= MOST_DOTS, "{}", dots.len());
        assert_eq!(extremes(&dots), (0.0, 1.0));
        let line = line(points);
        assert_eq!(line.line.len(), LINE_COLUMNS);
        let (low, high) = line.band.unwrap();
        assert_eq!((extremes(&low).0, extremes(&high).1), (0.0, 1.0));
    }

    #[test]
    fn the_same_points_stay_every_time() {
        let points = cloud(50_000);
        assert_eq!(dots(points.clone()), dots(points));
    }

    #[test]
    fn a_line_still_goes_from_left_to_right() {
        let line = line(cloud(50_000)).line;
        assert!(line.is_sorted_by(|one, other| one.x <= other.x));
    }
}
