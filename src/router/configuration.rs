//! What a router's configuration was found to do: what every reader gives, and all that a comparison looks at.

use thiserror::Error;

use super::{Behaviour, Ground, Limits, Topology};
use crate::packet::{Bounds, Packet, Set, Space};

/// A file of a configuration, by its name in the folder of its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub name: String,
    pub text: String,
}

/// A line of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The file, as it is called in the configuration; empty where there is only one.
    pub file: String,
    /// Counted from 1; 0 stands for no line in particular.
    pub line: u32,
    /// The line or section in a few words, such as `rule 'Allow-Ping'`; for pfSense with its tracker.
    pub text: String,
}

/// Packets that a router of this make lets through by itself, or untranslated, and cannot be told not to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Its name in the target's `target.toml`.
    pub what: String,
    /// First packets, as in [`Facts::first`].
    pub packets: Set,
    /// Do they keep their source where it should be translated?
    pub translation: bool,
    /// Is it the price of something that the policy has to ask for, such as an address by DHCP? Then it is none where
    /// the policy lets no such packet pass.
    pub asked_for: bool,
}

/// What a configuration does with packets.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The packets that [`Self::surely`] and [`Self::possibly`] speak of: those of [`Topology::domain`] (with
    /// `Field::Out` after translation) that the router takes for the first of a connection, or lets pass without one.
    pub first: Set,
    /// Packets that a router of this make drops by itself before it asks any rule, and cannot be told not to; with
    /// `Field::Out` after translation.
    pub dropped: Set,
    /// First packets that are surely accepted. Of a packet in it the outcome is known too.
    pub surely: Behaviour,
    /// First packets that may be accepted. Those whose translation is unknown are filed under the parts of it that are
    /// known.
    pub possibly: Behaviour,
    /// Later packets of known connections that are dropped, whichever direction they travel in.
    pub established_dropped: Bounds,
    /// ICMP errors about known connections, and first packets of expected connections, that are dropped.
    pub related_dropped: Bounds,
    /// Packets that belong to no connection, cannot open one, and are accepted.
    pub invalid_accepted: Bounds,
    /// What could not be judged of first packets. It need not have kept the bounds apart.
    pub unknown: Vec<Line>,
    /// What is accepted because routers of this make always do; in [`Self::surely`] as well.
    pub additions: Vec<Addition>,
    /// What a user should know of lines that decide over nothing that is compared.
    pub notes: Vec<Line>,
    /// What of all this the configuration speaks of.
    pub scope: Scope,
}

/// What a configuration speaks of. Most routers are told everything; some can be told of forwards alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Every packet.
    #[default]
    Everything,
    /// These packets and no others; and what becomes of the rest on such a router, in sentences for the user.
    Only { packets: Set, beside: Vec<String> },
    /// Whether these packets arrive at the router at all, whatever it does with them: the configuration is that of a
    /// router in front of it. `Field::Out` is [`super::LOCAL`], wherever they go on to.
    Arriving { packets: Set, beside: Vec<String> },
}

/// What connection tracking takes a packet for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracked {
    /// The first packet of a connection.
    First,
    /// A later one of a connection that is known, in either direction.
    Known,
    /// An error about a connection that is known.
    Related,
    /// One that belongs to no connection, and opens none.
    Stray,
}

/// A configuration that was read.
pub trait Configuration {
    /// What it does.
    fn facts(&self, space: &mut Space) -> Facts;

    /// What its rules rest on, as far as it says that.
    fn ground(&self) -> Ground {
        Ground::default()
    }

    /// The way of one packet.
    fn trace(
        &self,
        packet: &Packet,
        tracked: Tracked,
        topology: &Topology,
        limits: &mut Limits,
        space: &mut Space,
    ) -> Trace;
}

/// The lines of a configuration that have to do with one packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The one that decides; nothing if no line does.
    pub decided_by: Option<Line>,
    /// Those that led it there: a translation of its destination, who called the chain, the elements of lists that the
    /// deciding line asks.
    pub led_by: Vec<Line>,
}

/// Why a configuration could not be read at all.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Unreadable {
    /// A sentence for the user, with the line where there is one.
    pub message: String,
}

impl Unreadable {
    /// With a sentence for the user.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}
