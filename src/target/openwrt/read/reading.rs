//! What a configuration was found to do, in terms of the lines of UCI.

use crate::{
    packet::{Packet, Space},
    router::{Configuration, Facts, Limits, Line, Topology, Tracked},
    target::nftables::read::{Effect, Reading, Step},
};

/// The reading of the rules that firewall4 would load, and where each of their lines comes from.
#[derive(Debug)]
pub struct Read {
    pub rules: Reading,
    pub origins: Vec<Line>,
    /// What firewall4 warns of, and what cannot be followed.
    pub warnings: Vec<Line>,
}

impl Read {
    fn origin(&self, line: u32) -> Line {
        let at = usize::try_from(line).unwrap_or(0).checked_sub(1);
        at.and_then(|at| self.origins.get(at)).cloned().unwrap_or_default()
    }
}

impl Configuration for Read {
    fn facts(&self, space: &mut Space) -> Facts {
        let mut facts = self.rules.facts(space);
        let mut unknown = self.warnings.clone();
        for line in &facts.unknown {
            let place = self.origin(line.line);
            unknown.push(Line { text: format!("{}: `{}` cannot be judged", place.text, line.text), ..place });
        }
        unknown.sort();
        unknown.dedup();
        facts.unknown = unknown;
        facts
    }

    fn decided_by(
        &self,
        packet: &Packet,
        tracked: Tracked,
        topology: &Topology,
        limits: &mut Limits,
        space: &mut Space,
    ) -> Option<Line> {
        let steps = self.rules.trace(packet, tracked, topology, limits, space).ok()?;
        let decided = steps
            .iter()
            .rposition(|step| step.effect == Effect::Dropped)
            .or_else(|| steps.iter().rposition(|step| step.effect == Effect::Accepted && filters(chain(step))))?;
        // The chains of verdicts belong to a zone; the rule or forwarding that sent the packet there decided.
        let before = steps.get(..=decided)?;
        let step = before.iter().rfind(|step| !verdict(chain(step)))?;
        // What was translated is let in by the redirect that did it.
        let redirect = |step: &&Step| step.effect == Effect::Translated && chain(step).starts_with("dstnat_");
        let redirect = step.text.contains("ct status dnat").then(|| before.iter().find(redirect)).flatten();
        Some(self.origin(redirect.unwrap_or(step).line))
    }
}

/// Is this one of the chains that decide whether a packet passes? Others only translate it.
fn filters(chain: &str) -> bool {
    let base = ["input", "forward", "output"];
    verdict(chain)
        || base.iter().any(|name| chain.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
}

fn chain(step: &Step) -> &str {
    step.chain.rsplit(' ').next().unwrap_or_default()
}

/// Is this a chain that only carries out what was decided before?
fn verdict(chain: &str) -> bool {
    chain == "handle_reject"
        || chain == "syn_flood"
        || ["accept", "reject", "drop"].iter().any(|verdict| {
            let end = chain.strip_prefix(verdict);
            end.is_some_and(|end| end.starts_with("_to_") || end.starts_with("_from_"))
        })
}
