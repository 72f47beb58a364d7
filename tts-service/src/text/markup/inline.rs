//! Marks within a paragraph: found in one pass, taken out in a second.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::emphasis::Emphasis;
use super::html;

/// The text of a paragraph without its marks. Where a tag breaks the line there is `\n`.
pub(super) fn plain(text: &str) -> String {
    let mut scan = Scan::new(text);
    while scan.at < text.len() {
        scan.step();
    }
    scan.finish()
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// Bytes that go, and what comes in their place.
    edits: Vec<(Range<usize>, Cow<'static, str>)>,
    emphasis: Emphasis,
    /// Starts of the open brackets, with the `!` of an image.
    brackets: Vec<Range<usize>>,
    /// Ends of the pairs of parentheses, by their starts.
    parentheses: HashMap<usize, usize>,
    /// Starts of the runs of backticks by their length, the next one last.
    backticks: HashMap<usize, Vec<usize>>,
    /// No comment ends from here on.
    no_comment_ends: bool,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            edits: Vec::new(),
            emphasis: Emphasis::default(),
            brackets: Vec::new(),
            parentheses: if text.contains("](") {
                pairs(text)
            } else {
                HashMap::new()
            },
            backticks: backticks(text),
            no_comment_ends: false,
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn before(&self) -> Option<char> {
        self.text[..self.at].chars().next_back()
    }

    fn run(&self, mark: u8) -> usize {
        self.rest().bytes().take_while(|&byte| byte == mark).count()
    }

    fn replace(&mut self, bytes: Range<usize>, spoken: impl Into<Cow<'static, str>>) {
        self.edits.push((bytes, spoken.into()));
    }

    /// Replaces what is next, and goes on behind it.
    fn take(&mut self, length: usize, spoken: impl Into<Cow<'static, str>>) {
        self.replace(self.at..self.at + length, spoken);
        self.at += length;
    }

    fn step(&mut self) {
        match self.text.as_bytes()[self.at] {
            b'\\' => self.escape(),
            b'`' => self.code(),
            mark @ (b'*' | b'_' | b'~') => self.mark(mark),
            b'!' if self.rest().starts_with("![") => {
                self.brackets.push(self.at..self.at + 2);
                self.at += 2;
            }
            b'[' => self.bracket(),
            b']' => self.link(),
            b'<' => self.angle(),
            b'&' => match html::entity(self.rest()) {
                Some((length, character)) => self.take(length, character.to_string()),
                None => self.at += 1,
            },
            b'h' | b'H' => self.address(),
            _ => self.at += self.rest().chars().next().map_or(1, char::len_utf8),
        }
    }

    /// A backslash before what would be a mark.
    fn escape(&mut self) {
        match self.text.as_bytes().get(self.at + 1) {
            Some(next) if b"\\`*_{}[]()#+-.!|~<>$&".contains(next) => {
                self.take(1, "");
                self.at += 1;
            }
            _ => self.at += 1,
        }
    }

    /// Code is spoken word for word; no backtick is heard, unless it was typed for an apostrophe.
    fn code(&mut self) {
        let length = self.run(b'`');
        let content = self.at + length;
        let letter = |side: Option<char>| side.is_some_and(char::is_alphabetic);
        let after = self.text[content..].chars().next();
        if length == 1 && letter(self.before()) && letter(after) {
            return self.take(length, "'");
        }
        let starts = self.backticks.get_mut(&length);
        let close = starts.and_then(|starts| {
            while starts.last().is_some_and(|&start| start < content) {
                starts.pop();
            }
            starts.last().copied()
        });
        self.take(length, "");
        if let Some(close) = close {
            self.at = close;
            self.take(length, "");
        }
    }

    fn mark(&mut self, mark: u8) {
        let length = self.run(mark);
        let sides = (self.before(), self.text[self.at + length..].chars().next());
        let edits = &mut self.edits;
        self.emphasis
            .see(mark, self.at, length, sides, &mut |bytes| {
                edits.push((bytes, Cow::Borrowed("")));
            });
        self.at += length;
    }

    /// The start of a link, or a mark of a footnote.
    fn bracket(&mut self) {
        if self.rest().starts_with("[^") {
            let end = self
                .rest()
                .bytes()
                .take(34)
                .position(|byte| byte == b']' || byte == b' ');
            if let Some(end) = end.filter(|&end| self.rest().as_bytes()[end] == b']') {
                self.take(end + 1, "");
                return;
            }
        }
        self.brackets.push(self.at..self.at + 1);
        self.at += 1;
    }

    /// The end of a link's text: its address is not spoken.
    fn link(&mut self) {
        let open = self.brackets.pop();
        let close = self.parentheses.get(&(self.at + 1)).copied();
        if let (Some(open), Some(close)) = (open, close)
            && is_address(&self.text[self.at + 2..close])
        {
            self.replace(open, "");
            self.take(close + 1 - self.at, "");
        } else {
            self.at += 1;
        }
    }

    fn angle(&mut self) {
        if self.rest().starts_with("<!--") && !self.no_comment_ends {
            match self.rest().find("-->") {
                Some(end) => return self.take(end + 3, ""),
                None => self.no_comment_ends = true,
            }
        }
        match html::tag(self.rest()) {
            Some((length, spoken)) => self.take(length, spoken),
            None => self.at += 1,
        }
    }

    /// An address is spoken without its scheme, and has no marks in it.
    fn address(&mut self) {
        let rest = self.rest();
        let scheme = ["https://", "http://"].into_iter().find(|scheme| {
            rest.as_bytes()
                .get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
        });
        match scheme {
            Some(scheme) if !self.before().is_some_and(char::is_alphanumeric) => {
                self.take(scheme.len(), "");
                self.at += self
                    .rest()
                    .bytes()
                    .take_while(|&byte| {
                        byte.is_ascii_graphic() && !b"<>()[]*\"'`|&\\".contains(&byte)
                    })
                    .count();
            }
            _ => self.at += 1,
        }
    }

    fn finish(mut self) -> String {
        self.edits.sort_by_key(|(bytes, _)| bytes.start);
        let mut out = String::with_capacity(self.text.len());
        let mut done = 0;
        for (bytes, spoken) in self.edits {
            debug_assert!(bytes.start >= done, "edits don't overlap");
            out.push_str(&self.text[done..bytes.start]);
            out.push_str(&spoken);
            done = bytes.end;
        }
        out.push_str(&self.text[done..]);
        out
    }
}

/// Whether the parentheses behind a bracket hold an address, and not arguments or a remark.
fn is_address(target: &str) -> bool {
    let target = target.trim();
    let (address, title) = target.split_once(' ').unwrap_or((target, ""));
    (address.is_empty() || address.contains(['/', '.', '#', ':', '@']))
        && (title.is_empty() || title.starts_with(['"', '\'', '(']))
}

fn pairs(text: &str) -> HashMap<usize, usize> {
    let mut open = Vec::new();
    let mut pairs = HashMap::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => open.push(at),
            b')' => {
                if let Some(start) = open.pop() {
                    pairs.insert(start, at);
                }
            }
            _ => {}
        }
    }
    pairs
}

