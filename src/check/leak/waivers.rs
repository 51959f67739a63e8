//! What a policy accepts: waivers take off the packets that they name, and nothing else.

use super::{About, Selection};
use crate::{
    diagnostic::{Diagnostic, Severity},
    model::{AddressSet, Network, Place, Region, Waiver, service::Traffic},
    packet::Space,
    policy::{between, on_their_links},
};

/// The waivers of a policy, and which of them have taken something off.
pub(in crate::check) struct Waivers<'a> {
    network: &'a Network,
    list: Vec<(&'a Waiver, bool)>,
    everybody: Vec<Region>,
    /// The zones of the internet, and what a rule calls by that name.
    uplinks: Vec<Place>,
    internet: AddressSet,
}

impl<'a> Waivers<'a> {
    pub(in crate::check) fn new(network: &'a Network) -> Self {
        let place = |place| Region { place, addresses: AddressSet::all(), whole: true };
        let zones = network.zone_ids().map(|(id, _)| place(Place::Zone(id)));
        let everybody = zones.chain([place(Place::Router)]).collect();
        let uplinks = network.zone_ids().filter(|(_, zone)| zone.is_internet()).map(|(id, _)| Place::Zone(id));
        Self {
            network,
            list: network.waivers.iter().map(|waiver| (waiver, false)).collect(),
            everybody,
            uplinks: uplinks.collect(),
            internet: network.internet(),
        }
    }

    /// What is left of a finding of a check, if anything is; and whether something was taken off.
    pub(in crate::check) fn left(&mut self, id: &str, about: &About, space: &mut Space) -> (Option<About>, bool) {
        let mut left = about.clone();
        let mut waived = false;
        for (waiver, used) in self.list.iter_mut().filter(|(waiver, _)| !waiver.expired && names(waiver, id)) {
            match &mut left {
                About::Packets(packets) => {
                    let from = on_their_links(self.network, waiver.from.as_ref().unwrap_or(&self.everybody));
                    let to = waiver.to.as_ref().unwrap_or(&self.everybody);
                    let named = between(&from, to, &[Traffic::ANY], space);
                    if !space.disjoint(*packets, named) {
                        (*used, waived) = (true, true);
                        *packets = space.minus(*packets, named);
                    }
                    if packets.is_empty() {
                        return (None, true);
                    }
                }
                About::Ends(from, to) => {
                    // Whoever comes in by an uplink: nobody names more of it than the internet.
                    let (uplinks, internet) = (&self.uplinks, &self.internet);
                    let end = |end: &Region| {
                        let all = end.whole && uplinks.contains(&end.place);
                        let addresses = if all { internet.clone() } else { end.addresses.clone() };
                        Region { addresses, whole: end.whole && !all, ..end.clone() }
                    };
                    let all = |ends: &[Region], named: &Option<Vec<Region>>| {
                        named.as_ref().is_none_or(|named| ends.iter().map(end).all(|end| within(&end, named)))
                    };
                    if all(from, &waiver.from) && all(to, &waiver.to) {
                        *used = true;
                        return (None, true);
                    }
                }
                About::Fact if waiver.from.is_none() && waiver.to.is_none() => {
                    *used = true;
                    return (None, true);
                }
                About::Fact => {}
            }
        }
        (Some(left), waived)
    }

    /// Takes off what was found by checks that no policy asks for, if it is no error.
    pub(in crate::check) fn settle(&mut self, found: &mut Vec<Diagnostic>, space: &mut Space) -> usize {
        let before = found.len();
        found.retain(|found| {
            let Some(id) = super::always(found.code) else { return true };
            found.severity == Severity::Error || self.left(id, &About::Fact, space).0.is_some()
        });
        before - found.len()
    }

    /// Waivers of nothing: misspelt, or no longer needed. `decided` says whether a check was decided at all.
    pub(in crate::check) fn unused(
        &self,
        network: &Network,
        known: &[&str],
        decided: impl Fn(&str) -> bool,
        selection: &Selection,
    ) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (waiver, used) in self.list.iter().filter(|(waiver, _)| !waiver.expired) {
            if !selection.wants(plain(&waiver.id)) {
                continue;
            }
            let id = plain(&waiver.id);
            if !known.contains(&id) {
                let error = Diagnostic::error("unknown-check", waiver.span, format!("there is no check `{id}`"))
                    .label("waives nothing");
                found.push(match crate::diagnostic::nearest(id, known.iter().copied()) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error.help("`hedgerow list checks` shows them all"),
                });
            } else if !decided(id) {
                found.push(
                    Diagnostic::warning("unused-waiver", waiver.span, format!("the check `{id}` is not asked for"))
                        .label("waives nothing")
                        .help("take in a module that holds it, as in `use std.leaks.home`, or remove the waiver"),
                );
            } else if !used {
                found.push(
                    Diagnostic::warning("unused-waiver", waiver.span, format!("`{id}` finds nothing of this"))
                        .label("waives nothing")
                        .help("remove it: what it let pass is no longer there")
                        .fix(network.removal(waiver.span, "waiver")),
                );
            }
        }
        found
    }
}

fn names(waiver: &Waiver, id: &str) -> bool {
    plain(&waiver.id) == id
}

/// A check's id without the module that it may be written with.
pub(in crate::check) fn plain(id: &str) -> &str {
    id.rsplit('.').next().unwrap_or(id)
}

/// Does a list of regions hold all of one?
fn within(region: &Region, named: &[Region]) -> bool {
    let whole = named.iter().any(|other| other.place == region.place && other.whole);
    let here = named.iter().filter(|other| other.place == region.place);
    let here = here.fold(AddressSet::default(), |set, other| set.union(&other.addresses));
    whole || region.addresses.minus(&here) == AddressSet::default()
}
