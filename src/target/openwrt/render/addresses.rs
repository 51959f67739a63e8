//! One side of a rule as firewall4 is told it.
//!
//! firewall4 joins the entries of a list by "or", those with `!` by "and not", and takes a mask of host bits as
//! `::10/-64` (`subnets_group_by_masking` in its fw4.uc). An address of another family than the rule's is left out.

use super::words;
use crate::{
    model::address::{AddressSet, Intervals},
    packet::Family,
    plan::{Addresses, HostParts, suffix_text},
};

/// More entries than this are put into a set of their own.
pub const INLINE: usize = 6;

/// Addresses of one family on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    Any,
    Set(Intervals),
    /// Entries with masks.
    Masked(Vec<String>),
}

/// Every address of a family.
pub fn everything(family: Family) -> Intervals {
    AddressSet::all().family(family).clone()
}

/// What a delegated prefix lies in, whatever it is: global unicast (RFC 4291, IANA).
pub fn global() -> Intervals {
    AddressSet::nets("2000::/3".parse().ok()).v6
}

/// The alternatives of one side; several mean several rules. `literal` are the literal IPv6 networks of the zone on
/// that side, which a host part below the delegated prefix must not match.
pub fn sides(addresses: &Addresses, family: Family, literal: &Intervals) -> Vec<Side> {
    let delegated = global().minus(literal);
    let mut written = addresses.literal.clone();
    if addresses.delegated == Some(HostParts::All) {
        written = written.union(&delegated);
    }
    let mut found = Vec::new();
    if written == everything(family) {
        return vec![Side::Any];
    }
    if !written.is_empty() {
        found.push(Side::Set(written));
    }
    let beyond = || words::addresses(&everything(Family::V6).minus(&delegated), Family::V6);
    let not = |entries: Vec<String>| entries.into_iter().map(|entry| format!("!{entry}"));
    let masks = |parts: &[u64]| parts.iter().map(|part| format!("{}/-64", suffix_text(*part))).collect::<Vec<_>>();
    match &addresses.delegated {
        Some(HostParts::Only(parts)) => {
            found.push(Side::Masked(masks(parts).into_iter().chain(not(beyond())).collect()));
        }
        Some(HostParts::AllBut(parts)) => {
            found.push(Side::Masked(not(beyond()).chain(not(masks(parts))).collect()));
        }
        Some(HostParts::All) | None => {}
    }
    found
}

/// A set as entries of a list, with `!` if what is not in it takes fewer.
pub fn entries(set: &Intervals, family: Family) -> Vec<String> {
    let (here, there) = (words::addresses(set, family), words::addresses(&everything(family).minus(set), family));
    if there.len() < here.len() { there.iter().map(|entry| format!("!{entry}")).collect() } else { here }
}

/// The entries of a side in a list.
pub fn inline(side: &Side, family: Family) -> Vec<String> {
    match side {
        Side::Any => Vec::new(),
        Side::Set(set) => entries(set, family),
        Side::Masked(entries) => entries.clone(),
    }
}
