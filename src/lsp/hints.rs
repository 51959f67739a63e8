//! The addresses and ports behind names, shown between the words.

use lsp_types::{InlayHint, InlayHintKind, InlayHintLabel, InlayHintTooltip, Range};

use super::{policy::Policy, text::Lines, words};
use crate::{
    diagnostic::{SourceId, Span},
    model::{Meaning, Symbol},
    syntax::tree::StatementKind,
};

/// A hint is no wider than this.
const WIDTH: usize = 32;

pub fn hints(policy: &Policy, source: SourceId, range: Range) -> Vec<InlayHint> {
    let lines = Lines::new(policy.text(source));
    let parsed = policy.parse(source);
    let flows: Vec<Span> = parsed
        .file
        .statements
        .iter()
        .filter(|statement| {
            matches!(
                statement.kind,
                StatementKind::Rule(_)
                    | StatementKind::Expose(_)
                    | StatementKind::Redirect(_)
                    | StatementKind::Assertion(_)
                    | StatementKind::Exposed(_)
            )
        })
        .map(|statement| statement.span)
        .collect();
    let mut found = Vec::new();
    for (span, symbol) in policy.index.uses_in(source) {
        let flow = flows.partition_point(|flow| flow.start <= span.start);
        let inside = flow.checked_sub(1).and_then(|at| flows.get(at)).is_some_and(|flow| span.start < flow.end);
        let end = lines.position(span.end as usize);
        if !inside || end.line < range.start.line || end.line > range.end.line {
            continue;
        }
        let Some((label, all)) = label(symbol, policy) else { continue };
        found.push(InlayHint {
            position: end,
            label: InlayHintLabel::String(label),
            kind: Some(InlayHintKind::TYPE),
            text_edits: None,
            tooltip: Some(InlayHintTooltip::String(all)),
            padding_left: Some(true),
            padding_right: None,
            data: None,
        });
    }
    found
}

/// The hint for a name, and all of what it stands for.
fn label(symbol: &Symbol, policy: &Policy) -> Option<(String, String)> {
    let network = &policy.network;
    let parts = match &symbol.meaning {
        Meaning::Zone(id) => network.zones.get(id.0).filter(|zone| !zone.is_internet()).map(words::networks)?,
        Meaning::Host(id) => network.hosts.get(id.0).map(words::addresses)?,
        Meaning::Group(Some(regions)) => regions.iter().flat_map(|region| words::ranges(&region.addresses)).collect(),
        Meaning::Ranges(Some(set)) => words::ranges(set),
        Meaning::Service(Some(service)) => service.traffic.iter().map(ToString::to_string).collect(),
        _ => return None,
    };
    let (first, rest) = parts.split_first()?;
    let mut shown = first.clone();
    let mut count = rest.len();
    for part in rest {
        if shown.chars().count() + part.chars().count() + 2 > WIDTH {
            break;
        }
        shown += &format!(", {part}");
        count -= 1;
    }
    if shown.chars().count() > WIDTH {
        shown = shown.chars().take(WIDTH - 1).chain(['…']).collect();
    }
    if count > 0 {
        shown += &format!(" +{count}");
    }
    Some((shown, parts.join(", ")))
}
