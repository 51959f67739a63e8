//! What can be written at a place.

use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, MarkupContent, MarkupKind, Range, TextEdit,
};

use super::{
    actions::using,
    context::{self, Context, word},
    policy::Policy,
    text::Lines,
    words,
};
use crate::{
    check::leak::{Page, catalogue},
    diagnostic::SourceId,
    model::{Meaning, Role, STANDARD, Sort, Value, Visible, attributes_of},
    syntax::{
        BUILT_IN, STATEMENTS, parse,
        token::{Kind, Token},
        tree::StatementKind,
    },
    target::Target,
};

const PROTOCOLS: [&str; 6] = ["tcp", "udp", "icmp", "icmpv6", "sctp", "proto"];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Puts together what is offered.
struct Offer<'p> {
    policy: &'p Policy,
    source: SourceId,
    visible: Vec<Visible<'p>>,
    range: Range,
    items: Vec<CompletionItem>,
}

pub fn complete(policy: &Policy, source: SourceId, at: u32) -> Vec<CompletionItem> {
    let parsed = policy.parse(source);
    let text = policy.text(source);
    let place = context::at(text, &parsed, at);
    if place.mute {
        return Vec::new();
    }
    let lines = Lines::new(text);
    let range = Range { start: lines.position(place.start as usize), end: lines.position(at as usize) };
    let mut offer = Offer { policy, source, visible: policy.index.visible(source), range, items: Vec::new() };
    if place.depth == 0 {
        offer.head(&place.statement);
    } else {
        offer.body(&place);
    }
    offer.items
}

