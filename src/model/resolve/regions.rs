//! Sides of rules to regions: which addresses in which zones a name or literal stands for.

use std::collections::BTreeMap;

use super::{Object, Resolver};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        address::AddressSet,
        load::Space,
        names::Unclear,
        network::{HostId, Place, Region, Role, ZoneId},
    },
    syntax::tree::{Side, Term, TermKind},
};

/// Regions by place while they are put together.
type ByPlace = BTreeMap<Place, AddressSet>;

impl Resolver<'_> {
    /// The regions of a side, each place once; nothing after an error. They may be none: a role that no zone has.
    pub(super) fn side(&mut self, side: &Side, space: Space) -> Option<Vec<Region>> {
        let included = self.terms(&side.terms, space)?;
        if side.except.is_empty() {
            return Some(self.regions(included));
        }
        let excluded = self.terms(&side.except, space)?;
        let mut rest = ByPlace::new();
        for (place, addresses) in &included {
            let left = excluded.get(place).map_or_else(|| addresses.clone(), |cut| addresses.minus(cut));
            if !left.is_empty() {
                rest.insert(*place, left);
            }
        }
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
                        !self.network.zone(id).is_internet() && addresses == self.network.zone(id).network_set()
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
            TermKind::Name(name) => self.named(name, term.span, space),
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
                let internet = self.network.internet();
                return Some(
                    self.network
                        .zone_ids()
                        .filter(|(_, zone)| zone.is_internet())
                        .map(|(id, _)| (Place::Zone(id), internet.clone()))
                        .collect(),
                );
            }
            "private" => return Some(self.zones_where(|role| role != Role::Internet)),
            _ => {}
        }
        if let Some(role_name) = name.strip_prefix("role.") {
            return self.role(role_name, span);
        }
        match self.objects.find(space, name, self.imports) {
            Ok(Object::Zone(id)) => Some(ByPlace::from([(Place::Zone(id), self.zone_set(id))])),
            Ok(Object::Host(id)) => self.host_regions(id, span),
            Ok(Object::Group(index)) => {
                let regions = self.group(index, span)?;
                Some(regions.into_iter().map(|region| (region.place, region.addresses)).collect())
            }
            Ok(Object::Ranges(index)) => {
                let set = self.ranges_set(index, span)?;
                self.place(&set, span)
            }
            Err(why) => {
                let mut known = self.objects.visible(space, self.imports);
                known.extend(crate::syntax::BUILT_IN.map(str::to_owned));
                let mut elsewhere = None;
                if why == Unclear::Unknown {
                    if Role::ALL.iter().any(|(role, _)| *role == name) {
                        elsewhere = Some(format!("every zone of a role is written `role.{name}`"));
                    } else if self.services.find(space, name, self.imports).is_ok() {
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
        let zone = self.network.zone(id);
        if zone.is_internet() {
            self.network.internet().union(&AddressSet::nets(zone.upstream.iter().copied()))
        } else {
            zone.network_set()
        }
    }

    fn host_regions(&self, id: HostId, span: Span) -> Option<ByPlace> {
        let host = self.network.host(id);
        if host.addresses.is_empty() {
            if !host.zones.is_empty() {
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
        Some(host.zones.iter().map(|zone| (Place::Zone(*zone), host.address_set(Some(*zone)))).collect())
    }

    /// Where literal addresses lie. A single address of the router means the router; wider literals leave the router out.
    pub(super) fn place(&self, set: &AddressSet, span: Span) -> Option<ByPlace> {
        let mut found = ByPlace::new();
        let own = self.network.router_addresses().intersect(set);
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
        let internet = self.network.internet();
        for (id, zone) in self.network.zone_ids() {
            let here = if zone.is_internet() {
                internet.union(&AddressSet::nets(zone.upstream.iter().copied())).intersect(set)
            } else {
                zone.network_set().intersect(set)
            };
            if !here.is_empty() {
                found.insert(Place::Zone(id), here);
            }
        }
        if found.is_empty() {
            self.report(
                Diagnostic::error("nowhere", span, format!("`{}` lies in no zone", self.text(span)))
                    .label("neither in a zone's network nor in the internet")
                    .help("add its network to a zone; a private network beyond an uplink is that zone's `upstream`"),
            );
            return None;
        }
        Some(found)
    }
}
