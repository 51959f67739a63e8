//! What people write that the language has no meaning for: how much of the text is one mistake, and what to do instead.

/// What people write for `->`.
pub const WRONG_ARROWS: [&str; 12] = ["<=>", "==>", "-->", "<--", "=>", "<-", "->>", "~~>", "==", "--", "<~>", "<~"];

/// How long the unreadable thing at the start of the text is, and what to do about it.
pub fn mistake(text: &str, first: char) -> (usize, Option<&'static str>) {
    if text.starts_with("//") || text.starts_with("/*") {
        return (text.find('\n').unwrap_or(text.len()), Some("a comment starts with `#`"));
    }
    if let Some(wrong) = WRONG_ARROWS.iter().find(|wrong| text.starts_with(**wrong)) {
        return (
            wrong.len(),
            Some(if *wrong == "==" { "write a single `=`" } else { "the arrows are `->`, `<->` and `~>`" }),
        );
    }
    let while_true = |test: fn(char) -> bool| text.find(|character| !test(character)).unwrap_or(text.len());
    let same = text.find(|character| character != first).unwrap_or(text.len());
    match first {
        '\'' | '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' | '\u{201e}' => {
            (quoted(text), Some("write texts in straight double quotes: \"...\""))
        }
        '\u{2192}' | '\u{21d2}' | '\u{2190}' | '\u{2194}' | '>' | '<' | '~' => {
            (same, Some("the arrows are `->`, `<->` and `~>`"))
        }
        '-' | '\u{2013}' | '\u{2014}' => {
            let dashes = while_true(|character| matches!(character, '-' | '\u{2013}' | '\u{2014}'));
            let head = text
                .get(dashes..)
                .and_then(|rest| rest.find('>').filter(|at| rest.bytes().take(*at).all(|byte| byte == b' ')));
            (
                dashes + head.map_or(0, |at| at + 1),
                Some("an arrow is written `->`, and a range without spaces, as in 8000-8010"),
            )
        }
        '!' => (same, Some("leave something out with `except`, as in `pc except laptop`")),
        '*' => (same, Some("everybody is called `any`")),
        '&' | '|' | '+' => (same, Some("list several things with commas between them")),
        '(' | ')' | '[' | ']' => (bracketed(text), Some("lists need no brackets: put commas between the things")),
        '/' => (
            same,
            Some(
                "a prefix and a rate are written without spaces, as in 10.0.30.0/24 and 10/minute; a port follows its protocol with one, as in `tcp 80`",
            ),
        ),
        _ if first.is_alphabetic() => (
            while_true(|character| character.is_alphanumeric() || matches!(character, '_' | '-')),
            Some("names are written with the letters a to z, digits, `_` and `-`"),
        ),
        _ => (same, None),
    }
}

/// The length of a text in wrong quotes, or of the first quote when the line has no second one.
fn quoted(text: &str) -> usize {
    let quote = |character: char| {
        matches!(character, '\'' | '"' | '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' | '\u{201e}')
    };
    let mut characters = text.char_indices();
    let first = characters.next().map_or(0, |(_, character)| character.len_utf8());
    characters
        .take_while(|(_, character)| *character != '\n')
        .find(|(_, character)| quote(*character))
        .map_or(first, |(at, character)| at + character.len_utf8())
}

/// The length of what stands in brackets in one line, or of the first bracket.
fn bracketed(text: &str) -> usize {
    let line = text.lines().next().unwrap_or(text);
    let close = if text.starts_with('(') { ')' } else { ']' };
    line.find(close).map_or(1, |at| at + 1)
}

/// A text with its invisible characters made visible.
pub fn visible(text: &str) -> String {
    let show = |character: char| {
        if matches!(character, '\'' | '"' | '\\') {
            character.to_string()
        } else {
            character.escape_debug().to_string()
        }
    };
    text.chars().map(show).collect()
}
