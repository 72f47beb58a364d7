//! Where sentences and clauses end, as far as marks tell.

/// Their period ends no sentence. In lower case.
const ABBREVIATIONS: &[&str] = &[
    "abs", "approx", "apr", "art", "aug", "ave", "bd", "bspw", "bzw", "ca", "cf", "co", "corp",
    "dec", "dept", "dr", "ed", "eig", "e.g", "etc", "evtl", "fam", "feb", "fig", "fr", "gen",
    "ggf", "gov", "hr", "i.e", "inc", "inkl", "jan", "jr", "jul", "jun", "lt", "ltd", "mar", "max",
    "min", "mio", "mme", "mr", "mrd", "mrs", "ms", "mt", "nov", "nr", "no", "oct", "p.s", "prof",
    "rd", "rev", "sep", "sept", "sgt", "sr", "sra", "srta", "st", "str", "tel", "u.a", "u.s",
    "usw", "vgl", "vol", "vs", "z.b", "zzgl",
];

/// Where a text may be cut, behind the mark.
#[derive(Default)]
pub(super) struct Ends {
    pub(super) sentence: Option<usize>,
    pub(super) first_clause: Option<usize>,
    pub(super) last_clause: Option<usize>,
}

impl Ends {
    pub(super) fn of(text: &str) -> Self {
        let mut ends = Self::default();
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let kind = Mark::of(c);
            if kind == Mark::None {
                continue;
            }
            let mut end = at + c.len_utf8();
            while let Some((next_at, next)) = chars.next_if(|(_, it)| is_closing(*it)) {
                end = next_at + next.len_utf8();
            }
            // Whether "3." goes on with a 5 is only seen when more has come.
            let is_free = chars.peek().is_some_and(|(_, next)| next.is_whitespace());
            let stands = match kind {
                Mark::WideSentence | Mark::WideClause | Mark::Line => true,
                _ => is_free,
            };
            if !stands || (c == '.' && is_abbreviation(&text[..at])) {
                continue;
            }
            match kind {
                Mark::Sentence | Mark::WideSentence | Mark::Line => {
                    if text[..end].contains(char::is_alphanumeric) || kind == Mark::Line {
                        ends.sentence = Some(end);
                        return ends;
                    }
                }
                Mark::Clause | Mark::WideClause => {
                    ends.last_clause = Some(end);
                    let is_wide = kind == Mark::WideClause;
                    if is_wide || text[..end].split_whitespace().nth(1).is_some() {
                        ends.first_clause.get_or_insert(end);
                    }
                }
                Mark::None => {}
            }
        }
        ends
    }
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Mark {
    None,
    Sentence,
    Clause,
    /// As wide as a letter: no space follows.
    WideSentence,
    WideClause,
    Line,
}

impl Mark {
    fn of(c: char) -> Self {
        match c {
            '.' | '!' | '?' | '…' | '।' | '؟' | '۔' => Self::Sentence,
            ',' | ';' | ':' | '—' | '–' | '،' | '؛' => Self::Clause,
            '。' | '！' | '？' => Self::WideSentence,
            '，' | '、' | '；' | '：' => Self::WideClause,
            '\n' => Self::Line,
            _ => Self::None,
        }
    }
}

fn is_closing(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '”'
            | '’'
            | '»'
            | '«'
            | '“'
            | ')'
            | ']'
            | '*'
            | '_'
            | '.'
            | '!'
            | '?'
            | '」'
            | '』'
    )
}

/// Whether a period behind this text is part of its last word: `Dr`, `J`, `e.g`, and the number of
/// a list or a day, `3`.
fn is_abbreviation(text: &str) -> bool {
    let word = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
    let mut chars = word.chars();
    let is_initial =
        chars.next().is_some_and(char::is_uppercase) && chars.next().is_none() && word != "I";
    let is_short_number =
        word.len() <= 2 && !word.is_empty() && word.bytes().all(|it| it.is_ascii_digit());
    is_initial || is_short_number || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}
