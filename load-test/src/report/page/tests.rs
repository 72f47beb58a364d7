use quick_xml::Reader;
use quick_xml::events::Event;

use super::testing::{document, objective};
use super::*;

/// The texts of a page, of its attributes too. Panics if it is not well-formed.
fn texts(page: &str) -> Vec<String> {
    let mut reader = Reader::from_str(page);
    reader.config_mut().check_end_names = true;
    reader.config_mut().check_comments = true;
    let mut texts = Vec::new();
    let mut open = 0;
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Eof => break,
            Event::Text(text) => texts.push(text.decode().unwrap().into_owned()),
            Event::Start(tag) => {
                open += 1;
                texts.extend(attributes(&tag));
            }
            Event::Empty(tag) => texts.extend(attributes(&tag)),
            Event::End(_) => open -= 1,
            _ => {}
        }
    }
    assert_eq!(open, 0, "all that was opened was closed");
    texts
}

fn attributes(tag: &quick_xml::events::BytesStart) -> Vec<String> {
    let all = tag.attributes().map(|it| it.expect("well-formed").value);
    all.map(|it| String::from_utf8(it.into_owned()).unwrap())
        .collect()
}

/// The page is well-formed, and no number in it is none.
pub(super) fn assert_sound(page: &str) {
    for text in texts(page) {
        let words = text.split(|it: char| !it.is_ascii_alphabetic());
        for word in words {
            assert!(!["NaN", "NaNs", "inf", "infs"].contains(&word), "{text}");
        }
    }
}

#[test]
fn a_run_makes_a_sound_page_with_all_its_plots() {
    let page = render(&document(500, 60));
    assert_sound(&page);
    for service in ["asr", "tts"] {
        for plot in [
            "latency",
            "percentiles",
            "throughput",
            "histogram",
            "queue",
            "cores",
            "memory",
            "box",
        ] {
            let id = format!("id=\"{service}-{plot}-title\"");
            assert_eq!(page.matches(&id).count(), 1, "{id}");
        }
    }
}

#[test]
fn every_plot_says_what_it_shows_to_those_who_do_not_see_it() {
    let page = render(&document(500, 60));
    let plots = page.matches("<svg class=\"plot\"").count();
    assert_eq!(page.matches("role=\"img\"").count(), plots);
    assert_eq!(page.matches("<desc id=").count(), plots);
    assert!(page.contains("500 requests over"));
    assert!(page.contains(": 490 served, 5 rejected, 5 failed."));
}

#[test]
fn the_page_needs_nothing_else_and_runs_nothing() {
    let page = render(&document(500, 60));
    for outside in [
        "<script", "<link", "<img", "src=", "href=", "url(", "@import",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn an_empty_run_gives_a_page_too() {
    let mut without_services = document(0, 0);
    without_services.services.clear();
    for empty in [
        document(0, 0),
        document(0, 3),
        document(1, 0),
        without_services,
    ] {
        assert_sound(&render(&empty));
    }
    let page = render(&document(0, 0));
    assert!(!page.contains("<figure"));
    assert!(page.contains("No request ended"));
}

#[test]
fn what_was_not_proven_is_the_first_line() {
    use crate::finding::{Finding, Verdict};
    for (verdict, headline) in [
        (Verdict::Proven, "All 1 promises proven"),
        (Verdict::NotProven, "1 of 1 promises not proven"),
        (Verdict::Broken, "1 of 1 promises not proven"),
    ] {
        let mut document = document(50, 20);
        document.findings = vec![Finding {
            service: crate::service::Service::Tts,
            check: "threads".into(),
            promise: "threads grow by less than 5 an hour".into(),
            verdict,
            seen: "threads: +7 an hour".into(),
        }];
        let page = render(&document);
        assert_sound(&page);
        assert!(page.contains(headline), "{headline}");
        assert!(page.contains("+7 an hour"));
    }
}

#[test]
fn what_others_say_is_text() {
    const NASTY: &str = "<script>alert(\"&\")</script>\u{1b}[31m\u{0}";
    let mut document = document(1, 1);
    document.command = vec![NASTY.into()];
    document.arrivals = NASTY.into();
    document.began_at = NASTY.into();
    document.tool_version = NASTY.into();
    for service in &mut document.services {
        service.url = NASTY.into();
        service.version = Some(NASTY.into());
        service.model = Some(NASTY.into());
        service.server.rejections = vec![(NASTY.into(), 1.0)];
        service.client.errors = vec![crate::summary::ErrorGroup {
            count: 1,
            message: NASTY.into(),
            is_rejection: false,
        }];
    }
    document.objectives = vec![objective("p95<2s", false)];
    document.objectives[0].sentence = NASTY.into();
    let page = render(&document);
    assert_sound(&page);
    assert!(!page.contains("<script"));
    assert!(page.contains("&lt;script&gt;"));
    assert!(!page.contains(['\u{1b}', '\u{0}']));
}

#[test]
fn numbers_that_are_none_are_not_drawn() {
    let mut document = document(50, 20);
    for service in &mut document.services {
        for (index, sample) in service.samples.iter_mut().enumerate() {
            let nothing = [f64::NAN, f64::INFINITY, -1.0][index % 3];
            sample.in_flight = Some(nothing);
            sample.rss_bytes = Some(nothing);
            sample.memory_ratio = Some(nothing);
            sample.cpu_seconds = Some(nothing);
        }
        service.server.slots = Some(f64::NAN);
        service.server.rss_bytes_max = Some(f64::INFINITY);
        service.server.inference_seconds_mean = Some(f64::NAN);
    }
    assert_sound(&render(&document));
}

#[test]
fn a_page_does_not_grow_with_the_run() {
    let page = render(&document(100_000, 86_400));
    assert_sound(&page);
    assert!(page.len() < 600_000, "{} bytes", page.len());
    assert!(page.contains("of 100,000 requests"));
}

#[test]
fn the_flag_writes_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let document = document(10, 3);
    let files = crate::report::Files {
        html: Some(folder.path().join("report.html")),
        ..crate::report::Files::default()
    };
    crate::report::write(&document, &files).unwrap();
    let written = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert_eq!(written, render(&document));
}

#[test]
fn the_same_run_gives_the_same_page() {
    assert_eq!(render(&document(5000, 60)), render(&document(5000, 60)));
}

#[test]
fn the_worst_comes_first() {
    let run = |is_bottleneck, objectives: &[(&str, bool)], is_stopped| {
        let mut document = document(1, 1);
        document.generator.is_bottleneck = is_bottleneck;
        document.is_stopped = is_stopped;
        let objectives = objectives.iter();
        document.objectives = objectives
            .map(|(text, held)| objective(text, *held))
            .collect();
        Verdict::of(&document)
    };
    let (held, broken) = (("p50<2s", true), ("p95<2s", false));
    for (verdict, headline) in [
        (run(false, &[], false), "No objective was set"),
        (run(false, &[held], false), "The objective held"),
        (run(false, &[held, held], false), "All 2 objectives held"),
        (run(false, &[held], true), "Stopped early"),
        (
            run(false, &[held, broken], true),
            "1 of 2 objectives not held",
        ),
        (
            run(true, &[broken], true),
            "The generator was the bottleneck: these figures don’t count",
        ),
    ] {
        assert_eq!(verdict.headline, headline);
    }
    let remarks = run(false, &[held, broken], true).remarks;
    assert_eq!(remarks.len(), 2, "{remarks:?}");
    assert!(remarks[0].starts_with("p95<2s not held"));
}
