//! Sides of rules to regions: which addresses in which zones a name or literal stands for.

use std::collections::BTreeMap;

use super::{Object, Resolver};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        address::{AddressSet, address},
        load::Space,
        names::Unclear,
        network::{HostId, Lease, Place, Region, Role, ZoneId},
    },
    packet::Family,
    syntax::tree::{Side, Term, TermKind},
};

/// Regions by place while they are put together.
pub(super) type ByPlace = BTreeMap<Place, AddressSet>;

impl Resolver<'_> {
    /// The regions of a side, each place once; nothing after an error. They may be none: a role that no zone has.
    pub(super) fn side(&mut self, side: &Side, space: Space) -> Option<Vec<Region>> {
        let included = self.terms(&side.terms, space)?;
        if side.except.is_empty() {
            return Some(self.regions(included));
        }
        let mut rest = included.clone();
        let mut good = true;
        for term in &side.except {
            let Some(excluded) = self.term(term, space) else {
                good = false;
                continue;
            };
            let cuts = |(place, cut): (&Place, &AddressSet)| {
                included.get(place).is_some_and(|set| !set.intersect(cut).is_empty())
            };
            if !included.is_empty() && !excluded.is_empty() && !excluded.iter().any(cuts) {
                self.report(
                    Diagnostic::error(
                        "except-nothing",
                        term.span,
                        format!("`{}` is not among those before `except`", self.text(term.span)),
                    )
                    .label("takes nobody out")
                    .help(
                        "`except` takes out of all that stands before it on this side; remove it, or correct the name",
                    ),
                );
                good = false;
            }
            for (place, cut) in &excluded {
                if let Some(set) = rest.get_mut(place) {
                    *set = set.minus(cut);
                }
            }
        }
        if !good {
            return None;
        }
        rest.retain(|_, addresses| !addresses.is_empty());
        if rest.is_empty() && !included.is_empty() {
            self.report(
                Diagnostic::error("empty-side", side.span, "`except` takes everybody out")
                    .label("nobody is left here")
                    .help("an empty side never comes to mean `any`; remove the rule, or the exception"),
            );
            return None;
        }
        Some(self.regions(rest))
    }

    /// A side that must not be empty, of a statement that lets something through or holds it back.
    pub(super) fn filled_side(&mut self, side: &Side, space: Space) -> Option<Vec<Region>> {
        let regions = self.side(side, space)?;
        if regions.is_empty() && !self.broken_zones.is_empty() {
            return None;
        }
        if regions.is_empty() {
            self.report(
                Diagnostic::error("empty-side", side.span, "this stands for nobody")
                    .label("no zone of the policy belongs to it")
                    .help("an empty side never comes to mean `any`; declare the zone, or remove the rule"),
            );
            return None;
        }
        Some(regions)
    }

    fn regions(&self, by_place: ByPlace) -> Vec<Region> {
        by_place
            .into_iter()
            .filter(|(_, addresses)| !addresses.is_empty())
            .map(|(place, addresses)| {
                let whole = match place {
                    Place::Router => addresses == AddressSet::all(),
                    Place::Zone(id) => {
                        !self.network.zone(id).is_internet() && self.zone_sets.get(id.0) == Some(&addresses)
                    }
                };
                Region { place, addresses, whole }
            })
            .collect()
    }

    /// All terms, even behind one that fails, so that each is reported.
    fn terms(&mut self, terms: &[Term], space: Space) -> Option<ByPlace> {
        let mut all = ByPlace::new();
        let mut good = true;
        for term in terms {
            match self.term(term, space) {
                Some(found) => {
                    for (place, addresses) in found {
                        let entry = all.entry(place).or_default();
                        *entry = entry.union(&addresses);
                    }
                }
                None => good = false,
            }
        }
        good.then_some(all)
    }

    fn term(&mut self, term: &Term, space: Space) -> Option<ByPlace> {
        match &term.kind {
            TermKind::Name(name) => {
                let found = self.named(name, term.span, space)?;
                self.notes_hidden(name, term.span, &found);
                Some(found)
            }
            _ => {
                let set = self.literal(term)?;
                self.place(&set, term.span)
            }
        }
    }

    fn named(&mut self, name: &str, span: Span, space: Space) -> Option<ByPlace> {
        match name {
            "any" => {
                let mut all = self.zones_where(|_| true);
                all.insert(Place::Router, AddressSet::all());
                return Some(all);
            }
            "router" => return Some(ByPlace::from([(Place::Router, AddressSet::all())])),
            "internet" => {
                return Some(
                    self.network
                        .zone_ids()
                        .filter(|(_, zone)| zone.is_internet())
                        .map(|(id, _)| (Place::Zone(id), self.internet.clone()))
                        .collect(),
                );
            }
            "private" => return Some(self.zones_where(|role| role != Role::Internet)),
            _ => {}
        }
        if let Some(role_name) = name.strip_prefix("role.") {
            return self.role(role_name, span);
        }
        match self.objects.find(space, name, span, self.imports) {
            Ok(Object::Zone(id)) if self.broken_zones.contains(&id) => None,
            Ok(Object::Zone(id)) => Some(ByPlace::from([(Place::Zone(id), self.zone_set(id))])),
            Ok(Object::Host(id)) => self.host_regions(id, span),
            Ok(Object::Group(index)) => {
                let regions = self.group(index, span)?;
                Some(regions.into_iter().map(|region| (region.place, region.addresses)).collect())
            }
            Ok(Object::Ranges(index)) => {
                if let Some(found) = self.placed_ranges.get(&index) {
                    return Some(found.clone());
                }
                let set = self.ranges_set(index, span)?;
                let found = self.place(&set, span)?;
                self.placed_ranges.insert(index, found.clone());
                Some(found)
            }
            Err(why) => {
                let mut known = self.objects.visible(space, self.imports);
                known.extend(crate::syntax::BUILT_IN.map(str::to_owned));
                let mut elsewhere = None;
                if why == Unclear::Unknown {
                    if Role::ALL.iter().any(|(role, _)| *role == name) {
                        elsewhere = Some(format!("every zone of a role is written `role.{name}`"));
                    } else if self.services.knows(space, name, self.imports) {
                        elsewhere = Some(format!("`{name}` is a service: services stand behind `:`"));
                    } else if matches!(name, "cloudflare" | "cloudflare-v4" | "cloudflare-v6") {
                        elsewhere = Some("the standard library has it: add `use std.ranges`".to_owned());
                    }
                }
                self.unclear(name, span, "zone, host or group", why, &known, elsewhere);
                None
            }
        }
    }

    fn role(&self, role_name: &str, span: Span) -> Option<ByPlace> {
        if let Some((_, role)) = Role::ALL.iter().find(|(known, _)| *known == role_name) {
            return Some(self.zones_where(|other| other == *role));
        }
        let error =
            Diagnostic::error("unknown-role", span, format!("there is no role `{role_name}`")).label("unknown role");
        self.report(match crate::diagnostic::nearest(role_name, Role::ALL.map(|(name, _)| name)) {
            Some(near) => error.help(format!("did you mean `role.{near}`?")),
            None => error.help(format!("the roles are {}", Role::ALL.map(|(name, _)| name).join(", "))),
        });
        None
    }

    fn zones_where(&self, fits: impl Fn(Role) -> bool) -> ByPlace {
        self.network
            .zone_ids()
            .filter(|(_, zone)| fits(zone.role))
            .map(|(id, _)| (Place::Zone(id), self.zone_set(id)))
            .collect()
    }

    /// What the name of a zone stands for. An internet zone holds its upstream networks, which `internet` does not.
    fn zone_set(&self, id: ZoneId) -> AddressSet {
        self.zone_sets.get(id.0).cloned().unwrap_or_default()
    }

    /// The zone of hosts on both sides of which one has no address: no router stands between them, whatever it is.
    pub(super) fn unaddressed_zone(&self, from: &Side, to: &Side, space: Space) -> Option<ZoneId> {
        let mut zone = None;
        let mut unaddressed = false;
        for term in from.terms.iter().chain(&to.terms) {
            let TermKind::Name(name) = &term.kind else { return None };
            let Ok(Object::Host(id)) = self.objects.find(space, name, term.span, self.imports) else { return None };
            let host = self.network.host(id);
            let [own] = host.zones.as_slice() else { return None };
            unaddressed |= host.addresses.is_empty() && !self.broken_hosts.contains(&id);
            if *zone.get_or_insert(*own) != *own {
                return None;
            }
        }
        zone.filter(|_| unaddressed)
    }

    /// Both ends of a statement are in one place.
    pub(super) fn report_one_zone(&self, place: Place, other: Place, span: Span) {
        self.report(if let Some(error) = self.by_server(place, other, span) {
            error
        } else if place == Place::Router {
            Diagnostic::error("unfiltered-same-zone", span, "both ends are the router itself")
                .label("nothing has to be allowed here")
                .help("remove it: a device always reaches itself")
        } else {
            Diagnostic::error("unfiltered-same-zone", span, format!("both ends are in {}", self.place_name(place)))
                .label("this traffic does not cross the router")
                .help("no rule is needed and none can stop it: hosts of one zone reach each other, unless the switch keeps them apart (`isolated`)")
        });
    }

    fn host_regions(&self, id: HostId, span: Span) -> Option<ByPlace> {
        let host = self.network.host(id);
        if host.addresses.is_empty() {
            if !self.broken_hosts.contains(&id) {
                self.report(
                    Diagnostic::error(
                        "host-without-address",
                        span,
                        format!("host `{}` has no address, so no rule can name it", host.name),
                    )
                    .label("which address?")
                    .also(host.span, "declared without `address` or `suffix`")
                    .help("reserve an address for it on the router and write it here, or name its zone instead"),
                );
            }
            return None;
        }
        if host.lease == Some(Lease::Dynamic)
            && let Some(address) = host.addresses.iter().find(|address| address.suffix.is_none())
        {
            self.report(
                Diagnostic::warning(
                    "rule-on-dynamic-address",
                    span,
                    format!("host `{}` may get another address than {}", host.name, address.address),
                )
                .label("a rule needs an address that stays")
                .also(host.span, "declared with `dhcp dynamic`")
                .help("reserve the address: write `dhcp static` and its `mac`"),
            );
        }
        Some(host.zones.iter().map(|zone| (Place::Zone(*zone), host.address_set(Some(*zone)))).collect())
    }

    /// Where literal addresses lie. A single address of the router means the router; wider literals leave the router out.
    pub(super) fn place(&self, set: &AddressSet, span: Span) -> Option<ByPlace> {
        let mut found = ByPlace::new();
        let own = self.own.intersect(set);
        let single = |set: &AddressSet| {
            [&set.v4, &set.v6].into_iter().flat_map(|family| family.ranges().iter().copied()).eq([
                set.v4.ranges(),
                set.v6.ranges(),
            ]
            .concat()
            .first()
            .map(|first| (first.0, first.0)))
        };
        if !own.is_empty() && own == *set && single(set) {
            return Some(ByPlace::from([(Place::Router, own)]));
        }
        for (index, zone) in self.zone_sets.iter().enumerate() {
            let here = zone.intersect(set);
            if !here.is_empty() {
                found.insert(Place::Zone(ZoneId(index)), here);
            }
        }
        if !self.broken_zones.is_empty() && found.is_empty() {
            return None;
        }
        if found.is_empty() {
            self.report(
                Diagnostic::error("nowhere", span, format!("`{}` lies in no zone", self.text(span)))
                    .label("neither in a zone's network nor in the internet")
                    .help("add its network to a zone; a private network beyond an uplink is that zone's `upstream`"),
            );
            return None;
        }
        self.partly_nowhere(&found, set, span);
        Some(found)
    }

    /// Reports ranges of a list that lie in no zone, though others do.
    fn partly_nowhere(&self, found: &ByPlace, set: &AddressSet, span: Span) {
        if set.v4.ranges().len() + set.v6.ranges().len() < 2 || !self.broken_zones.is_empty() {
            return;
        }
        let here: Vec<AddressSet> = found.values().cloned().collect();
        let here = AddressSet::union_of(&here).union(&self.own);
        for family in [Family::V4, Family::V6] {
            // A range that lies in no zone at all is left as it was.
            let outside = set.family(family).minus(here.family(family));
            let stray = outside.ranges().iter().find(|range| set.family(family).ranges().binary_search(range).is_ok());
            if let Some((from, to)) = stray {
                let (from, to) = (address(family, *from), address(family, *to));
                self.report(
                    Diagnostic::warning(
                        "nowhere",
                        span,
                        format!("part of `{}` lies in no zone: {from} to {to}", self.text(span)),
                    )
                    .label("this part is left out")
                    .help("remove it from the list, or add its network to a zone"),
                );
            }
        }
    }
}
