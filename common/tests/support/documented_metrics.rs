//! `docs/METRICS.md` against what a service exports, for the tests of each service.

/// Asserts that a scrape, in which every metric has a series, names what the page lists without
/// the lines that only services other than this one (as the page writes it) export: those with
/// `ASR and TTS only:` before their meaning, and the like.
pub(crate) fn assert_documented(scrape: &str, service: &str) {
    let page = include_str!("../../../docs/METRICS.md");
    let mut documented: Vec<&str> = page
        .lines()
        .filter(|line| {
            let meaning = line
                .trim_end_matches([' ', '|'])
                .rsplit("| ")
                .next()
                .unwrap();
            let only = meaning.split_once(" only: ").map(|(services, _)| services);
            only.is_none_or(|it| it.split(" and ").any(|it| it == service))
        })
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
