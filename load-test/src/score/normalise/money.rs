//! Amounts of money.

use super::tokens::{Kind, Token};

/// Amounts in one form: "1 dollar and 5 cents" is "1.05 dollars".
pub(super) fn in_one_unit(tokens: Vec<Token>) -> Vec<Token> {
    let mut amounts: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let is_counted = amounts.last().is_some_and(|it| it.kind == Kind::Number);
        match plural(&token.text).filter(|_| is_counted) {
            Some(unit) => {
                amounts.push(Token::word(unit, token.gap));
                join_cents(&mut amounts);
            }
            None => amounts.push(token),
        }
    }
    amounts
}

fn plural(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "dollar" | "dollars" => "dollars",
        "pound" | "pounds" => "pounds",
        "euro" | "euros" => "euros",
        "rupee" | "rupees" => "rupees",
        "cent" | "cents" => "cents",
        "penny" | "pence" => "pence",
        _ => return None,
    })
}

/// Whether the end is an amount in two units; then it becomes one.
fn join_cents(amounts: &mut Vec<Token>) {
    let (whole, cents, len) = match amounts.as_slice() {
        [.., whole, unit, and, cents, small] if and.is_word("and") && is_part(unit, small) => {
            (whole, cents, 5)
        }
        [.., whole, unit, cents, small] if is_part(unit, small) => (whole, cents, 4),
        _ => return,
    };
    let is_whole = |it: &Token| it.kind == Kind::Number && !it.text.contains('.');
    if !is_whole(whole) || !is_whole(cents) || cents.text.len() > 2 {
        return;
    }
    let amount = format!("{}.{:0>2}", whole.text, cents.text);
    let start = amounts.len() - len;
    amounts[start].text = amount;
    amounts.truncate(start + 2);
}

fn is_part(unit: &Token, small: &Token) -> bool {
    matches!(
        (unit.text.as_str(), small.text.as_str()),
        ("dollars" | "euros", "cents") | ("pounds", "pence")
    )
}
