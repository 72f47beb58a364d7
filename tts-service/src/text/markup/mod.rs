//! Markdown and HTML as they come from chat models: what was written to be seen becomes what is
//! heard.
//!
//! Nothing that could be spoken is dropped but addresses behind links: code, too, was sent to be
//! read. Marks are taken for markup only where they are hardly anything else, so `2*3`,
//! `snake_case` and `**kwargs` stay as they are.
//!
//! | written | spoken |
//! |---|---|
//! | heading, item of a list, quotation | a paragraph of its own |
//! | `1.` or `1)` before an item, where a neighbour is numbered as well | `1:` |
//! | row of a table | its cells with a clause's pause between them |
//! | rule, line under a heading or between rows | nothing |
//! | emphasis, code, strike | the text without its marks |
//! | block of code | each line is a sentence, word for word |
//! | link or image | its text |
//! | bare address | without its `https://` |
//! | tags and entities of HTML | their structure and their characters; unknown tags stay |

mod emphasis;
mod html;
mod inline;
mod lines;

use self::lines::{Line, Numbers};
use super::characters::{self, is_unspaced, weight};
use super::pause::Pause;
use super::punctuation::{is_closer, is_pause, settle};

/// Lines shorter than this, in Latin letters, were not wrapped by a program.
const WRAPPED_LENGTH: usize = 40;

/// Text between two pauses that markup makes, in one line, its punctuation settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// Never empty.
    pub text: String,
    /// What ends with it.
    pub end: Pause,
}

/// The blocks of a text whose characters are clean.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let numbers = Numbers::of(text);
    let mut reader = Reader::default();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if reader.fence.is_some() {
            reader.code(line);
            continue;
        }
        let before_rows = lines.peek().is_some_and(|next| lines::is_delimiter(next));
        reader.line(lines::read(line, &numbers, reader.in_table || before_rows));
    }
    reader.end_paragraph(Pause::Paragraph);
    if let Some(last) = reader.blocks.last_mut() {
        last.end = Pause::Paragraph;
    }
    reader.blocks
}

#[derive(Default)]
struct Reader<'a> {
    blocks: Vec<Block>,
    /// What the lines of the open paragraph have made so far, markup included.
    paragraph: String,
    /// Length of its last line, in Latin letters.
    last_line: usize,
    /// It is a heading or an item, which is written without a full stop.
    titled: bool,
    in_table: bool,
    /// What opened the block of code.
    fence: Option<&'a str>,
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: Line<'a>) {
        let in_table = matches!(line, Line::Row(_) | Line::Delimiter);
        let was_in_table = std::mem::replace(&mut self.in_table, in_table);
        if was_in_table && !in_table {
            self.raise(Pause::Paragraph);
        }
        match line {
            Line::Text(text) => self.text(text),
            Line::Blank => self.end_paragraph(Pause::Paragraph),
            Line::Rule => {
                // Drawn under a heading.
                self.titled = true;
                self.end_paragraph(Pause::Paragraph);
            }
            Line::Delimiter => self.end_paragraph(Pause::Sentence),
            Line::Fence(fence) => {
                self.end_paragraph(Pause::Paragraph);
                self.fence = Some(fence);
            }
            Line::Heading(text) => {
                self.end_paragraph(Pause::Paragraph);
                self.open(text.into());
                self.end_paragraph(Pause::Paragraph);
            }
            Line::Item(number, text) => {
                self.end_paragraph(Pause::Paragraph);
                self.open(match number {
                    Some(number) => format!("{number}: {text}"),
                    None => text.into(),
                });
            }
            Line::Row(row) => {
                self.end_paragraph(if was_in_table {
                    Pause::Sentence
                } else {
                    Pause::Paragraph
                });
                let cells: Vec<&str> = lines::cells(row).collect();
                self.open(cells.join(", "));
                self.end_paragraph(Pause::Sentence);
            }
        }
    }

    fn open(&mut self, text: String) {
        self.last_line = text.chars().map(weight).sum();
        self.paragraph = text;
        self.titled = true;
    }

    /// A line of prose: it goes on from the one before, unless that was ended on purpose.
    fn text(&mut self, text: &str) {
        let broken = self.paragraph.ends_with('\\');
        if broken {
            self.paragraph.pop();
        }
        let short = self.last_line < WRAPPED_LENGTH && !text.starts_with(char::is_lowercase);
        if !self.paragraph.is_empty() && (broken || short || self.paragraph.ends_with(':')) {
            let clause = self.paragraph.ends_with([',', ';', '，', '、']);
            self.titled |= !clause;
            self.end_paragraph(if clause {
                Pause::Clause
            } else {
                Pause::Sentence
            });
        }
        if needs_blank(&self.paragraph, text) {
            self.paragraph.push(' ');
        }
        self.paragraph.push_str(text);
        self.last_line = text.chars().map(weight).sum();
    }

    fn code(&mut self, line: &str) {
        if lines::closes(self.fence.unwrap_or_default(), line) {
            self.fence = None;
            self.raise(Pause::Paragraph);
        } else {
            self.push(line, true, Pause::Sentence);
        }
    }

    fn end_paragraph(&mut self, end: Pause) {
        let paragraph = std::mem::take(&mut self.paragraph);
        let titled = std::mem::take(&mut self.titled);
        self.last_line = 0;
        if paragraph.is_empty() {
            if end == Pause::Paragraph {
                self.raise(end);
            }
            return;
        }
        let mut plain = inline::plain(&paragraph);
        if paragraph.contains('&') {
            // Entities stand for any character.
            plain = characters::clean(&plain);
        }
        // Tags break lines.
        let broken = plain.contains('\n');
        for part in plain.split('\n').map(str::trim) {
            if part.is_empty() {
                self.raise(Pause::Paragraph);
            } else {
                self.push(part, titled || broken, Pause::Sentence);
            }
        }
        if let Some(last) = self.blocks.last_mut() {
            last.end = end;
        }
    }

    fn push(&mut self, line: &str, titled: bool, end: Pause) {
        let mut text = settle(line);
        if titled
            && !text.trim_end_matches(is_closer).ends_with(is_pause)
            && text.contains(characters::is_spoken)
        {
            text.push('.');
        }
        if !text.is_empty() {
            self.blocks.push(Block { text, end });
        }
    }

    /// More ends with the last block than was seen when it ended.
    fn raise(&mut self, end: Pause) {
        if let Some(last) = self.blocks.last_mut() {
            last.end = end;
        }
    }
}

/// Whether there are two words where a wrapped line goes on in the next one.
fn needs_blank(before: &str, after: &str) -> bool {
    let mut last = before.chars().rev();
    match (last.next(), after.chars().next()) {
        (None, _) | (_, None) => false,
        (Some('-'), Some(_)) => !last.next().is_some_and(char::is_alphabetic),
        (Some(last), Some(next)) => !(is_unspaced(last) && is_unspaced(next)),
    }
}
