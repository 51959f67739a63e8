//! `never`, `always`, `only`, `exposed`, `check` and `waive`.

use super::Resolver;
use crate::{
    diagnostic::{Diagnostic, Severity, Span},
    model::{
        attributes::Attributes,
        load::Space,
        network::{Assertion, Check, ExposedEntry, ExposedList, Waiver},
    },
    syntax::tree::{self, AssertionKind, Side, Term, TermKind},
};

impl Resolver<'_> {
    /// `own` is an assertion of the policy itself; one of a check speaks of roles that a policy may not have, so it may
    /// be about nothing.
    pub(super) fn assertion(
        &mut self,
        tree: &tree::Assertion,
        span: Span,
        space: Space,
        own: bool,
    ) -> Option<Assertion> {
        if let Some(zone) = self.unaddressed_zone(&tree.from, &tree.to, space).filter(|_| own && !tree.chain) {
            self.report_one_zone(crate::model::Place::Zone(zone), crate::model::Place::Zone(zone), span);
            return None;
        }
        let from = self.side(&tree.from, space);
        let to = self.side(&tree.to, space);
        let traffic = self.traffic(&tree.services, space);
        let (from, to) = (from?, to?);
        if traffic.is_empty() {
            return None;
        }
        if own
            && !from.is_empty()
            && !to.is_empty()
            && !tree.chain
            && tree.kind != AssertionKind::Only
            && !self.meets(&from, &to, &traffic, span)
        {
            return None;
        }
        Some(Assertion { span, kind: tree.kind, chain: tree.chain, from, to, traffic })
    }

    pub(super) fn exposed(&mut self, tree: &tree::Exposed, span: Span, space: Space) {
        if let Some(first) = self.network.exposed.first() {
            self.report(
                Diagnostic::error("second-exposed", span, "`exposed` is the whole list of what the internet can open")
                    .label("a second list")
                    .also(first.span, "the first one")
                    .help("put the entries of both into one"),
            );
            return;
        }
        let mut entries = Vec::new();
        for entry in &tree.entries {
            let term = Term { kind: TermKind::Name(entry.to.text.clone()), span: entry.to.span };
            let to = self.filled_side(&Side { span: entry.to.span, terms: vec![term], except: Vec::new() }, space);
            let public = self.traffic(&entry.public, space);
            let service = if entry.services.is_empty() { Vec::new() } else { self.traffic(&entry.services, space) };
            let from = match (entry.from.first(), entry.from.last()) {
                (Some(first), Some(last)) => self.filled_side(
                    &Side { terms: entry.from.clone(), except: Vec::new(), span: first.span.to(last.span) },
                    space,
                ),
                _ => Some(self.internet_regions()),
            };
            if let (Some(from), Some(first)) = (&from, entry.from.first())
                && let Some(inside) = from.iter().find(|region| !self.is_outside(region))
            {
                self.report(
                    Diagnostic::error(
                        "exposed-inside",
                        first.span,
                        format!("`exposed` is about the internet, not about {}", self.place_name(inside.place)),
                    )
                    .label("lies inside")
                    .help("who may reach whom inside is said by `only`, `never` and `always`"),
                );
            }
            if public.is_empty() {
                continue;
            }
            if let (Some(to), Some(from)) = (to, from) {
                entries.push(ExposedEntry { span: entry.span, public, to, service, from });
            }
        }
        self.network.exposed.push(ExposedList { span, entries });
    }

    pub(super) fn check(&mut self, tree: &tree::Check, span: Span, space: Space) {
        let attributes = Attributes::new("check", &tree.body, self.errors);
        let severity = attributes.choice(
            "severity",
            &[("error", Severity::Error), ("warning", Severity::Warning), ("note", Severity::Note)],
        );
        // Without assertions it asks for a check of the catalogue, which several modules may do.
        if !tree.assertions.is_empty()
            && let Some(earlier) = self.check_ids.insert(tree.id.text.clone(), tree.id.span)
        {
            self.report(
                Diagnostic::error(
                    "duplicate-name",
                    tree.id.span,
                    format!("the check `{}` is given twice", tree.id.text),
                )
                .label("declared again here")
                .also(earlier, "declared first here")
                .help("a check may hold several assertions; or choose another id"),
            );
        }
        if tree.assertions.is_empty() && self.failed_in(span) {
            return;
        }
        let assertions = tree
            .assertions
            .iter()
            .filter_map(|(span, assertion)| self.assertion(assertion, *span, space, false))
            .collect();
        self.network.checks.push(Check {
            id: tree.id.text.clone(),
            span,
            severity,
            because: attributes.quoted("because").map(|text| text.text),
            assertions,
        });
    }

    pub(super) fn waive(&mut self, tree: &tree::Waive, span: Span, space: Space) {
        let attributes = Attributes::new("waive", &tree.body, self.errors);
        let until = attributes.get("until").and_then(|arguments| self.until(arguments));
        let because = attributes.quoted("because");
        if attributes.lacks("because") {
            self.report(
                Diagnostic::error("missing-attribute", tree.id.span, "a waiver needs a reason")
                    .label("needs `because`")
                    .help("write `because \"...\"`: whoever reads it in a year has to know why"),
            );
        }
        let from = tree.from.as_ref().map(|side| self.side(side, space));
        let to = tree.to.as_ref().map(|side| self.side(side, space));
        let Some(because) = because else { return };
        if matches!(from, Some(None)) || matches!(to, Some(None)) {
            return;
        }
        self.network.waivers.push(Waiver {
            id: tree.id.text.clone(),
            span,
            from: from.flatten(),
            to: to.flatten(),
            expired: until.is_some_and(|until| self.waiver_ran_out(until)),
            until,
            because: because.text,
        });
    }

    fn waiver_ran_out(&self, (date, span): (jiff::civil::Date, Span)) -> bool {
        if date > self.today {
            return false;
        }
        self.report(
            Diagnostic::warning("expired-waiver", span, format!("this waiver ran out on {date}"))
                .label("hides nothing any more")
                .note(format!("today is {}", self.today))
                .help("mend what it waived, remove it, or give it a new date with a reason")
                .fix(self.network.removal(span, "waiver")),
        );
        true
    }
}
