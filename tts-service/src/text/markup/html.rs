//! Tags and entities of HTML, as far as chat models and pasted text have them.

/// What a tag is to the ear.
fn heard(name: &str, closing: bool) -> Option<&'static str> {
    Some(match name {
        "td" | "th" if closing => ", ",
        "a" | "abbr" | "b" | "big" | "cite" | "code" | "del" | "em" | "font" | "i" | "img"
        | "ins" | "kbd" | "label" | "mark" | "q" | "s" | "samp" | "small" | "span" | "strike"
        | "strong" | "sub" | "sup" | "td" | "th" | "u" | "var" | "wbr" => "",
        "br" | "tr" | "dt" | "dd" => "\n",
        "article" | "blockquote" | "body" | "center" | "details" | "div" | "dl" | "figcaption"
        | "figure" | "footer" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "header" | "hr"
        | "html" | "li" | "main" | "nav" | "ol" | "p" | "pre" | "section" | "summary" | "table"
        | "tbody" | "thead" | "ul" => "\n\n",
        _ => return None,
    })
}

/// The length of the tag at the start of `text`, in bytes, and what is spoken for it.
///
/// `None` where there is no tag, or one that HTML doesn't have: `Vec<T>` and SSML are text.
/// Reads no further than the next `<` or `>`, so that all tags of a text are read in linear time.
pub(super) fn tag(text: &str) -> Option<(usize, &'static str)> {
    let inside = text.strip_prefix('<')?;
    let (closing, inside) = match inside.strip_prefix('/') {
        Some(inside) => (true, inside),
        None => (false, inside),
    };
    let length = inside.bytes().take_while(u8::is_ascii_alphanumeric).count();
    if !(1..=10).contains(&length) {
        return None;
    }
    let spoken = heard(&inside[..length].to_ascii_lowercase(), closing)?;
    let end = inside
        .find(['<', '>'])
        .filter(|&end| inside.as_bytes()[end] == b'>')?;
    let attributes = inside[length..end].trim_end_matches('/').trim();
    (attributes.is_empty() || attributes.contains('='))
        .then_some((text.len() - inside.len() + end + 1, spoken))
}

/// The length of the entity at the start of `text`, in bytes, and the character it stands for.
pub(super) fn entity(text: &str) -> Option<(usize, char)> {
    let name = text.strip_prefix('&')?;
    // Names have ten bytes at most: no need to look for the end of others.
    let end = name.bytes().take(11).position(|byte| byte == b';')?;
    let name = &name[..end];
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" | "ensp" | "emsp" | "thinsp" => ' ',
        "shy" | "zwnj" | "zwj" => '\u{ad}',
        "ndash" => '–',
        "mdash" => '—',
        "minus" => '−',
        "hellip" => '…',
        "middot" => '·',
        "bull" => '•',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "laquo" => '«',
        "raquo" => '»',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        "deg" => '°',
        "euro" => '€',
        "pound" => '£',
        "yen" => '¥',
        "cent" => '¢',
        "sect" => '§',
        "para" => '¶',
        "times" => '×',
        "divide" => '÷',
        "plusmn" => '±',
        "frac12" => '½',
        "frac14" => '¼',
        "frac34" => '¾',
        "sup2" => '²',
        "sup3" => '³',
        "ne" => '≠',
        "le" => '≤',
        "ge" => '≥',
        "asymp" => '≈',
        "infin" => '∞',
        "rarr" => '→',
        "larr" => '←',
        "szlig" => 'ß',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((end + 2, character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_what_html_has() {
        for (text, read) in [
            ("<br>x", Some((4, "\n"))),
            ("<BR />", Some((6, "\n"))),
            ("</p>", Some((4, "\n\n"))),
            ("<a href=\"x\">", Some((12, ""))),
            ("</td>", Some((5, ", "))),
            ("<T>", None),
            ("<break time=\"1s\"/>", None),
            ("<b and c>", None),
            ("<b <b>", None),
            ("<b", None),
            ("< b>", None),
            ("<5>", None),
            ("<é>", None),
        ] {
            assert_eq!(tag(text), read, "{text:?}");
        }
    }

    #[test]
    fn an_entity_is_a_character() {
        for (text, read) in [
            ("&amp;x", Some((5, '&'))),
            ("&#39;", Some((5, '\''))),
            ("&#x1F600;", Some((9, '😀'))),
            ("&#xD800;", None),
            ("&#99999999;", None),
            ("& x;", None),
            ("&;", None),
            ("AT&T", None),
            ("&unknown;", None),
            ("&éééééééé;", None),
        ] {
            assert_eq!(entity(text), read, "{text:?}");
        }
    }
}
