//! Rules that came in another form than nft's text: written as text line by line, each with the place it came from, so
//! that one evaluation serves all forms and its findings still name the original.

use super::{ReadError, Reading, eval::POLICY, read};
use crate::{
    packet::{Packet, Space},
    router::{Configuration, Facts, Limits, Line, Topology, Trace, Tracked},
};

/// Text for the reader, and where each of its lines came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Translation {
    pub text: String,
    origins: Vec<Line>,
}

impl Translation {
    /// Adds a line. A line break inside of it would shift all places behind it, so there is none.
    pub fn push(&mut self, line: &str, origin: Line) {
        self.text.push_str(&line.replace(['\n', '\r'], " "));
        self.text.push('\n');
        self.origins.push(origin);
    }

    fn origin(&self, line: u32) -> Option<&Line> {
        usize::try_from(line).ok().and_then(|line| self.origins.get(line.checked_sub(1)?))
    }

    /// The place of the original: its own words where it has some, otherwise those of the text.
    fn place(&self, line: &Line) -> Line {
        match self.origin(line.line) {
            Some(origin) if origin.text.is_empty() => Line { text: line.text.clone(), ..origin.clone() },
            Some(origin) => origin.clone(),
            None => line.clone(),
        }
    }

    /// What the rules do.
    ///
    /// # Errors
    /// If the rules would be refused, or are too large to be evaluated.
    pub fn evaluate(
        self,
        topology: &Topology,
        limits: &mut Limits,
        space: &mut Space,
    ) -> Result<Translated, ReadError> {
        let reading = read(&self.text, topology, limits, space)?;
        Ok(Translated { reading, translation: self })
    }
}

/// Translated rules, evaluated.
#[derive(Clone, Debug)]
pub struct Translated {
    /// Its lines are those of the translation.
    pub reading: Reading,
    pub translation: Translation,
}

impl Configuration for Translated {
    fn facts(&self, space: &mut Space) -> Facts {
        let mut facts = self.reading.facts(space);
        for note in &mut facts.notes {
            let words = std::mem::take(&mut note.text);
            *note = self.translation.place(note);
            note.text = if note.text.is_empty() { words } else { format!("{}: {words}", note.text) };
        }
        for unknown in &mut facts.unknown {
            let words = unknown.text.clone();
            *unknown = self.translation.place(unknown);
            // Of a statement that the place shows already, only what is said of it.
            let said = words.rsplit_once(": ").filter(|(statement, _)| unknown.text.contains(statement));
            if !unknown.text.contains(&words) {
                unknown.text = format!("{}: {}", unknown.text, said.map_or(words.as_str(), |(_, said)| said));
            }
        }
        facts
    }

    fn trace(
        &self,
        packet: &Packet,
        tracked: Tracked,
        topology: &Topology,
        limits: &mut Limits,
        space: &mut Space,
    ) -> Trace {
        let trace = self.reading.trace(packet, tracked, topology, limits, space);
        let decided_by = trace.decided_by.map(|line| {
            let mut found = self.translation.place(&line);
            // The place of a policy is that of its chain, which iptables writes with the policy.
            if let (Some(word), true) = (line.text.strip_prefix(POLICY), found.text.starts_with("chain ")) {
                let word = word.split(' ').next().unwrap_or_default();
                found.text = format!("{POLICY}{word} of {}", found.text);
            }
            found
        });
        let place = |line: &Line| {
            let place = self.translation.place(line);
            // All elements of a set stand on one line where the form has no lines.
            let element = line.text.starts_with("element ") && !place.text.is_empty() && place.text != line.text;
            if element { Line { text: format!("{}, {}", line.text, place.text), ..place } } else { place }
        };
        Trace { decided_by, led_by: trace.led_by.iter().map(place).collect() }
    }
}
