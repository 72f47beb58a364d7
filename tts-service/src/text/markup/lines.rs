//! What a line is, by how it begins.

/// The highest number of an item; years and other numbers before a full stop are higher.
const MAX_NUMBER: usize = 199;

/// A line by its role, with what is spoken of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Blank,
    /// A line that is drawn.
    Rule,
    /// Opens a block of code.
    Fence(&'a str),
    Heading(&'a str),
    Item(Option<usize>, &'a str),
    Row(&'a str),
    /// Between the head of a table and its rows.
    Delimiter,
    Text(&'a str),
}

/// The numbers that stand before items anywhere in the text.
///
/// A number and a full stop also begin a sentence, or a date in German: one that has no
/// neighbour is no list.
pub(super) struct Numbers(Vec<u8>);

impl Numbers {
    /// Reads all lines.
    pub(super) fn of(text: &str) -> Self {
        let mut seen = vec![0u8; MAX_NUMBER + 2];
        for line in text.lines() {
            if let Some((number, _)) = numbered(unquoted(line)) {
                seen[number] = seen[number].saturating_add(1);
            }
        }
        Self(seen)
    }

    fn has_neighbour(&self, number: usize) -> bool {
        self.0[number] > 1 || self.0[number + 1] > 0 || number > 0 && self.0[number - 1] > 0
    }
}

/// Reads a line that is not in a block of code.
pub(super) fn read<'a>(line: &'a str, numbers: &Numbers, beside_rows: bool) -> Line<'a> {
    let line = unquoted(line);
    if line.is_empty() {
        return Line::Blank;
    }
    if is_delimiter(line) {
        return Line::Delimiter;
    }
    if is_rule(line) {
        return Line::Rule;
    }
    if let Some(fence) = fence(line) {
        return Line::Fence(fence);
    }
    if line.contains('|') && (beside_rows || line.starts_with('|') && line[1..].contains('|')) {
        return Line::Row(line);
    }
    if let Some(heading) = heading(line) {
        return Line::Heading(heading);
    }
    if let Some(text) = bulleted(line) {
        return match text {
            "" => Line::Blank,
            _ => Line::Item(None, text),
        };
    }
    match numbered(line) {
        Some((number, text)) if numbers.has_neighbour(number) => {
            Line::Item(Some(number), unchecked(text))
        }
        _ => Line::Text(line),
    }
}

/// Whether `line` is drawn between the head of a table and its rows.
pub(super) fn is_delimiter(line: &str) -> bool {
    line.contains('|')
        && line.contains("--")
        && line
            .bytes()
            .all(|byte| matches!(byte, b'|' | b'-' | b':' | b' ' | b'>'))
}

/// Whether `line` ends the block of code that `fence` began.
pub(super) fn closes(fence: &str, line: &str) -> bool {
    let line = unquoted(line);
    line.len() >= fence.len() && line.bytes().all(|byte| byte == fence.as_bytes()[0])
}

/// The cells of a row that are not empty.
pub(super) fn cells(row: &str) -> impl Iterator<Item = &str> {
    row.split('|')
        .map(|cell| cell.trim().trim_end_matches('\\'))
        .filter(|cell| !cell.is_empty())
}

fn unquoted(line: &str) -> &str {
    line.trim_start_matches(['>', ' ']).trim_end()
}

fn is_rule(line: &str) -> bool {
    let first = line.as_bytes()[0];
    matches!(first, b'-' | b'*' | b'_' | b'=')
        && line.bytes().all(|byte| byte == first || byte == b' ')
        && line.bytes().filter(|&byte| byte == first).count() >= 3
}

fn fence(line: &str) -> Option<&str> {
    let first = line
        .chars()
        .next()
        .filter(|first| matches!(first, '`' | '~'))?;
    let length = line.len() - line.trim_start_matches(first).len();
    let rest = &line[length..];
    // Code within a line may be marked by three as well.
    (length >= 3 && !rest.contains(first)).then(|| &line[..length])
}

fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    if !(1..=6).contains(&level) || !text.starts_with(' ') {
        return None;
    }
    let closed = text.trim_end_matches('#');
    Some(if closed.ends_with(' ') {
        closed.trim()
    } else {
        text.trim()
    })
}

fn bulleted(line: &str) -> Option<&str> {
    if let Some(text) = line.strip_prefix('•') {
        return Some(unchecked(text.trim_start()));
    }
    let text = line.strip_prefix(['-', '*', '+', '–', '—', '·'])?;
    if text.is_empty() {
        return Some("");
    }
    let text = text.strip_prefix(' ')?;
    (!line.starts_with('+') || !text.starts_with(|next: char| next.is_ascii_digit()))
        .then(|| unchecked(text))
}

/// Without the box of a task, done or not.
fn unchecked(text: &str) -> &str {
    ["[ ] ", "[x] ", "[X] "]
        .iter()
        .find_map(|task| text.strip_prefix(task))
        .unwrap_or(text)
}

fn numbered(line: &str) -> Option<(usize, &str)> {
    let text = line.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let digits = &line[..line.len() - text.len()];
    let text = text.strip_prefix(['.', ')'])?.strip_prefix(' ')?;
    let number = digits.parse().ok().filter(|&number| number <= MAX_NUMBER)?;
    Some((number, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Line<'_>> {
        let numbers = Numbers::of(text);
        text.lines()
            .map(|line| read(line, &numbers, false))
            .collect()
    }

    #[test]
    fn a_line_is_what_it_begins_with() {
        use Line::{Blank, Delimiter, Fence, Heading, Item, Row, Rule, Text};
        for (line, role) in [
            ("", Blank),
            ("> ", Blank),
            ("-", Blank),
            ("---", Rule),
            ("* * *", Rule),
            ("===", Rule),
            ("```rust", Fence("```")),
            ("~~~~", Fence("~~~~")),
            ("```code```", Text("```code```")),
            ("# One", Heading("One")),
            ("### C# and F# ##", Heading("C# and F#")),
            ("#hashtag", Text("#hashtag")),
            ("####### seven", Text("####### seven")),
            ("- item", Item(None, "item")),
            ("* item", Item(None, "item")),
            ("+ item", Item(None, "item")),
            ("• item", Item(None, "item")),
            ("•item", Item(None, "item")),
            ("— Привет", Item(None, "Привет")),
            ("- [x] done", Item(None, "done")),
            ("> > - quoted", Item(None, "quoted")),
            ("-5 degrees", Text("-5 degrees")),
            ("+ 5 more", Text("+ 5 more")),
            ("*args", Text("*args")),
            ("**Bold** text", Text("**Bold** text")),
            ("| a | b |", Row("| a | b |")),
            ("|---|:-:|", Delimiter),
            ("a | b", Text("a | b")),
            ("|x|", Row("|x|")),
            ("| x", Text("| x")),
            ("> quoted", Text("quoted")),
            ("3. Mai", Text("3. Mai")),
            ("2024. A year", Text("2024. A year")),
        ] {
            assert_eq!(
                lines(line),
                if line.is_empty() { vec![] } else { vec![role] },
                "{line:?}"
            );
        }
    }

    #[test]
    fn a_number_begins_an_item_where_it_has_a_neighbour() {
        use Line::{Item, Text};
        assert_eq!(
            lines("1. One\n2) Two\n7. Seven\n99999999999999999999. Big\n1999. Year\n2000. Year"),
            [
                Item(Some(1), "One"),
                Item(Some(2), "Two"),
                Text("7. Seven"),
                Text("99999999999999999999. Big"),
                Text("1999. Year"),
                Text("2000. Year"),
            ]
        );
        assert_eq!(
            lines("1. One\n1. Two"),
            [Item(Some(1), "One"), Item(Some(1), "Two")]
        );
    }
}
