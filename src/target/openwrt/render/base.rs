//! The user's own UCI files, as sections with their places in the text (libuci's file.c).

use std::ops::Range;

use crate::router::File;

/// A section of the user's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub kind: String,
    /// Empty for a section without a name.
    pub name: String,
    /// How many sections of its kind stand before it.
    pub index: usize,
    pub options: Vec<(String, String)>,
    /// The line of `config`, from 1.
    pub line: usize,
    /// Its bytes, with the comment directly above it.
    pub span: Range<usize>,
}

impl Found {
    /// All values of an option or list, by words.
    pub fn values(&self, key: &str) -> Vec<&str> {
        let here = self.options.iter().filter(|(name, _)| name == key);
        here.flat_map(|(_, value)| value.split_ascii_whitespace()).collect()
    }

    /// Is it one that hedgerow wrote?
    pub fn is_own(&self) -> bool {
        self.name.starts_with("hedgerow_")
    }
}

/// The sections of a package of the user.
pub fn of(base: &[File], package: &str) -> Vec<Found> {
    base.iter().find(|file| file.name == package).map(|file| sections(&file.text)).unwrap_or_default()
}

/// The sections of a file.
pub fn sections(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    // Where the comment above the next section begins.
    let mut above = 0;
    let mut lines = text.split_inclusive('\n').enumerate();
    let mut at = 0;
    while let Some((number, line)) = lines.next() {
        let start = at;
        at += line.len();
        let mut words = Words::default();
        words.take(line);
        while words.quote.is_some() {
            let Some((_, more)) = lines.next() else { break };
            at += more.len();
            words.take(more);
        }
        let comment = line.trim_start().starts_with('#');
        let mut words = words.list.into_iter();
        match words.next().as_deref() {
            Some("config") => {
                let from = above;
                if let Some(last) = found.last_mut() {
                    last.span.end = from;
                }
                let kind = words.next().unwrap_or_default();
                let index = found.iter().filter(|earlier| earlier.kind == kind).count();
                let name = words.next().unwrap_or_default();
                let span = from..text.len();
                found.push(Found { kind, name, index, options: Vec::new(), line: number + 1, span });
            }
            Some("option" | "list") => {
                if let (Some(section), Some(key)) = (found.last_mut(), words.next()) {
                    section.options.push((key, words.next().unwrap_or_default()));
                }
            }
            _ => {}
        }
        if !comment || start < above {
            above = at;
        }
    }
    found
}

/// The words of a line, which a quote may carry over several lines.
#[derive(Default)]
struct Words {
    list: Vec<String>,
    quote: Option<char>,
    open: bool,
}

impl Words {
    fn take(&mut self, line: &str) {
        let mut letters = line.chars();
        while let Some(letter) = letters.next() {
            match (self.quote, letter) {
                (Some(quote), letter) if letter == quote => self.quote = None,
                (None, '\'' | '"') => {
                    self.quote = Some(letter);
                    self.push(None);
                }
                (Some('"') | None, '\\') => {
                    let next = letters.next();
                    self.push(next);
                }
                (None, '#') if !self.open => return,
                (None, letter) if letter.is_ascii_whitespace() => self.open = false,
                (_, letter) => self.push(Some(letter)),
            }
        }
        self.open &= self.quote.is_some();
    }

    fn push(&mut self, letter: Option<char>) {
        if !self.open {
            self.list.push(String::new());
            self.open = true;
        }
        if let Some(word) = self.list.last_mut() {
            word.extend(letter);
        }
    }
}
