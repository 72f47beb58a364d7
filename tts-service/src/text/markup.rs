//! Markdown and HTML as language models write them: marks are left out, and what they mean
//! for speech, the pauses, stays.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A line that is at least so long, in characters, was wrapped; one that is shorter ended
/// because its author ended it.
const WRAPPED_LINE: usize = 50;

macro_rules! pattern {
    ($name:ident, $pattern:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("tests use every pattern"));
    };
}

pattern!(FENCE, r"^\s*(```|~~~)\s*[\w+#.-]*\s*$");
pattern!(RULE, r"^\s*([-*_=]\s*){3,}$");
pattern!(TABLE_RULE, r"^\s*\|?[\s:|-]*-[\s:|-]*\|[\s:|-]*$");
pattern!(HEADING, r"^\s*#{1,6}\s+(.*?)\s*#*\s*$");
pattern!(QUOTE, r"^\s*(>\s?)+");
pattern!(BULLET, r"^\s*[-*+•‣▪]\s+(?:\[[ xX]\]\s+)?");
pattern!(NUMBER, r"^\s*\d{1,3}[.)]\s+\S");
pattern!(
    IMAGE_OR_LINK,
    r"!?\[([^\[\]\n]{0,500})\]\((?:[^()\s]{0,2000})(?:\s+[^()\n]{0,200})?\)"
);
pattern!(
    TAG,
    r"(?i)</?(?:br|p|b|i|u|em|strong|code|pre|span|div|ul|ol|li|h[1-6]|hr|a|sub|sup|table|tr|td|th)(?:\s[^<>\n]{0,300})?/?>"
);
pattern!(
    ENTITY,
    r"(?i)&(amp|lt|gt|quot|apos|nbsp|#39|hellip|mdash|ndash);"
);
pattern!(STRONG, r"\*\*([^*\s](?:[^*\n]*[^*\s])?)\*\*");
pattern!(EMPHASIS, r"(^|[\s(\x22'‘“])\*([^*\s](?:[^*\n]*[^*\s])?)\*");
pattern!(
    UNDERLINED,
    r"(^|[\s(\x22'‘“])(_{1,2})([^_\s](?:[^_\n]*[^_\s])?)_{1,2}"
);
pattern!(STRUCK, r"~~([^~\s](?:[^~\n]*[^~\s])?)~~");
pattern!(
    ADDRESS,
    r"(?i)\bhttps?://(?:www\.)?([^\s<>\x22]*[^\s<>\x22.,;:!?)/])/?"
);

/// Runs of text with a paragraph's pause between them, on one line each.
pub(super) fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Blocks::default();
    for line in text.split('\n') {
        blocks.add(line);
    }
    blocks.end();
    blocks.done
}

#[derive(Default)]
struct Blocks {
    done: Vec<String>,
    open: String,
    /// The last line of the open block ended where its author ended it.
    last_was_short: bool,
}

impl Blocks {
    fn add(&mut self, line: &str) {
        let line = QUOTE.replace(line, "");
        if line.trim().is_empty() || FENCE.is_match(&line) || RULE.is_match(&line) {
            self.end();
        } else if TABLE_RULE.is_match(&line) {
            // What stands above it was its head, a row like the others.
        } else if let Some(heading) = HEADING.captures(&line) {
            self.add_alone(&heading[1]);
        } else if is_row(&line) {
            let cells = line.split('|').map(str::trim).filter(|it| !it.is_empty());
            self.add_alone(&cells.collect::<Vec<_>>().join(", "));
        } else if let Some(bullet) = BULLET.find(&line) {
            self.end();
            self.go_on(&line[bullet.end()..]);
        } else {
            if NUMBER.is_match(&line) || self.last_was_short {
                self.end();
            }
            self.go_on(&line);
        }
    }

    fn add_alone(&mut self, text: &str) {
        self.end();
        self.go_on(text);
        self.end();
    }

    fn go_on(&mut self, line: &str) {
        let line = line.trim();
        if !self.open.is_empty() {
            self.open.push(' ');
        }
        self.open.push_str(line);
        self.last_was_short = line.chars().nth(WRAPPED_LINE).is_none();
    }

    fn end(&mut self) {
        let block = inline(&std::mem::take(&mut self.open));
        self.last_was_short = false;
        let block = block.split_whitespace().collect::<Vec<_>>().join(" ");
        if !block.is_empty() {
            self.done.push(block);
        }
    }
}

fn is_row(line: &str) -> bool {
    let line = line.trim();
    line.len() > 1 && line.starts_with('|') && line.ends_with('|')
}

/// Without the marks inside of a line. Carefully: `2*3`, `snake_case` and `a < b` are text.
fn inline(block: &str) -> String {
    let mut text = Cow::Borrowed(block);
    let mut replace = |pattern: &Regex, with: &dyn Fn(&Captures<'_>) -> String| {
        if let Cow::Owned(replaced) = pattern.replace_all(&text, with) {
            text = Cow::Owned(replaced);
        }
    };
    replace(&IMAGE_OR_LINK, &|it| it[1].to_string());
    replace(&TAG, &|_| " ".into());
    replace(&STRONG, &|it| it[1].to_string());
    replace(&EMPHASIS, &|it| format!("{}{}", &it[1], &it[2]));
    replace(&UNDERLINED, &|it| format!("{}{}", &it[1], &it[3]));
    replace(&STRUCK, &|it| it[1].to_string());
    replace(&ENTITY, &|it| entity(&it[1]).to_string());
    replace(&ADDRESS, &|it| it[1].to_string());
    text.replace('`', "")
}

fn entity(name: &str) -> &'static str {
    match name.to_ascii_lowercase().as_str() {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" | "#39" => "'",
        "hellip" => "…",
        "mdash" => "—",
        "ndash" => "–",
        _ => " ",
    }
}
