//! What of the user's own configuration stands in the way of a policy, after hedgerow's was merged into it. All of it is
//! told at once, where it is in their files: whoever has thirty rules must not merge thirty times to hear of them.

use super::Checked;
use crate::{
    diagnostic::{Diagnostic, Span},
    packet::Field,
    policy::Standing,
    router::{File, Obstacle, without},
    target::Target,
    verify::{self, Difference, Kind, Verdict},
};

/// So many rounds of finding are more than anybody has rules for.
const ROUNDS: usize = 64;
/// So many packets are shown of one rule.
const SHOWN: usize = 3;

/// Something of the user's own, and what it does otherwise than the policy says.
struct Found {
    obstacle: Obstacle,
    kind: Kind,
    sentences: Vec<String>,
}

/// What it does, in a word for each kind of difference.
const fn does(kind: Kind) -> &'static str {
    match kind {
        Kind::Open | Kind::InvalidAccepted => "lets through what the policy denies",
        Kind::Closed | Kind::RepliesDropped => "holds back what the policy allows",
        Kind::Translated => "translates otherwise than the policy says",
        Kind::Undecided => "hangs on what nobody can tell",
    }
}

/// A search for all that stands in the way.
pub(super) struct Search<'a> {
    pub checked: &'a mut Checked,
    pub standing: &'a Standing,
    pub target: Target,
    pub base: &'a [File],
}

