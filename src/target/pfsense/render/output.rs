//! What the router itself sends. pfSense lets all of it out, after its floating rules. Those see what is forwarded, too,
//! under its new source, so that it has to be marked when it comes in.

use super::{
    Renderer,
    aliases::{everything, family_word},
    document::{End, Rule},
    filter::TAG,
    words,
};
use crate::{
    diagnostic::Diagnostic,
    model::{Options, Place, ZoneId},
    packet::Family,
    plan::Line,
    policy::{Cause, output_baseline},
};

impl Renderer<'_> {
    /// Has anything to be held back that the router sends?
    pub(super) fn holds_output(&self) -> bool {
        let denied = self.book.pairs.iter().any(|((from, _), pair)| *from == Place::Router && !pair.denied.is_empty());
        !self.network.router.output_open || denied
    }

    pub(super) fn output(&mut self) {
        if !self.marks {
            return;
        }
        let all: Vec<String> = self.interfaced().map(|id| self.key(id)).collect();
        let all = all.join(",");
        let mut rules = vec![Rule {
            kind: "pass",
            interface: all.clone(),
            floating: true,
            family: "inet46",
            source: End::any(),
            destination: End::any(),
            tagged: TAG.to_owned(),
            descr: words::description(&format!("{}what was let in goes out", words::MARK)),
            ..Rule::default()
        }];
        for traffic in output_baseline(self.network) {
            for family in [Family::V4, Family::V6].into_iter().filter(|family| traffic.has_family(*family)) {
                let model = Rule { kind: "pass", interface: all.clone(), floating: true, ..Rule::default() };
                let cause = Cause::Baseline("what IPv6 and DHCP need to be sent");
                let ends = ([End::any()], [End::any()]);
                let options = Options::default();
                self.rules(&mut rules, &model, family, (&ends.0, &ends.1), &traffic, (cause, &options));
            }
        }
        let book = self.book;
        for (verdict, pick) in [("block", true), ("pass", false)] {
            for ((from, to), pair) in &book.pairs {
                let (Place::Router, Place::Zone(zone)) = (from, to) else { continue };
                for line in if pick { &pair.denied } else { &pair.allowed } {
                    self.sent(&mut rules, *zone, line, verdict);
                }
            }
        }
        if !self.network.router.output_open {
            rules.push(Rule {
                kind: "block",
                interface: all,
                floating: true,
                family: "inet46",
                source: End::any(),
                destination: End::any(),
                descr: words::description(&format!("{}output closed", words::MARK)),
                ..Rule::default()
            });
        }
        for rule in rules {
            if !self.document.rules.iter().any(|known| Rule { tracker: 0, ..known.clone() } == rule) {
                self.add(rule);
            }
        }
    }

    fn sent(&mut self, rules: &mut Vec<Rule>, to: ZoneId, line: &Line, kind: &'static str) {
        let span = self.span(line.cause);
        let from = if line.from.literal == everything(line.family) {
            vec![End::any()]
        } else if self.network.zone(to).masquerade && line.family == Family::V4 {
            self.errors.push(
                Diagnostic::error(
                    "backend-cannot-express",
                    span,
                    "pfsense cannot tell by which of its addresses the router sends to a zone that masquerades",
                )
                .label("names one of the router's addresses")
                .help("name `router`, which is every address it has"),
            );
            return;
        } else {
            self.ends(Place::Router, &line.from, line.family, span)
        };
        let ends = self.ends(Place::Zone(to), &line.to, line.family, span);
        let (interface, family) = (self.key(to), family_word(line.family));
        let model = Rule { kind, interface, floating: true, family, ..Rule::default() };
        self.rules(rules, &model, line.family, (&from, &ends), &line.traffic, (line.cause, &line.options));
    }
}
