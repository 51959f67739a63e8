//! Which word is what, for colours that know the names.

use std::collections::BTreeMap;

use lsp_types::{SemanticToken, SemanticTokenModifier, SemanticTokenType, SemanticTokens, SemanticTokensLegend};

use super::{
    context,
    policy::Policy,
    text::{Lines, narrow},
};
use crate::{
    diagnostic::{SourceId, Span},
    model::{Meaning, attributes_of},
    syntax::{
        BUILT_IN, STATEMENTS,
        token::{Kind, Literal},
    },
};

const TYPES: [SemanticTokenType; 12] = [
    SemanticTokenType::KEYWORD,
    SemanticTokenType::NAMESPACE,
    SemanticTokenType::TYPE,
    SemanticTokenType::VARIABLE,
    SemanticTokenType::ENUM,
    SemanticTokenType::FUNCTION,
    SemanticTokenType::INTERFACE,
    SemanticTokenType::EVENT,
    SemanticTokenType::PROPERTY,
    SemanticTokenType::NUMBER,
    SemanticTokenType::STRING,
    SemanticTokenType::COMMENT,
];
const DECLARATION: u32 = 1;
const STANDARD: u32 = 2;

pub fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend {
        token_types: TYPES.to_vec(),
        token_modifiers: vec![SemanticTokenModifier::DECLARATION, SemanticTokenModifier::DEFAULT_LIBRARY],
    }
}

pub fn tokens(policy: &Policy, source: SourceId) -> SemanticTokens {
    let text = policy.text(source);
    let parsed = policy.parse(source);
    let of = |meaning: &Meaning| match meaning {
        Meaning::Zone(_) => SemanticTokenType::TYPE,
        Meaning::Host(_) => SemanticTokenType::VARIABLE,
        Meaning::Group(_) | Meaning::Ranges(_) => SemanticTokenType::ENUM,
        Meaning::Service(_) => SemanticTokenType::FUNCTION,
        Meaning::Integration(_) => SemanticTokenType::INTERFACE,
        Meaning::Schedule(_) => SemanticTokenType::EVENT,
    };
    let mut names: BTreeMap<u32, (SemanticTokenType, u32)> = BTreeMap::new();
    for (span, symbol) in policy.index.uses_in(source) {
        let standard = if policy.index.is_standard(symbol) { STANDARD } else { 0 };
        names.insert(span.start, (of(&symbol.meaning), standard));
    }
    for symbol in policy.index.symbols.iter().filter(|symbol| symbol.span.source == source) {
        names.insert(symbol.span.start, (of(&symbol.meaning), DECLARATION));
    }
    let mut found: Vec<(Span, SemanticTokenType, u32)> =
        parsed.comments.iter().map(|span| (*span, SemanticTokenType::COMMENT, 0)).collect();
    let mut walk = context::Walk::new(text);
    for token in &parsed.tokens {
        let place = walk.step(token);
        let one = match &token.kind {
            Kind::Literal(Literal::Text(_)) => Some((SemanticTokenType::STRING, 0)),
            Kind::Literal(_) => Some((SemanticTokenType::NUMBER, 0)),
            Kind::Word(word) => names.get(&token.span.start).cloned().or_else(|| {
                let keyword = Some((SemanticTokenType::KEYWORD, 0));
                if place.depth == 0 && place.statement.is_empty() {
                    return if STATEMENTS.contains(&word.as_str()) { keyword } else { None };
                }
                if place.depth > 0 && place.entry.is_empty() {
                    let known = attributes_of(place.owner()).iter().any(|known| known.key == word);
                    return if known { Some((SemanticTokenType::PROPERTY, 0)) } else { keyword };
                }
                if place.keyword() == "use" && word.starts_with("std.") {
                    return Some((SemanticTokenType::NAMESPACE, STANDARD));
                }
                let built_in = BUILT_IN.contains(&word.as_str()) || word.starts_with("role.");
                let protocol = ["tcp", "udp", "sctp", "icmp", "icmpv6", "proto"].contains(&word.as_str());
                let joint = ["except", "from", "as", "for", "between"].contains(&word.as_str());
                if built_in || protocol || joint { keyword } else { None }
            }),
            _ => None,
        };
        walk.take(token);
        found.extend(one.map(|(sort, modifiers)| (token.span, sort, modifiers)));
    }
    found.sort_by_key(|(span, ..)| span.start);
    SemanticTokens { result_id: None, data: encoded(&found, text) }
}

/// As the protocol wants them: each from where the one before starts.
fn encoded(found: &[(Span, SemanticTokenType, u32)], text: &str) -> Vec<SemanticToken> {
    let lines = Lines::new(text);
    let mut before = lsp_types::Position::default();
    let mut data = Vec::with_capacity(found.len());
    for (span, sort, modifiers) in found {
        let at = lines.position(span.start as usize);
        let written = text.get(span.start as usize..span.end as usize).unwrap_or("");
        let Some(index) = TYPES.iter().position(|known| known == sort) else { continue };
        let same_line = at.line == before.line;
        data.push(SemanticToken {
            delta_line: at.line - before.line,
            delta_start: if same_line { at.character - before.character } else { at.character },
            length: narrow(written.trim_end_matches('\r').encode_utf16().count()),
            token_type: narrow(index),
            token_modifiers_bitset: *modifiers,
        });
        before = at;
    }
    data
}
