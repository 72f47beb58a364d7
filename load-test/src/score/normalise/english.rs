//! The conventions of English.

use super::characters;
use super::contractions;
use super::numbers;
use super::spelling;
use super::tokens::{Gap, Kind, Token, tokens};

/// Sounds that transcripts leave out or not, as their authors like.
const FILLERS: [&str; 6] = ["hmm", "mhm", "mm", "mmm", "uh", "um"];

/// Reads folded text without remarks.
pub(super) fn words(text: &str) -> Vec<String> {
    let tokens = tokens(&characters::spaced(&characters::plain_latin(text)));
    let tokens = without_fillers(written_out(attached(tokens)));
    let tokens = numbers::in_digits(joined(tokens));
    tokens.into_iter().map(|it| it.text).collect()
}

/// Detached ends of contractions back where they belong: "it 's".
fn attached(tokens: Vec<Token>) -> Vec<Token> {
    let mut attached: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let is_end = token.gap == Gap::Plain && contractions::is_detached(&token.text);
        match attached
            .last_mut()
            .filter(|it| is_end && it.kind == Kind::Word)
        {
            Some(before) => before.text.push_str(&token.text),
            None => attached.push(token),
        }
    }
    attached
}

/// Contractions, titles and spellings, each in one form.
fn written_out(tokens: Vec<Token>) -> Vec<Token> {
    let mut written = Vec::with_capacity(tokens.len());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        if token.kind != Kind::Word {
            written.push(token);
            continue;
        }
        let next = tokens.peek().map(|it| it.text.as_str());
        let mut gap = token.gap;
        for word in contractions::expanded(&token.text, next) {
            let word = title(&word).map_or_else(|| spelling::american(word), str::to_string);
            written.push(Token::word(word, gap));
            gap = Gap::Plain;
        }
    }
    written
}

fn title(word: &str) -> Option<&'static str> {
    Some(match word {
        "mr" => "mister",
        "mrs" => "missus",
        "dr" => "doctor",
        "st" => "saint",
        "prof" => "professor",
        "capt" => "captain",
        "col" => "colonel",
        "gen" => "general",
        "gov" => "governor",
        "hon" => "honorable",
        "jr" => "junior",
        "lt" => "lieutenant",
        "pres" => "president",
        "rep" => "representative",
        "rev" => "reverend",
        "sen" => "senator",
        "sgt" => "sergeant",
        "sr" => "senior",
        _ => return None,
    })
}

/// Words that are written in two parts as often as in one: "a.m.", "per cent".
fn joined(tokens: Vec<Token>) -> Vec<Token> {
    let mut joined: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let whole = joined.last().and_then(|before| {
            let is_time = token.gap == Gap::Dot && before.gap != Gap::Dot;
            match (before.text.as_str(), token.text.as_str()) {
                ("a", "m") if is_time => Some("am"),
                ("p", "m") if is_time => Some("pm"),
                ("per", "cent") => Some("percent"),
                _ => None,
            }
        });
        match (whole, joined.last_mut()) {
            (Some(whole), Some(before)) => before.text = whole.into(),
            _ => joined.push(token),
        }
    }
    joined
}

fn without_fillers(tokens: Vec<Token>) -> Vec<Token> {
    let is_filler = |it: &Token| it.kind == Kind::Word && FILLERS.contains(&it.text.as_str());
    tokens.into_iter().filter(|it| !is_filler(it)).collect()
}
