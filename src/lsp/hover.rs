//! What is shown for the thing under the pointer.

use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};

use super::{
    context,
    navigate::{check_at, symbol_at, used_at},
    policy::Policy,
    text::Lines,
    words,
};
use crate::{
    check::leak,
    diagnostic::{SourceId, Span},
    model::{STANDARD, attributes_of},
    syntax::{
        token::Kind,
        tree::{Action, StatementKind, UseTarget},
    },
};

pub fn hover(policy: &Policy, source: SourceId, at: u32) -> Option<Hover> {
    let (span, text) = found(policy, source, at)?;
    let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value: text });
    Some(Hover { contents, range: Some(Lines::new(policy.text(source)).range(span)) })
}

fn found(policy: &Policy, source: SourceId, at: u32) -> Option<(Span, String)> {
    if let Some((span, symbol)) = symbol_at(policy, source, at) {
        let mut text = words::about(symbol, &policy.network);
        if let Some(comment) = policy.comment_above(symbol.span) {
            text += &format!("\n\n{comment}");
        }
        return Some((span, text));
    }
    if let Some(id) = check_at(policy, source, at) {
        let leak = leak::find(id.text.rsplit('.').next().unwrap_or(&id.text))?;
        return Some((id.span, page(leak.page, leak.severity.word())));
    }
    let parsed = policy.parse(source);
    let token = parsed.tokens.iter().find(|token| token.span.start <= at && at < token.span.end)?;
    if let Some(used) = used_at(policy, source, at) {
        let UseTarget::Module(module) = used else { return None };
        let (_, text) = STANDARD.iter().find(|(name, _)| *name == module.text)?;
        let head = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim).collect::<Vec<_>>();
        return Some((token.span, format!("**`{}`**\n\n{}", module.text, head.join("\n"))));
    }
    let statement = parsed.file.statements.iter().find(|found| found.span.start <= at && at < found.span.end);
    let first = statement.is_some_and(|statement| statement.span.start == token.span.start);
    let arrow = matches!(token.kind, Kind::Arrow | Kind::Both);
    if let Some(statement) = statement
        && (first || arrow)
        && let Some(text) = effect(policy, &statement.kind, statement.span)
    {
        return Some((token.span, text));
    }
    let Kind::Word(word) = &token.kind else { return None };
    let place = context::at(policy.text(source), &parsed, token.span.start);
    if place.depth == 0 && place.statement.is_empty() {
        let about = words::statement(word);
        return (!about.is_empty()).then(|| (token.span, format!("**`{word}`**: {about}")));
    }
    if place.depth > 0 && place.entry.is_empty() {
        let known = attributes_of(place.owner()).into_iter().find(|known| known.key == word)?;
        return Some((token.span, format!("**`{word}`** of `{}`: {}", place.owner(), known.about)));
    }
    words::built_in(word, &policy.network).map(|text| (token.span, text))
}

/// What a statement opens.
fn effect(policy: &Policy, kind: &StatementKind, span: Span) -> Option<String> {
    let network = &policy.network;
    let here = |other: Span| (other.source, other.start) == (span.source, span.start);
    match kind {
        StatementKind::Rule(_) => {
            let mut parts: Vec<String> = Vec::new();
            for rule in network.rules.iter().filter(|rule| here(rule.span)) {
                let verb = match (rule.expired, rule.action) {
                    (true, _) => "does nothing any more: its date has passed",
                    (_, Action::Allow) => "lets through",
                    (_, Action::Deny) => "denies",
                };
                let title = rule.integration.as_ref().map(|name| format!(" (`{name}`)")).unwrap_or_default();
                let mut part = format!(
                    "**{verb}**{title}\n- from {}\n- to {}\n- {}",
                    words::side(&rule.from, network),
                    words::side(&rule.to, network),
                    words::traffic(&rule.traffic)
                );
                for option in words::options(&rule.options, network) {
                    part += &format!("\n- {option}");
                }
                parts.push(part);
            }
            (!parts.is_empty()).then(|| parts.join("\n\n"))
        }
        StatementKind::Expose(_) => {
            let found = network.exposures.iter().find(|found| here(found.span))?;
            let host = network.hosts.get(found.host.0)?;
            let mut text = format!(
                "**opens from outside** `{}` ({}): {}",
                host.name,
                words::addresses(host).join(", "),
                words::traffic(&found.service)
            );
            text += &format!("\n- for {}", words::side(&found.from, network));
            if let Some((port, _)) = found.port {
                text += &format!("\n- at the public port {port}");
            }
            if let Some(through) = &found.through {
                let host = through.host.and_then(|host| network.hosts.get(host.0));
                text += &host.map_or_else(
                    || "\n- through a proxy on the router".to_owned(),
                    |host| format!("\n- through the proxy `{}`", host.name),
                );
            }
            if found.client_certificates.is_some() {
                text += "\n- for clients that show a certificate";
            }
            if let Some(asked) = found.sign_in.as_ref().and_then(|sign_in| network.hosts.get(sign_in.host.0)) {
                text += &format!("\n- after a sign-in, by `{}`", asked.name);
            }
            if let Some(tunnel) = found.tunnel.as_ref().and_then(|tunnel| network.hosts.get(tunnel.host.0)) {
                text += &format!("\n- by a tunnel from `{}`, without an open port", tunnel.name);
            }
            Some(text)
        }
        _ => None,
    }
}

/// The page of a check without its examples.
fn page(page: &str, severity: &str) -> String {
    let mut text = String::new();
    let mut skipping = false;
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            skipping = matches!(title, "Fires" | "Does not fire");
            if !skipping {
                text += &format!("**{title}**\n");
            }
        } else if let Some(title) = line.strip_prefix("# ") {
            text += &format!("**check {title}** ({severity})\n");
        } else if !skipping {
            text += line;
            text.push('\n');
        }
    }
    text.trim_end().to_owned()
}
