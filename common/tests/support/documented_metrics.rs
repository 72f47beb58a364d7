//! `docs/METRICS.md` against what a service exports, for the tests of each service.

/// Asserts that a scrape, in which every metric has a series, names what the page lists without
/// the lines that only `other_service` (as the page writes it) exports.
pub(crate) fn assert_documented(scrape: &str, other_service: &str) {
    let only = format!("| {other_service} only:");
    let page = include_str!("../../../docs/METRICS.md");
    let mut documented: Vec<&str> = page
        .lines()
        .filter(|line| !line.contains(&only))
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|rest| rest.split('`').next().unwrap())
        .collect();
    documented.sort_unstable();

    let types = scrape.lines().filter_map(|it| it.strip_prefix("# TYPE "));
    let mut exported: Vec<String> = types
        .map(|line| {
            let (name, kind) = line.split_once(' ').unwrap();
            let suffix = if kind == "counter" { "_total" } else { "" };
            format!("{name}{suffix}")
        })
        .collect();
    exported.sort_unstable();
    assert_eq!(exported, documented);
}
