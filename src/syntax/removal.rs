//! What has to go for a statement to go.

use crate::diagnostic::Span;

/// The text to take out with a statement: its lines, with the comment behind it; or, where another statement stands in
/// the same line, the statement alone. Comments above stay: they may be about what follows.
#[must_use]
pub fn removal(text: &str, statement: Span) -> Span {
    let (start, end) = (statement.start as usize, statement.end as usize);
    let (Some(before), Some(after)) = (text.get(..start), text.get(end..)) else { return statement };
    let head = before.rfind('\n').map_or(0, |at| at + 1);
    let rest = after.split('\n').next().unwrap_or(after);
    let alone = before.get(head..).is_some_and(|blank| blank.trim().is_empty());
    let tail = rest.trim_start_matches([' ', '\t', ';', '\r']);
    let at = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    if alone && (tail.is_empty() || tail.starts_with('#')) {
        let mut to = (end + rest.len() + 1).min(text.len());
        // One blank line of two.
        let blank_before = head == 0 || before.get(..head).is_some_and(|text| text.ends_with("\n\n"));
        if let (true, Some(next)) = (blank_before, text.get(to..))
            && next.starts_with('\n')
        {
            to += 1;
        }
        return Span { start: at(head), end: at(to), ..statement };
    }
    if !tail.is_empty() && !tail.starts_with('#') {
        // Another statement follows: up to it.
        return Span { end: at(end + rest.len() - tail.len()), ..statement };
    }
    // The last of its line: with the `;` before it.
    let kept = before.trim_end_matches([' ', '\t', ';']).len();
    Span { start: at(kept.max(head)), ..statement }
}