fn backticks(text: &str) -> HashMap<usize, Vec<usize>> {
    let mut starts: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut end = text.len();
    while let Some(last) = text[..end].rfind('`') {
        let start = text[..last].trim_end_matches('`').len();
        starts.entry(last + 1 - start).or_default().push(start);
        end = start;
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_out_where_they_are_marks() {
        for (text, spoken) in [
            // Emphasis.
            (
                "**bold** and *italic* and ***both***",
                "bold and italic and both",
            ),
            ("__bold__ and _italic_, ~~gone~~.", "bold and italic, gone."),
            ("***a** b* and **a *b***", "a b and a b"),
            ("(*really*) \"**so**\"", "(really) \"so\""),
            ("这是**重点**内容", "这是重点内容"),
            // No emphasis.
            ("2*3*4 and 2**3**4, a*b", "2*3*4 and 2**3**4, a*b"),
            ("2 * 3 * 4", "2 * 3 * 4"),
            ("snake_case_name and a_b, _x", "snake_case_name and a_b, _x"),
            (
                "f(*args, **kwargs) and **kwargs",
                "f(*args, **kwargs) and **kwargs",
            ),
            ("*.rs and *.toml", "*.rs and *.toml"),
            ("~5 km to ~6 km", "~5 km to ~6 km"),
            ("f*** this *", "f*** this *"),
            // Code.
            ("`a_b` and ``x ` y`` and `*p*`", "a_b and x ` y and *p*"),
            ("don`t `open", "don't open"),
            ("the `<br>` tag", "the <br> tag"),
            // Links.
            (
                "[text](https://a.b/c_(d)) and ![pic](x.png \"title\")",
                "text and pic",
            ),
            ("[**bold**](#there), [a [b] c](/d)", "bold, a [b] c"),
            (
                "[1] and a[0](x) and [x] (y.z)",
                "[1] and a[0](x) and [x] (y.z)",
            ),
            ("fact[^1] and [^ no]", "fact and [^ no]"),
            ("[[ hɛloʊ ]]", "[[ hɛloʊ ]]"),
            // Addresses.
            (
                "See https://a.b/c_d_e*, HTTP://x.y.",
                "See a.b/c_d_e*, x.y.",
            ),
            ("<https://a.b>", "<a.b>"),
            ("**https://a.b**", "a.b"),
            // HTML.
            (
                "a<br>b <b>c</b> &lt;d&gt; &amp; <!-- e -->f",
                "a\nb c <d> & f",
            ),
            ("<p>One</p><p>Two</p>", "\n\nOne\n\n\n\nTwo\n\n"),
            (
                "H<sub>2</sub>O, Vec<T>, 1 < 2 > 0, <!-- open",
                "H2O, Vec<T>, 1 < 2 > 0, <!-- open",
            ),
            // Escapes.
            ("\\*not\\* \\[x\\] C:\\dir \\\\", "*not* [x] C:\\dir \\"),
        ] {
            assert_eq!(plain(text), spoken, "{text:?}");
        }
    }
}
