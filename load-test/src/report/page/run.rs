//! How the run was made: what an operator needs to make it again.

use maud::{Markup, html};

use super::{amount, tables};
use crate::report::document::{Document, Generator, ServiceReport};

/// Where a service is and what runs there.
pub(super) fn identity(report: &ServiceReport) -> String {
    let version = report.version.as_deref().unwrap_or("unknown version");
    let model = report.model.as_deref().unwrap_or("unknown model");
    format!("{} · {version} · {model}", report.url)
}

/// A moment in RFC 3339, for people.
pub(super) fn moment(at: &str) -> String {
    at.replace('T', " ").replace('Z', " UTC")
}

/// Command, versions, times, and what it cost the generator.
pub(super) fn how_it_was_run(document: &Document) -> Markup {
    let mut facts = vec![
        ("Arrivals", document.arrivals.clone()),
        ("Began", moment(&document.began_at)),
        ("Took", amount::time(document.elapsed_seconds)),
        (
            "Tool",
            format!("voice-stack-load {}", document.tool_version),
        ),
    ];
    let services = document.services.iter();
    facts.extend(services.map(|it| (it.service.title(), identity(it))));
    facts.extend(of_generator(&document.generator));
    html! {
        section {
            h2 { "How it was run" }
            pre { code { (command(&document.command)) } }
            (tables::facts(&facts))
        }
    }
}

fn of_generator(generator: &Generator) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let (Some(seconds), Some(share)) = (generator.cpu_seconds, generator.share_of_a_core) {
        let share = amount::share(share);
        let seconds = amount::time(seconds);
        facts.push((
            "The tool’s own cost",
            format!("{seconds}, {share} of a core"),
        ));
    }
    if let Some(lag) = &generator.lag {
        let [p50, p99, max] = [lag.p50, lag.p99, lag.max].map(amount::time);
        facts.push((
            "Behind schedule",
            format!("p50 {p50}, p99 {p99}, {max} at most"),
        ));
    }
    facts
}

/// The command as a shell takes it.
pub(super) fn command(arguments: &[String]) -> String {
    let words = arguments.iter().map(|it| quoted(it));
    let words: Vec<_> = std::iter::once("voice-stack-load".into())
        .chain(words)
        .collect();
    words.join(" ")
}

fn quoted(argument: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "-_=./:,@%+".contains(it);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        argument.into()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_can_be_given_to_a_shell_again() {
        for (arguments, written) in [
            (vec![], "voice-stack-load"),
            (
                vec!["http", "--assert", "p95<2s"],
                "voice-stack-load http --assert 'p95<2s'",
            ),
            (
                vec!["--voice", "it's", "--asr-host", "http://box:8001/"],
                r"voice-stack-load --voice 'it'\''s' --asr-host http://box:8001/",
            ),
            (vec!["--voice", ""], "voice-stack-load --voice ''"),
        ] {
            let arguments: Vec<_> = arguments.into_iter().map(String::from).collect();
            assert_eq!(command(&arguments), written);
        }
    }
}
