//! One difference between a policy and a configuration, and its words.

use crate::{
    model::Network,
    packet::{Packet, Set},
    policy::{Cause, describe, socket},
    router::{Dnat, Line, Outcome, Snat},
};

/// In which way the two differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The configuration lets through what the policy denies.
    Open,
    /// The configuration holds back what the policy allows.
    Closed,
    /// Both let it through, the configuration under another translation.
    Translated,
    /// The reader does not understand what decides.
    Undecided,
    /// Packets of known connections are dropped.
    RepliesDropped,
    /// Packets that belong to no connection are let through.
    InvalidAccepted,
}

/// A set of packets on which the two differ.
#[derive(Clone, Debug)]
pub struct Difference {
    pub kind: Kind,
    /// What the configuration does with the addresses.
    pub outcome: Outcome,
    pub packets: Set,
    /// The packets that were compared.
    pub within: Set,
    /// One of them.
    pub packet: Packet,
    /// The line of the configuration that decides over this packet.
    pub line: Option<Line>,
    /// The lines that led the packet there.
    pub led_by: Vec<Line>,
    /// The statements of the policy that decide over it; none where its default does.
    pub causes: Vec<Cause>,
}

impl Difference {
    /// The packet that shows the difference, in words.
    #[must_use]
    pub fn packet_words(&self, network: &Network) -> String {
        describe(&self.packet, network)
    }

    /// What the configuration does with its addresses, in words.
    #[must_use]
    pub fn translation(&self) -> Option<String> {
        let words = self.changes();
        (!words.is_empty()).then(|| words.trim_start_matches(", ").to_owned())
    }

    fn changes(&self) -> String {
        let words = translation(self.outcome);
        if words.is_empty() && self.kind == Kind::Translated { ", untranslated".to_owned() } else { words }
    }

    /// One line for a person.
    #[must_use]
    pub fn sentence(&self, network: &Network) -> String {
        let packet = describe(&self.packet, network);
        let line = self.line.as_ref().map(place).unwrap_or_default();
        match self.kind {
            Kind::Open => format!("open though the policy denies it: {packet}{}{line}", translation(self.outcome)),
            Kind::Closed => format!("closed though the policy allows it: {packet}{line}"),
            Kind::Translated => {
                format!("translated otherwise than the policy says: {packet}{}{line}", self.changes())
            }
            Kind::Undecided => format!("cannot be decided: {packet}{line}"),
            Kind::RepliesDropped => format!("replies are dropped: {packet}{line}"),
            Kind::InvalidAccepted => format!("packets of no connection pass: {packet}{line}"),
        }
    }
}

/// The line that decided, in brackets: with its file and its words where a number alone would not lead there.
#[must_use]
pub fn place(line: &Line) -> String {
    match (line.file.as_str(), line.line, line.text.as_str()) {
        ("", 0, "") => String::new(),
        ("", 0, text) => format!(" ({text})"),
        ("", line, _) => format!(" (line {line})"),
        (file, 0, text) => format!(" ({file}, {text})"),
        (file, line, text) => format!(" ({file}:{line}, {text})"),
    }
}

fn translation(outcome: Outcome) -> String {
    let to = match outcome.dnat {
        Some(Dnat::To { address, port: Some(port) }) => format!(", translated to {}", socket(address, port)),
        Some(Dnat::To { address, port: None }) => format!(", translated to {address}"),
        Some(Dnat::ToRouter { .. }) => ", redirected to the router".to_owned(),
        None => String::new(),
    };
    let from = match outcome.snat {
        Some(Snat::Masquerade) => ", under the router's address".to_owned(),
        Some(Snat::To { address }) => format!(", under {address}"),
        None => String::new(),
    };
    to + &from
}
