use super::*;

fn labels(axis: &Axis) -> String {
    let labels: Vec<&str> = axis.ticks.iter().map(|it| it.label.as_str()).collect();
    labels.join(", ")
}

#[test]
fn the_unit_is_the_one_that_keeps_numbers_short() {
    for (quantity, most, expected) in [
        (
            Quantity::Latency,
            0.000_4,
            "0 µs, 100 µs, 200 µs, 300 µs, 400 µs",
        ),
        (
            Quantity::Latency,
            0.31,
            "0 ms, 100 ms, 200 ms, 300 ms, 400 ms",
        ),
        (
            Quantity::Latency,
            2.4,
            "0 s, 0.5 s, 1.0 s, 1.5 s, 2.0 s, 2.5 s",
        ),
        (Quantity::Bytes, 3e8, "0 MiB, 100 MiB, 200 MiB, 300 MiB"),
        (
            Quantity::Bytes,
            2.1e9,
            "0 GiB, 0.5 GiB, 1.0 GiB, 1.5 GiB, 2.0 GiB",
        ),
        (Quantity::Count, 2.0, "0, 1, 2"),
        (Quantity::Count, 25_000.0, "0k, 5k, 10k, 15k, 20k, 25k"),
        (Quantity::PerSecond, 0.7, "0/s, 0.2/s, 0.4/s, 0.6/s, 0.8/s"),
        (Quantity::Cores, 0.0, "0, 0.2, 0.4, 0.6, 0.8, 1.0"),
    ] {
        let axis = Axis::from_zero(quantity, most);
        assert_eq!(labels(&axis), expected, "{quantity:?} {most}");
    }
}

#[test]
fn a_run_ends_where_it_ends() {
    for (seconds, expected) in [
        (7.0, "0 s, 2 s, 4 s, 6 s"),
        (60.0, "0 s, 20 s, 40 s, 60 s"),
        (600.0, "0 min, 2 min, 4 min, 6 min, 8 min, 10 min"),
        (86_400.0, "0 h, 5 h, 10 h, 15 h, 20 h"),
    ] {
        let axis = Axis::of_run(seconds);
        assert_eq!(labels(&axis), expected, "{seconds}");
        assert!((axis.share(seconds) - 1.0).abs() < 1e-9);
    }
}

#[test]
fn a_long_tail_makes_the_axis_logarithmic() {
    let near = Axis::of_latencies(&[0.1, 0.2, 0.3]);
    assert!(!near.is_logarithmic());
    let far = Axis::of_latencies(&[0.02, 0.2, 0.2, 30.0]);
    assert!(far.is_logarithmic());
    assert_eq!(labels(&far), "10 ms, 100 ms, 1 s, 10 s, 100 s");
    assert!((far.share(1.0) - 0.5).abs() < 1e-9);
    assert!(labels(&Axis::of_latencies(&[])).starts_with("0 µs"));
}

#[test]
fn the_tail_of_percentiles_gets_the_room() {
    let axis = Axis::of_percentiles(1000);
    assert_eq!(labels(&axis), "p50, p90, p99, p99.9");
    let room = axis.share(0.999) - axis.share(0.99);
    assert!((room - (axis.share(0.99) - axis.share(0.9))).abs() < 1e-9);
    assert!((axis.share(1.0) - 1.0).abs() < 1e-9, "the axis ends");
}
