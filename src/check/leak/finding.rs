//! What a check gives back.

use crate::{
    diagnostic::{Diagnostic, Severity},
    model::{Place, Region},
    packet::Set,
};

/// What came of a check.
pub enum Outcome {
    /// The policy has nothing that the check could be about, in a few words: "no exposure".
    NotApplicable(&'static str),
    /// Decided; clean when there is no finding.
    Decided(Vec<Finding>),
}

/// One thing that is wrong, and what of it a waiver may take off.
pub struct Finding {
    /// Code, severity, packet and causes are added by the runner; the primary place is where to change the policy, or,
    /// with `blame`, only where to look if no statement is to blame.
    pub diagnostic: Diagnostic,
    pub about: About,
    /// Is the statement that lets the packets through the place to change? Then there is one finding a statement.
    pub blame: bool,
    /// Packets without which there would be no finding about ends: it is silent when each of them is reported already.
    pub rests_on: Option<Set>,
    /// What stands at the end of its message. Findings of one place whose messages are the same but for this are told
    /// as one, whatever waivers have left of them.
    pub lists: Option<String>,
}

/// What a finding is about.
#[derive(Clone, Debug)]
pub enum About {
    /// Packets that pass and should not. What waivers leave of them is reported.
    Packets(Set),
    /// Senders and receivers; waived when all of them are.
    Ends(Vec<Region>, Vec<Region>),
    /// A fact that only a waiver without `for` covers.
    Fact,
}

impl Finding {
    /// Packets that should not pass, reported at each statement that lets some of them through.
    #[must_use]
    pub fn packets(diagnostic: Diagnostic, packets: Set) -> Self {
        Self { diagnostic, about: About::Packets(packets), blame: true, rests_on: None, lists: None }
    }

    /// Packets that should not pass, reported at the place of the diagnostic.
    #[must_use]
    pub fn packets_here(diagnostic: Diagnostic, packets: Set) -> Self {
        Self { diagnostic, about: About::Packets(packets), blame: false, rests_on: None, lists: None }
    }

    /// Something about senders and receivers.
    #[must_use]
    pub fn ends(diagnostic: Diagnostic, from: Vec<Region>, to: Vec<Region>) -> Self {
        Self { diagnostic, about: About::Ends(from, to), blame: false, rests_on: None, lists: None }
    }

    /// Something about one place.
    #[must_use]
    pub fn place(diagnostic: Diagnostic, place: Place) -> Self {
        let region = Region { place, addresses: crate::model::AddressSet::all(), whole: true };
        Self::ends(diagnostic, vec![region], Vec::new())
    }

    /// It would not be there without these packets.
    #[must_use]
    pub fn resting_on(mut self, packets: Set) -> Self {
        self.rests_on = Some(packets);
        self
    }

    /// The end of its message, told together with those of its like.
    #[must_use]
    pub fn listing(mut self, what: impl Into<String>) -> Self {
        self.lists = Some(what.into());
        self
    }

    /// A fact.
    #[must_use]
    pub fn fact(diagnostic: Diagnostic) -> Self {
        Self { diagnostic, about: About::Fact, blame: false, rests_on: None, lists: None }
    }

    /// Another severity than the check's own.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.diagnostic.severity = severity;
        self
    }
}
