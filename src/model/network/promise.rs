//! What the owner wants to hold: assertions, the list of what is open, checks and waivers.

use jiff::civil::Date;

use super::{AssertionKind, Region};
use crate::{
    diagnostic::{Severity, Span},
    model::service::Traffic,
};

/// `never`, `always`, `only`
#[derive(Clone, Debug)]
pub struct Assertion {
    pub span: Span,
    pub kind: AssertionKind,
    pub chain: bool,
    /// May be empty: then the assertion is vacuous.
    pub from: Vec<Region>,
    pub to: Vec<Region>,
    pub traffic: Vec<Traffic>,
}

/// `exposed { ... }`
#[derive(Clone, Debug)]
pub struct ExposedList {
    pub span: Span,
    pub entries: Vec<ExposedEntry>,
}

/// One line of `exposed`.
#[derive(Clone, Debug)]
pub struct ExposedEntry {
    pub span: Span,
    pub public: Vec<Traffic>,
    pub to: Vec<Region>,
    /// None means the public ports.
    pub service: Vec<Traffic>,
    pub from: Vec<Region>,
}

/// A named check.
#[derive(Clone, Debug)]
pub struct Check {
    pub id: String,
    pub span: Span,
    /// None is the check's own, or an error.
    pub severity: Option<Severity>,
    pub because: Option<String>,
    /// Empty for one of the catalogue.
    pub assertions: Vec<Assertion>,
}

/// A finding that the owner accepts.
#[derive(Clone, Debug)]
pub struct Waiver {
    pub id: String,
    pub span: Span,
    pub from: Option<Vec<Region>>,
    pub to: Option<Vec<Region>>,
    pub until: Option<(Date, Span)>,
    pub because: String,
    /// Its date has passed: it hides nothing.
    pub expired: bool,
}
