//! Diagnostics for people, in the manner of rustc.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Severity, Sources, Span};

/// Renders diagnostics for a terminal.
pub struct Human<'a> {
    sources: &'a Sources,
    renderer: Renderer,
}

impl<'a> Human<'a> {
    /// A renderer with or without colour.
    #[must_use]
    pub fn new(sources: &'a Sources, colour: bool) -> Self {
        Self { sources, renderer: if colour { Renderer::styled() } else { Renderer::plain() } }
    }

    /// One diagnostic as text, without a final newline.
    #[must_use]
    pub fn render(&self, diagnostic: &Diagnostic) -> String {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let mut files = vec![diagnostic.primary.span.source];
        for label in &diagnostic.secondary {
            if !files.contains(&label.span.source) {
                files.push(label.span.source);
            }
        }
        let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()).id(diagnostic.code));
        for file in files {
            let Some(source) = self.sources.get(file) else { continue };
            let primary = (&diagnostic.primary, AnnotationKind::Primary);
            let labels = diagnostic.secondary.iter().map(|label| (label, AnnotationKind::Context));
            let places: Vec<_> = std::iter::once(primary)
                .chain(labels)
                .filter(|(label, _)| label.span.source == file)
                .map(|(label, kind)| (bytes(label.span, &source.text), kind, label_text(&label.text)))
                .collect();
            // Of a long file the renderer has to see no more than the lines that it shows.
            let from = places.iter().map(|(bytes, ..)| bytes.start).min().unwrap_or(0);
            let to = places.iter().map(|(bytes, ..)| bytes.end).max().unwrap_or(0);
            let (first, shown) = source.around(from..to);
            let start = shown.start;
            let text = source.text.get(shown).unwrap_or_default();
            let mut snippet = Snippet::source(text).line_start(first).path(source.name.as_str());
            for (bytes, kind, label) in places {
                snippet = snippet.annotation(kind.span(bytes.start - start..bytes.end - start).label(label));
            }
            group = group.element(snippet);
        }
        for note in &diagnostic.notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        for help in &diagnostic.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        for fix in diagnostic.fixes.iter().filter(|fix| fix.safe) {
            group = group.element(Level::HELP.message(format!("`hedgerow check --fix` can {}", fix.title)));
        }
        self.renderer.render(&[group])
    }
}

fn label_text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// The place as byte offsets, held within the text and on character boundaries, so that no place can make the renderer fail.
fn bytes(span: Span, text: &str) -> std::ops::Range<usize> {
    let start = floor(text, span.start as usize);
    let end = floor(text, span.end as usize).max(start);
    start..end
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
