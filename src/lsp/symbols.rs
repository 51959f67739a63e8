//! The outline of a file.

use lsp_types::{DocumentSymbol, SymbolKind};

use super::{policy::Policy, text::Lines};
use crate::{
    diagnostic::{SourceId, Span},
    syntax::tree::{Action, AssertionKind, Name, StatementKind, UseTarget},
};

pub fn symbols(policy: &Policy, source: SourceId) -> Vec<DocumentSymbol> {
    let lines = Lines::new(policy.text(source));
    let statements = policy.parse(source).file.statements;
    let symbol = |(kind, span): (&StatementKind, Span)| {
        let (name, detail, sort, at) = outline(policy, kind, span);
        // An outline cannot show a name without words.
        let name = if name.is_empty() { detail.clone() } else { name };
        #[expect(deprecated, reason = "the type still asks for it")]
        DocumentSymbol {
            name,
            detail: Some(detail),
            kind: sort,
            tags: None,
            deprecated: None,
            range: lines.range(span),
            selection_range: lines.range(at),
            children: None,
        }
    };
    statements.iter().map(|statement| symbol((&statement.kind, statement.span))).collect()
}

/// Name, key word, sort, and the place of the name.
fn outline(policy: &Policy, kind: &StatementKind, span: Span) -> (String, String, SymbolKind, Span) {
    let named = |name: &Name, word: &str, sort| (name.text.clone(), word.to_owned(), sort, name.span);
    // Flows are told by their own words, without what stands in braces.
    let flow = |word: &str, sort| {
        let text = policy.sources.text(span);
        let head = text.split('{').next().unwrap_or(text);
        let words = head.split_whitespace().skip(1).collect::<Vec<_>>().join(" ");
        (words, word.to_owned(), sort, span)
    };
    match kind {
        StatementKind::Use(found) => {
            let (UseTarget::File(name) | UseTarget::Module(name)) = &found.target;
            named(name, "use", SymbolKind::MODULE)
        }
        StatementKind::Router(found) => named(&found.name, "router", SymbolKind::OBJECT),
        StatementKind::Zone(found) => named(&found.name, "zone", SymbolKind::STRUCT),
        StatementKind::Host(found) => named(&found.name, "host", SymbolKind::VARIABLE),
        StatementKind::Group(found) => named(&found.name, "group", SymbolKind::ENUM),
        StatementKind::Service(found) => named(&found.name, "service", SymbolKind::FUNCTION),
        StatementKind::Integration(found) => named(&found.name, "integration", SymbolKind::INTERFACE),
        StatementKind::Schedule(found) => named(&found.name, "schedule", SymbolKind::EVENT),
        StatementKind::Ranges(found) => named(&found.name, "ranges", SymbolKind::ENUM),
        StatementKind::Vpn(found) => named(&found.name, "vpn", SymbolKind::NAMESPACE),
        StatementKind::HomeAssistant(found) => named(&found.name, "home-assistant", SymbolKind::OBJECT),
        StatementKind::Check(found) => named(&found.id, "check", SymbolKind::BOOLEAN),
        StatementKind::Waive(found) => named(&found.id, "waive", SymbolKind::BOOLEAN),
        StatementKind::Rule(rule) => match rule.action {
            Action::Allow => flow("allow", SymbolKind::OPERATOR),
            Action::Deny => flow("deny", SymbolKind::OPERATOR),
        },
        StatementKind::Expose(_) => flow("expose", SymbolKind::OPERATOR),
        StatementKind::Redirect(_) => flow("redirect", SymbolKind::OPERATOR),
        StatementKind::Reflect(_) => flow("reflect", SymbolKind::OPERATOR),
        StatementKind::Assertion(found) => match found.kind {
            AssertionKind::Never => flow("never", SymbolKind::BOOLEAN),
            AssertionKind::Always => flow("always", SymbolKind::BOOLEAN),
            AssertionKind::Only => flow("only", SymbolKind::BOOLEAN),
        },
        StatementKind::Exposed(_) => flow("exposed", SymbolKind::BOOLEAN),
    }
}
