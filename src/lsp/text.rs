//! Places as the protocol counts them: lines from 0, and UTF-16 code units in a line.

use lsp_types::{Position, Range};

use crate::diagnostic::Span;

/// A text and where its lines start.
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub fn new(text: &'t str) -> Self {
        let behind = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(behind).collect() }
    }

    /// The position of a byte; one inside a character counts as its start.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let units = self.text.get(start..offset).map_or(0, |before| before.encode_utf16().count());
        Position { line: narrow(line), character: narrow(units) }
    }

    /// The byte at a position. One behind the end of its line is the end of the line, as the protocol wants it.
    pub fn offset(&self, position: Position) -> usize {
        let line = position.line as usize;
        let Some(start) = self.starts.get(line).copied() else { return self.text.len() };
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        let text = self.text.get(start..end).unwrap_or("");
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let mut units = 0;
        for (at, character) in text.char_indices() {
            if units >= position.character as usize {
                return start + at;
            }
            units += character.len_utf16();
        }
        start + text.len()
    }

    /// The range of a place.
    pub fn range(&self, span: Span) -> Range {
        Range { start: self.position(span.start as usize), end: self.position(span.end as usize) }
    }

    /// The whole text.
    pub fn whole(&self) -> Range {
        Range { start: Position::default(), end: self.position(self.text.len()) }
    }
}

/// A number for the protocol, which has none above this.
pub fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_utf16_units() {
        let lines = Lines::new("# ü🏠x\r\nzone ö");
        let at = |line, character| Position { line, character };
        assert_eq!(lines.position(2), at(0, 2));
        assert_eq!(lines.position(4), at(0, 3), "ü is one unit and two bytes");
        assert_eq!(lines.position(8), at(0, 5), "the house is two units and four bytes");
        assert_eq!(lines.position(6), at(0, 3), "inside of a character is its start");
        assert_eq!(lines.offset(at(0, 5)), 8);
        assert_eq!(lines.offset(at(0, 99)), 9, "before the end of the line");
        assert_eq!(lines.offset(at(1, 5)), 16);
        assert_eq!(lines.offset(at(9, 0)), 18);
    }
}