impl Offer<'_> {
    fn head(&mut self, head: &[&Token]) {
        let Some(keyword) = head.first().and_then(|token| word(token)) else {
            for statement in STATEMENTS {
                self.one(statement, CompletionItemKind::KEYWORD, "", words::statement(statement));
            }
            return;
        };
        let has = |kind: &Kind| head.iter().any(|token| token.kind == *kind);
        let written = head.len() - 1;
        match keyword {
            "use" if written == 0 => {
                for (module, _) in STANDARD {
                    self.one(module, CompletionItemKind::MODULE, "standard library", "");
                }
            }
            "use" => self.words(&["as"]),
            "allow" | "deny" | "never" | "always" | "only" => self.flow(head),
            "redirect" if has(&Kind::Arrow) => {
                self.hosts();
                self.words(&["router"]);
            }
            "expose" | "redirect" if has(&Kind::Colon) => self.services(head),
            "expose" | "home-assistant" if written == 0 => self.hosts(),
            "vpn" if written == 0 => self.zones(),
            "reflect" => match written {
                0 => self.words(&["mdns", "ssdp"]),
                1 => self.words(&["between"]),
                _ => self.zones(),
            },
            "group" if has(&Kind::Equals) => self.side(head),
            "ranges" if has(&Kind::Equals) => self.names(|meaning| matches!(meaning, Meaning::Ranges(_))),
            "service" if has(&Kind::Equals) => self.services(head),
            "schedule" if has(&Kind::Equals) => self.words(&DAYS),
            "check" | "waive" if written == 0 => self.checks(),
            "waive" if written == 1 => self.words(&["for"]),
            "redirect" | "waive" => self.side(head),
            _ => {}
        }
    }

    /// A rule or an assertion.
    fn flow(&mut self, head: &[&Token]) {
        let has = |kind: &Kind| head.iter().any(|token| token.kind == *kind);
        match (has(&Kind::Colon), has(&Kind::Both)) {
            (true, true) => {
                self.names(|meaning| meaning.sort() == Sort::Integration);
                self.of_module("std.integrations", Sort::Integration);
            }
            (true, false) => self.services(head),
            (false, _) => self.side(head),
        }
    }

    fn body(&mut self, place: &Context<'_>) {
        let owner = place.owner();
        let first = place.entry.first().and_then(|token| word(token));
        match (owner, first) {
            ("check", Some("never" | "always" | "only")) => self.flow(&place.entry),
            ("exposed", _) => {
                let has = |kind: &Kind| place.entry.iter().any(|token| token.kind == *kind);
                let from = place.entry.iter().any(|token| word(token) == Some("from"));
                match (has(&Kind::Arrow), has(&Kind::Colon), from) {
                    (_, _, true) => self.side(&place.entry),
                    (true, false, _) => {
                        self.hosts();
                        self.words(&["router"]);
                    }
                    _ => self.services(&place.entry),
                }
            }
            (_, None) if place.entry.is_empty() => {
                let known = attributes_of(owner);
                for known in known.iter().filter(|known| known.repeatable || !place.earlier.contains(&known.key)) {
                    self.one(known.key, CompletionItemKind::PROPERTY, "", known.about);
                }
                if owner == "check" {
                    self.words(&["never", "always", "only"]);
                }
            }
            (_, Some(key)) => {
                if let Some(known) = attributes_of(owner).into_iter().find(|known| known.key == key) {
                    self.value(known.value, &place.entry);
                }
            }
            _ => {}
        }
    }

    fn value(&mut self, value: Value, entry: &[&Token]) {
        if entry.iter().any(|token| token.kind == Kind::Colon) {
            self.services(entry);
            return;
        }
        match value {
            Value::Flag | Value::Free => {}
            Value::Words(list) => self.words(list),
            Value::Roles => {
                for (role, _) in Role::ALL {
                    self.one(role, CompletionItemKind::ENUM_MEMBER, "", "");
                }
            }
            Value::Targets => {
                for target in Target::ALL {
                    self.one(target.name(), CompletionItemKind::ENUM_MEMBER, "target", "");
                }
            }
            Value::Zones => self.zones(),
            Value::Hosts => self.hosts(),
            Value::HostsOr(list) => {
                self.words(list);
                self.hosts();
            }
            Value::Services => self.services(entry),
            Value::Integrations => self.names(|meaning| meaning.sort() == Sort::Integration),
            Value::Schedules => self.names(|meaning| meaning.sort() == Sort::Schedule),
            Value::Side => self.side(entry),
        }
    }

    /// One side of a rule; behind a whole name what can follow it.
    fn side(&mut self, before: &[&Token]) {
        let last = before.last().map(|token| &token.kind);
        let opens = before.len() == 1
            || matches!(last, Some(Kind::Comma | Kind::Arrow | Kind::Both | Kind::Reach | Kind::Equals | Kind::Colon))
            || matches!(last, Some(Kind::Word(word)) if matches!(word.as_str(), "except" | "from" | "for"));
        if !opens {
            self.words(&["except"]);
            return;
        }
        self.names(|meaning| meaning.sort() == Sort::Object);
        for name in BUILT_IN {
            let about = words::built_in(name, &self.policy.network).unwrap_or_default();
            self.one(name, CompletionItemKind::CONSTANT, "", &about);
        }
        for (role, _) in Role::ALL {
            self.one(&format!("role.{role}"), CompletionItemKind::CONSTANT, "", "every zone of this role");
        }
    }

    fn services(&mut self, before: &[&Token]) {
        // Ports are numbers: nothing can be offered for them.
        if matches!(before.last().map(|token| &token.kind), Some(Kind::Word(word)) if PROTOCOLS.contains(&word.as_str()))
        {
            return;
        }
        self.names(|meaning| meaning.sort() == Sort::Service);
        self.words(&PROTOCOLS);
        self.of_module("std.services", Sort::Service);
    }

    fn zones(&mut self) {
        self.names(|meaning| matches!(meaning, Meaning::Zone(_)));
    }

    fn hosts(&mut self) {
        self.names(|meaning| matches!(meaning, Meaning::Host(_)));
    }

    fn checks(&mut self) {
        for leak in catalogue() {
            self.one(leak.id, CompletionItemKind::EVENT, leak.severity.word(), &Page::of(&leak).sentence);
        }
    }

    fn names(&mut self, wanted: impl Fn(&Meaning) -> bool) {
        let list: Vec<Visible<'_>> =
            self.visible.iter().filter(|found| wanted(&found.symbol.meaning)).cloned().collect();
        for found in list {
            let kind = match found.symbol.meaning {
                Meaning::Zone(_) => CompletionItemKind::STRUCT,
                Meaning::Host(_) => CompletionItemKind::VARIABLE,
                Meaning::Group(_) | Meaning::Ranges(_) => CompletionItemKind::ENUM,
                Meaning::Service(_) => CompletionItemKind::FUNCTION,
                Meaning::Integration(_) => CompletionItemKind::INTERFACE,
                Meaning::Schedule(_) => CompletionItemKind::EVENT,
            };
            let detail = words::value(found.symbol, &self.policy.network);
            let about = self.policy.comment_above(found.symbol.span).unwrap_or_default();
            self.one(&found.written, kind, &detail, &about);
            // Names of the policy itself come first.
            if let Some(item) = self.items.last_mut() {
                item.sort_text = Some(format!("{}{}", u8::from(found.standard), found.written));
            }
        }
    }

    /// What a module has that the policy does not use yet; each brings the `use`.
    fn of_module(&mut self, module: &str, sort: Sort) {
        let name = format!("<{module}>");
        let Some((_, library)) = STANDARD.iter().find(|(known, _)| *known == module) else { return };
        if self.policy.sources.numbered().any(|(_, source)| source.name == name) {
            return;
        }
        let text = self.policy.text(self.source);
        let (span, new_text) = using(self.source, text, module);
        let edit = TextEdit { range: Lines::new(text).range(span), new_text };
        for statement in parse(SourceId::default(), library).file.statements {
            let (name, kind) = match (&statement.kind, sort) {
                (StatementKind::Service(found), Sort::Service) => (&found.name.text, CompletionItemKind::FUNCTION),
                (StatementKind::Integration(found), Sort::Integration) => {
                    (&found.name.text, CompletionItemKind::INTERFACE)
                }
                _ => continue,
            };
            if self.items.iter().any(|item| item.label == *name) {
                continue;
            }
            self.one(name, kind, &format!("adds `use {module}`"), "");
            if let Some(item) = self.items.last_mut() {
                item.sort_text = Some(format!("3{name}"));
                item.additional_text_edits = Some(vec![edit.clone()]);
            }
        }
    }

    fn words(&mut self, list: &[&str]) {
        for text in list {
            self.one(text, CompletionItemKind::KEYWORD, "", "");
            if let Some(item) = self.items.last_mut() {
                item.sort_text = Some(format!("2{text}"));
            }
        }
    }

    fn one(&mut self, label: &str, kind: CompletionItemKind, detail: &str, about: &str) {
        let markup = MarkupContent { kind: MarkupKind::Markdown, value: about.to_owned() };
        self.items.push(CompletionItem {
            label: label.to_owned(),
            kind: Some(kind),
            detail: (!detail.is_empty()).then(|| detail.to_owned()),
            documentation: (!about.is_empty()).then_some(Documentation::MarkupContent(markup)),
            // Words hold `-` and `.`, at which some editors part them.
            text_edit: Some(CompletionTextEdit::Edit(TextEdit { range: self.range, new_text: label.to_owned() })),
            ..CompletionItem::default()
        });
    }
}
