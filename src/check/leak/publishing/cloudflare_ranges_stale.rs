//! A list of Cloudflare's prefixes is old, holds some that are no longer theirs, or lacks some that are.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{
    super::{Finding, Outcome, Subject, subject::warning},
    proxied,
};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{AddressSet, Cloudflare, Exposure, NamedRanges, Network, RangesId, address::address},
    packet::Family,
};

/// After so many days a list has to be compared again.
const DAYS: i64 = 180;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let cloudflare = Cloudflare::standard();
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    let mut used = !proxied(subject).is_empty();
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired) {
        for (list, id) in lists(network, &exposure.from_lists) {
            if !cloudflare.is_copied_by(list) {
                continue;
            }
            used = true;
            // What is put together from others is as old as these.
            if told.insert(id) && (list.parts.is_empty() || list.checked.is_some()) {
                found.extend(stale(list, &cloudflare, network.today, exposure.span).map(Finding::fact));
            }
        }
    }
    for (exposure, _) in proxied(subject).into_iter().filter(|(exposure, _)| exposure.from_lists.is_empty()) {
        if !exposure.from_anywhere {
            found.extend(written_out(exposure, &cloudflare).map(Finding::fact));
        }
    }
    if used { Outcome::Decided(found) } else { Outcome::NotApplicable("no list of Cloudflare's prefixes") }
}

/// Prefixes that stand in the exposure itself have no day and no name.
fn written_out(exposure: &Exposure, cloudflare: &Cloudflare) -> Option<Diagnostic> {
    let from = exposure.from.iter().fold(AddressSet::default(), |all, from| all.union(&from.addresses));
    let help = "write `from cloudflare`, the list of `std.ranges`, or `ranges` of your own with the day of `checked`";
    if let Some(retired) = first(&from.intersect(&cloudflare.retired)) {
        let text = format!("`from` holds addresses that are Cloudflare's no more: {retired}");
        return Some(warning(exposure.span, text).label("somebody else may be there now").help(help));
    }
    let lacking = first(&lacking(&from, cloudflare))?;
    let text = format!("`from` lacks addresses that Cloudflare asks from: {lacking}");
    Some(warning(exposure.span, text).label("some of its requests find a closed port").help(help))
}

/// Some lists with all that they are put together from.
fn lists<'n>(network: &'n Network, ids: &[RangesId]) -> Vec<(&'n NamedRanges, RangesId)> {
    let mut found: Vec<(&NamedRanges, RangesId)> = Vec::new();
    let mut open = ids.to_vec();
    while let Some(id) = open.pop() {
        if let Some(list) = network.ranges.get(id.0)
            && !found.iter().any(|(_, other)| *other == id)
        {
            found.push((list, id));
            open.extend(&list.parts);
        }
    }
    found
}

fn stale(list: &NamedRanges, cloudflare: &Cloudflare, today: Date, used: Span) -> Option<Diagnostic> {
    let name = &list.name;
    let help = "compare it with https://www.cloudflare.com/ips-v4 and ips-v6, and write the day behind `checked`";
    let place = if list.standard { used } else { list.span };
    if let Some(retired) = first(&list.addresses.intersect(&cloudflare.retired)) {
        let text = format!("`{name}` holds addresses that are Cloudflare's no more: {retired}");
        return Some(warning(place, text).label("somebody else may be there now").help(help));
    }
    let newer = list.checked.is_some_and(|(date, _)| Some(date) > cloudflare.checked);
    if let Some(lacking) = first(&lacking(&list.addresses, cloudflare)).filter(|_| !newer && !list.standard) {
        let text = format!("`{name}` lacks addresses that Cloudflare asks from: {lacking}");
        return Some(warning(place, text).label("some of its requests find a closed port").help(help));
    }
    let Some((date, span)) = list.checked else {
        let text = format!("nobody says when `{name}` was compared with what Cloudflare says");
        return Some(warning(place, text).label("how old is it?").help(help));
    };
    let days = date.duration_until(today).as_hours() / 24;
    if list.standard && days > DAYS {
        let text = format!("hedgerow's own list of Cloudflare's prefixes is {days} days old");
        return Some(warning(used, text).label("relies on it").help("take a newer hedgerow, or a list of your own"));
    }
    if !list.standard && !(0..=DAYS).contains(&days) {
        let text = match days {
            0.. => format!("`{name}` was compared with what Cloudflare says {days} days ago"),
            _ => format!("`{name}` was compared with what Cloudflare says on a day to come"),
        };
        return Some(warning(span, text).label("the list may have changed").help(help));
    }
    None
}

/// What Cloudflare has beyond a list, in the families that the list is about.
fn lacking(list: &AddressSet, cloudflare: &Cloudflare) -> AddressSet {
    let mut known = cloudflare.known.clone();
    if list.v4.is_empty() {
        known.v4 = AddressSet::default().v4;
    }
    if list.v6.is_empty() {
        known.v6 = AddressSet::default().v6;
    }
    known.minus(list)
}

/// The first stretch of addresses.
fn first(set: &AddressSet) -> Option<String> {
    let words =
        |family: Family, (from, to): (u128, u128)| format!("{} to {}", address(family, from), address(family, to));
    let of = |family: Family| set.family(family).ranges().first().map(|range| words(family, *range));
    of(Family::V4).or_else(|| of(Family::V6))
}
