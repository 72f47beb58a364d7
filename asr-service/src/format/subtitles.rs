//! SRT, `WebVTT` and tab-separated values.

use std::fmt::Write as _;

use crate::engine::Segment;

/// `SubRip`: numbered, with a comma before the milliseconds.
pub(crate) fn srt(segments: &[Segment]) -> String {
    let mut text = String::new();
    for (number, segment) in segments.iter().enumerate() {
        let (start, end) = (timestamp(segment.start, ','), timestamp(segment.end, ','));
        let _ = write!(
            text,
            "{}\n{start} --> {end}\n{}\n\n",
            number + 1,
            cue(&segment.text)
        );
    }
    text
}

/// `WebVTT`.
pub(crate) fn vtt(segments: &[Segment]) -> String {
    let mut text = String::from("WEBVTT\n\n");
    for segment in segments {
        let (start, end) = (timestamp(segment.start, '.'), timestamp(segment.end, '.'));
        let _ = write!(text, "{start} --> {end}\n{}\n\n", cue(&segment.text));
    }
    text
}

/// Start and end in milliseconds, and the text, separated by tabs, under a heading.
pub(crate) fn tsv(segments: &[Segment]) -> String {
    let mut text = String::from("start\tend\ttext\n");
    for segment in segments {
        let (start, end) = (milliseconds(segment.start), milliseconds(segment.end));
        let _ = writeln!(
            text,
            "{start}\t{end}\t{}",
            segment.text.trim().replace('\t', " ")
        );
    }
    text
}

/// An arrow in the text would end the cue for a player.
fn cue(text: &str) -> String {
    text.trim().replace("-->", "->")
}

fn milliseconds(seconds: f64) -> u64 {
    (seconds.max(0.0) * 1000.0).round() as u64
}

fn timestamp(seconds: f64, separator: char) -> String {
    let millis = milliseconds(seconds);
    let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
    let (seconds, millis) = (millis / 1000 % 60, millis % 1000);
    format!("{hours:02}:{minutes:02}:{seconds:02}{separator}{millis:03}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments() -> Vec<Segment> {
        [
            (0.0, 2.5, " Hello --> there."),
            (3_661.007, 3_662.0, " Bye.\tNow"),
        ]
        .into_iter()
        .map(|(start, end, text)| Segment {
            start,
            end,
            text: text.into(),
            words: vec![],
            decoding: None,
        })
        .collect()
    }

    #[test]
    fn subtitles_follow_their_formats() {
        assert_eq!(
            srt(&segments()),
            "1\n00:00:00,000 --> 00:00:02,500\nHello -> there.\n\n\
             2\n01:01:01,007 --> 01:01:02,000\nBye.\tNow\n\n"
        );
        assert_eq!(
            vtt(&segments()),
            "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nHello -> there.\n\n\
             01:01:01.007 --> 01:01:02.000\nBye.\tNow\n\n"
        );
        assert_eq!(
            tsv(&segments()),
            "start\tend\ttext\n0\t2500\tHello --> there.\n3661007\t3662000\tBye. Now\n"
        );
    }

    #[test]
    fn silence_gives_a_valid_empty_file() {
        assert_eq!(
            (srt(&[]), vtt(&[])),
            (String::new(), "WEBVTT\n\n".to_string())
        );
    }
}
