//! Changes of the source that mend a finding, and how they are applied.

use std::collections::BTreeMap;

use super::{Diagnostic, Source, SourceId, Sources, Span};

/// A change of one place: another text in its stead, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub replacement: String,
}

/// A mechanical change of the source that mends a finding. Its edits belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an order: "remove this rule".
    pub title: String,
    pub edits: Vec<Edit>,
    /// Does the policy mean the same afterwards? Only such a fix is applied unasked.
    pub safe: bool,
}

impl Fix {
    /// A change that has to be read before it is made: the policy may mean something else afterwards.
    #[must_use]
    pub fn offer(title: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        Self { title: title.into(), edits: vec![Edit { span, replacement: replacement.into() }], safe: false }
    }

    /// Takes a place out, after which the policy means the same.
    #[must_use]
    pub fn removal(title: impl Into<String>, span: Span) -> Self {
        Self { safe: true, ..Self::offer(title, span, "") }
    }
}

/// The sources with the safe fixes of some diagnostics in them, by source; those without a change are left out. Of two
/// fixes that touch the same text the first one is applied; the other is found again.
#[must_use]
pub fn apply_safe<'a>(
    sources: &Sources,
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
) -> BTreeMap<SourceId, String> {
    let mut edits: Vec<&Edit> = Vec::new();
    for fix in diagnostics.into_iter().filter_map(|found| found.fixes.iter().find(|fix| fix.safe)) {
        let meets = |edit: &Edit| edits.iter().any(|other| touches(edit.span, other.span));
        if !fix.edits.iter().any(meets) {
            edits.extend(&fix.edits);
        }
    }
    // From the end on, so that the places before stay where they are.
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    let mut changed: BTreeMap<SourceId, String> = BTreeMap::new();
    for edit in edits {
        let Some(Source { text, .. }) = sources.get(edit.span.source) else { continue };
        let text = changed.entry(edit.span.source).or_insert_with(|| text.clone());
        let range = edit.span.start as usize..edit.span.end as usize;
        if text.get(range.clone()).is_some() {
            text.replace_range(range, &edit.replacement);
        }
    }
    changed
}

fn touches(one: Span, other: Span) -> bool {
    let same = one == other;
    same || (one.source == other.source && one.start < other.end && other.start < one.end)
}
