//! Source texts and places in them.

use std::ops::Range;

/// Which source a place lies in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// A range of bytes in a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub source: SourceId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// From the start of this place to the end of another one of the same source.
    #[must_use]
    pub fn to(self, end: Self) -> Self {
        Self { end: end.end.max(self.end), ..self }
    }

    /// The empty place at the start of this one.
    #[must_use]
    pub const fn before(self) -> Self {
        Self { end: self.start, ..self }
    }

    /// The empty place at the end of this one.
    #[must_use]
    pub const fn after(self) -> Self {
        Self { start: self.end, ..self }
    }
}

/// One source text under the name that the user knows it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub name: String,
    pub text: String,
    /// Where each line begins.
    lines: Vec<u32>,
    /// Is each letter one byte?
    ascii: bool,
}

impl Source {
    fn new(name: String, text: String) -> Self {
        let breaks = text.bytes().zip(1..).filter(|(byte, _)| *byte == b'\n').map(|(_, next)| next);
        let lines = std::iter::once(0).chain(breaks).collect();
        let ascii = text.is_ascii();
        Self { name, text, lines, ascii }
    }

    /// The number of the line that holds a byte, from 0.
    fn line(&self, byte: usize) -> usize {
        self.lines.partition_point(|start| *start as usize <= byte).saturating_sub(1)
    }

    /// Where a line begins; the end of the text for those behind the last.
    fn start(&self, line: usize) -> usize {
        self.lines.get(line).map_or(self.text.len(), |start| *start as usize)
    }

    /// The lines that hold some bytes: the number of the first, from 1, and where in the text they are.
    #[must_use]
    pub fn around(&self, bytes: Range<usize>) -> (usize, Range<usize>) {
        let (mut first, last) = (self.line(bytes.start), self.line(bytes.end));
        if self.start(last) == self.text.len() && first == last {
            // Behind the last line there is nothing to show.
            first = first.saturating_sub(1);
        }
        (first + 1, self.start(first)..self.start(last + 1))
    }
}

/// All sources of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    list: Vec<Source>,
}

impl Sources {
    /// Adds a source and gives its handle.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.list.push(Source::new(name.into(), text.into()));
        id
    }

    /// Every source, in the order of reading.
    pub fn all(&self) -> impl Iterator<Item = &Source> {
        self.list.iter()
    }

    /// Blanks all of a source but some places, so that no message can show the rest. Lines and places stay.
    pub fn keep_only(&mut self, id: SourceId, places: &[Span]) {
        let Some(source) = self.list.get_mut(id.0 as usize) else { return };
        let kept = |byte: usize| places.iter().any(|place| (place.start as usize..place.end as usize).contains(&byte));
        let blank = |(byte, letter): (usize, char)| match letter {
            '\n' | '\r' => letter.to_string(),
            _ if kept(byte) => letter.to_string(),
            _ => " ".repeat(letter.len_utf8()),
        };
        let text = source.text.char_indices().map(blank).collect();
        *source = Source::new(std::mem::take(&mut source.name), text);
    }

    /// The source behind a handle.
    #[must_use]
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.list.get(id.0 as usize)
    }

    /// All sources with their handles.
    pub fn numbered(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        (0..).map(SourceId).zip(&self.list)
    }

    /// The text of a place; empty when the place lies in no source.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span.source).and_then(|source| source.text.get(span.start as usize..span.end as usize)).unwrap_or("")
    }

    /// Line and column of the start of a place, both from 1; columns count characters.
    #[must_use]
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let Some(source) = self.get(span.source) else { return (1, 1) };
        let line = source.line(span.start as usize);
        let before = source.text.get(source.start(line)..span.start as usize).unwrap_or("");
        (line + 1, 1 + if source.ascii { before.len() } else { before.chars().count() })
    }

    /// `name:line` of a place.
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        let source = self.get(span.source);
        let name = source.map_or("", |source| source.name.as_str());
        format!("{name}:{}", source.map_or(0, |source| source.line(span.start as usize)) + 1)
    }
}
