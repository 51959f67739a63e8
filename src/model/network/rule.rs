//! Rules: who, to whom, which services, and under which conditions.

use jiff::civil::Date;

use super::{Action, ScheduleId, ZoneId};
use crate::{
    diagnostic::Span,
    model::{address::AddressSet, service::Traffic},
};

/// A schedule, in minutes of the week from Monday 00:00 of the router's time zone; an end is exclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub name: String,
    pub span: Span,
    /// Sorted, disjoint, within `0..=10080`.
    pub minutes: Vec<(u16, u16)>,
}

/// Where a region lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The router itself.
    Router,
    Zone(ZoneId),
}

/// Addresses in one place. One side of a rule is a list of regions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    pub place: Place,
    /// For [`Place::Router`]: every address that is the router's when the policy says `router`, or those named.
    pub addresses: AddressSet,
    /// Is this all of a zone, so that link-local addresses on its interface belong to it too?
    pub whole: bool,
}

/// What a statement may add to a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The receiver sees the router's address in its own zone.
    pub as_router: bool,
    pub log: bool,
    /// Is it there for a while only?
    pub temporary: bool,
    pub during: Option<(ScheduleId, Span)>,
    pub until: Option<(Date, Span)>,
    pub limit: Option<(Limit, Span)>,
    pub because: Option<String>,
    pub owner: Option<String>,
}

impl Options {
    /// Whom to ask about the statement, for a message that proposes to change it.
    #[must_use]
    pub fn who_asked(&self) -> Option<String> {
        self.owner.as_ref().map(|owner| format!("its owner is {owner}"))
    }
}

/// So many packets that open connections in a unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Limit {
    pub count: u32,
    pub unit: TimeUnit,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeUnit {
    Second,
    Minute,
    Hour,
    Day,
}

impl TimeUnit {
    /// The word in the language and in nftables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// A rule, or one direction of an integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub span: Span,
    pub action: Action,
    pub from: Vec<Region>,
    pub to: Vec<Region>,
    /// Never empty; every protocol and port is [`Traffic::ANY`].
    pub traffic: Vec<Traffic>,
    pub options: Options,
    /// The services that it names, each with what it stands for.
    pub named: Vec<(String, Vec<Traffic>)>,
    /// The integration that the rule comes from.
    pub integration: Option<String>,
    /// Its date has passed: it lets nothing through and holds nothing back.
    pub expired: bool,
}
