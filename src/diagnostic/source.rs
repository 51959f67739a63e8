//! Source texts and places in them.

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
        self.list.push(Source { name: name.into(), text: text.into() });
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
        source.text = source.text.char_indices().map(blank).collect();
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
        let before = self.get(span.source).and_then(|source| source.text.get(..span.start as usize)).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }

    /// `name:line` of a place.
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        let name = self.get(span.source).map_or("", |source| source.name.as_str());
        format!("{name}:{}", self.line_column(span).0)
    }
}
