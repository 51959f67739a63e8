//! What a configuration was found to do, in terms of the lines of UCI.

use crate::{
    packet::{Packet, Space},
    router::{Configuration, Facts, Ground, Limits, Line, Topology, Trace, Tracked},
    target::nftables::read::{Effect, Reading, Step},
};

/// The reading of the rules that firewall4 would load, and where each of their lines comes from.
#[derive(Debug)]
pub struct Read {
    pub rules: Reading,
    pub origins: Vec<Line>,
    pub notes: Vec<Line>,
    /// What firewall4 warns of, and what cannot be followed.
    pub warnings: Vec<Line>,
    pub ground: Ground,
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
        for note in &mut facts.notes {
            let place = self.origin(note.line);
            *note = Line { text: format!("{}: {}", place.text, note.text), ..place };
        }
        facts.notes.extend(self.notes.clone());
        let mut unknown = self.warnings.clone();
        for line in &facts.unknown {
            let place = self.origin(line.line);
            let (statement, why) = line.text.split_once(": ").unwrap_or((line.text.as_str(), "cannot be judged"));
            unknown.push(Line { text: format!("{}: `{statement}`: {why}", place.text), ..place });
        }
        unknown.sort();
        unknown.dedup();
        facts.unknown = unknown;
        facts
    }

    fn ground(&self) -> Ground {
        self.ground.clone()
    }

    fn trace(
        &self,
        packet: &Packet,
        tracked: Tracked,
        topology: &Topology,
        limits: &mut Limits,
        space: &mut Space,
    ) -> Trace {
        let steps = self.rules.steps(packet, tracked, topology, limits, space).unwrap_or_default();
        let Some(decided) = decision(&steps) else { return Trace::default() };
        let led = |step: &&Step| matches!(step.effect, Effect::Translated | Effect::Untracked) && *step != decided;
        let mut led_by: Vec<Line> = steps.iter().filter(led).map(|step| self.origin(step.line)).collect();
        for (line, text) in &decided.elements {
            let origin = self.origin(*line);
            // The set has another name here.
            let element = text.rsplit_once(" of ").map_or(text.as_str(), |(element, _)| element);
            led_by.push(Line { text: format!("{}, {element}", origin.text), ..origin });
        }
        Trace { decided_by: Some(self.origin(decided.line)), led_by }
    }
}

/// The step that decided over a packet, as somebody who knows UCI sees it.
fn decision(steps: &[Step]) -> Option<&Step> {
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
    Some(redirect.unwrap_or(step))
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