impl Search<'_> {
    /// A finding for each rule or setting of the user's that stands in the way; none if it is not theirs that does.
    pub fn conflicts(&mut self, files: &[File], verdict: &Verdict) -> Vec<Diagnostic> {
        let mut found: Vec<Found> = Vec::new();
        let mut left = verdict.differences.clone();
        for _ in 0..ROUNDS {
            let before = found.len();
            self.decisive(files, &left, &mut found);
            if found.len() == before {
                self.tried(files, &left, &mut found);
            }
            if found.len() == before {
                break;
            }
            let rest = without(files, &found.iter().map(|found| &found.obstacle).collect::<Vec<_>>());
            // What would be refused without them is not looked at any further.
            let Some(rest) = self.differences(&rest) else { break };
            left = rest;
            if left.is_empty() {
                self.needless(files, &mut found);
                return self.told(found, true);
            }
        }
        self.told(found, false)
    }

    /// Takes out again what may stay once the others are gone: a list that nobody can judge, before a rule that passes.
    fn needless(&mut self, files: &[File], found: &mut Vec<Found>) {
        let mut at = 0;
        while at < found.len() && found.len() > 1 {
            let others = found.iter().enumerate().filter(|(index, _)| *index != at);
            let others: Vec<&Obstacle> = others.map(|(_, found)| &found.obstacle).collect();
            let less = without(files, &others);
            if self.differences(&less).is_some_and(|left| left.is_empty()) {
                found.remove(at);
            } else {
                at += 1;
            }
        }
    }

    /// What the lines are that decide, as far as they are the user's.
    fn decisive(&self, files: &[File], left: &[Difference], found: &mut Vec<Found>) {
        for difference in left {
            let Some(line) = &difference.line else { continue };
            let arriving = u16::try_from(difference.packet.value(Field::In)).ok();
            let arriving = arriving.and_then(|id| self.standing.topology.interface(id));
            let name = arriving.map(|interface| interface.name.as_str());
            if let Some(obstacle) = self.target.obstacle(self.base, files, line, name) {
                self.note(found, obstacle, difference);
            }
        }
    }

    /// What decides without being the line that does, as a translation: the first piece without which a difference is
    /// gone. Those before it make none, so it is found by halves.
    fn tried(&mut self, files: &[File], left: &[Difference], found: &mut Vec<Found>) {
        let known: Vec<Obstacle> = found.iter().map(|found| found.obstacle.clone()).collect();
        let all = self.target.obstacles(self.base, files);
        let all: Vec<Obstacle> = all.into_iter().filter(|piece| !known.contains(piece)).collect();
        let with = |count: usize| -> Vec<&Obstacle> { known.iter().chain(all.iter().take(count)).collect() };
        let (mut low, mut high) = (0, all.len());
        let Some(mut gone) = self.gone(files, &with(high), left) else { return };
        while low + 1 < high {
            let middle = low.midpoint(high);
            match self.gone(files, &with(middle), left) {
                Some(fewer) => (high, gone) = (middle, fewer),
                None => low = middle,
            }
        }
        let Some(piece) = high.checked_sub(1).and_then(|last| all.get(last)) else { return };
        for difference in gone {
            self.note(found, piece.clone(), difference);
        }
    }

    /// The differences that are gone without some pieces; nothing if none is.
    fn gone<'d>(
        &mut self,
        files: &[File],
        pieces: &[&Obstacle],
        left: &'d [Difference],
    ) -> Option<Vec<&'d Difference>> {
        let files = without(files, pieces);
        let now = self.differences(&files)?;
        let space = &self.checked.meant.as_ref()?.space;
        let is_left = |known: &&Difference| now.iter().any(|other| space.contains(other.packets, &known.packet));
        let gone: Vec<&Difference> = left.iter().filter(|known| !is_left(known)).collect();
        (!gone.is_empty()).then_some(gone)
    }

    fn differences(&mut self, files: &[File]) -> Option<Vec<Difference>> {
        let (network, meant) = (&self.checked.network, self.checked.meant.as_mut()?);
        let tools = (&mut meant.limits, &mut meant.space);
        let verdict = verify::compare(self.target, files, network, self.standing, &meant.meaning, tools);
        verdict.ok().map(|verdict| verdict.differences)
    }

    /// One difference more of a piece.
    fn note(&self, found: &mut Vec<Found>, obstacle: Obstacle, difference: &Difference) {
        let bare = Difference { line: None, ..difference.clone() };
        let sentence = bare.sentence(&self.checked.network);
        match found.iter_mut().find(|known| known.obstacle.removal == obstacle.removal) {
            Some(known) if known.sentences.contains(&sentence) => {}
            Some(known) => known.sentences.push(sentence),
            None => found.push(Found { obstacle, kind: difference.kind, sentences: vec![sentence] }),
        }
    }

    /// The findings, in the order in which they stand in the user's files. `enough`: without all of these the merged
    /// configuration is equal to the policy.
    fn told(&mut self, mut found: Vec<Found>, enough: bool) -> Vec<Diagnostic> {
        found.sort_by_key(|found| (found.obstacle.file, found.obstacle.place.start));
        let sources = &mut self.checked.sources;
        let handles: Vec<_> = self.base.iter().map(|file| sources.add(file.name.clone(), file.text.clone())).collect();
        let span = |found: &Found| {
            let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let place = &found.obstacle.place;
            let source = handles.get(found.obstacle.file).copied().unwrap_or_default();
            Span { source, start: number(place.start), end: number(place.end) }
        };
        // A backup holds keys and hashes, and nothing but these lines is shown of it.
        let places: Vec<Span> = found.iter().map(span).collect();
        for handle in &handles {
            let here: Vec<Span> = places.iter().filter(|place| place.source == *handle).copied().collect();
            sources.keep_only(*handle, &here);
        }
        let many = found.len();
        let end = match (many, enough) {
            (0, _) => String::new(),
            (1, true) => "without it the merged configuration is equal to the policy".to_owned(),
            (_, true) => format!("without these {many} the merged configuration is equal to the policy"),
            (_, false) => "more may stand in the way: merge again once these are gone".to_owned(),
        };
        let told = |(index, found): (usize, Found)| {
            let Found { obstacle, kind, sentences } = found;
            let what = &obstacle.what;
            let place = places.get(index).copied().unwrap_or_default();
            let mut error = Diagnostic::error("base-conflict", place, format!("{what} {}", does(kind)))
                .label("is your own, and stands in the way");
            let rest = sentences.len().saturating_sub(SHOWN);
            for sentence in sentences.into_iter().take(SHOWN) {
                error = error.note(sentence);
            }
            if rest > 0 {
                error = error.note(format!("and {rest} more such {}", if rest == 1 { "packet" } else { "packets" }));
            }
            error = error.help(obstacle.help);
            if index + 1 == many { error.note(end.clone()) } else { error }
        };
        found.into_iter().enumerate().map(told).collect()
    }
}
