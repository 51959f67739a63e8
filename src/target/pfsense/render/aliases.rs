//! Sets of addresses and ports as sides of rules, with the aliases that they need.

use super::{
    Renderer,
    document::{Alias, End},
    words,
};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        Place, ZoneId,
        address::{AddressSet, Intervals},
    },
    packet::Family,
    plan::{Addresses, HostParts},
};

/// All addresses of a family.
pub fn everything(family: Family) -> Intervals {
    AddressSet::all().family(family).clone()
}

/// The word of a family.
pub const fn family_word(family: Family) -> &'static str {
    match family {
        Family::V4 => "inet",
        Family::V6 => "inet6",
    }
}

const fn digit(family: Family) -> char {
    match family {
        Family::V4 => '4',
        Family::V6 => '6',
    }
}

impl Renderer<'_> {
    /// The sides that together hold these addresses; nothing when they cannot be said, which is reported.
    pub(super) fn ends(&mut self, place: Place, addresses: &Addresses, family: Family, span: Span) -> Vec<End> {
        let mut set = addresses.literal.clone();
        let mut ends = Vec::new();
        if let (Some(parts), Place::Zone(zone)) = (&addresses.delegated, place) {
            match (parts, self.known_networks(zone)) {
                (HostParts::All, _) if self.is_whole(zone, &set) => ends.push(End::network(self.key(zone))),
                (HostParts::All, Some(networks)) => set = set.union(&Intervals::new(networks)),
                (HostParts::All, None) => {
                    self.part_of_interface(zone, span);
                    return Vec::new();
                }
                (HostParts::Only(only), Some(networks)) => {
                    let hosts =
                        networks.iter().flat_map(|(base, _)| only.iter().map(move |part| base | u128::from(*part)));
                    set = set.union(&Intervals::new(hosts.map(|host| (host, host)).collect()));
                }
                (HostParts::AllBut(but), Some(networks)) => {
                    let hosts =
                        networks.iter().flat_map(|(base, _)| but.iter().map(move |part| base | u128::from(*part)));
                    let hosts = Intervals::new(hosts.map(|host| (host, host)).collect());
                    set = set.union(&Intervals::new(networks.clone()).minus(&hosts));
                }
                (_, None) => {
                    self.unknown_prefix(span);
                    return Vec::new();
                }
            }
        }
        if let Place::Zone(zone) = place
            && self.network.zone(zone).is_internet()
        {
            set = self.filled(&set, family);
        }
        ends.extend(self.set(place, &set, family));
        ends
    }

    /// Are all written IPv6 networks of a zone in a set? pfSense's word for a zone's networks means those, too.
    fn is_whole(&self, zone: ZoneId, set: &Intervals) -> bool {
        let networks = &self.network.zone(zone).networks;
        let written = networks.iter().filter(|network| network.delegated.is_none()).map(|network| network.net);
        AddressSet::nets(written).v6.minus(set).is_empty()
    }

    fn part_of_interface(&mut self, zone: ZoneId, span: Span) {
        let name = &self.network.zone(zone).name;
        self.errors.push(
            Diagnostic::error(
                "backend-cannot-express",
                span,
                format!("pfsense cannot name the delegated network of zone `{name}` without its other IPv6 networks"),
            )
            .label("means a part of the zone's IPv6 addresses")
            .help("write the prefix at the uplink (`delegated 2001:db8:1042::/56`), or name the whole zone"),
        );
    }

    fn unknown_prefix(&mut self, span: Span) {
        self.errors.push(
            Diagnostic::error("backend-cannot-express", span, "pfsense cannot name single hosts below a prefix that may change")
                .label("the prefix of this host is not known")
                .help("write the prefix at the uplink (`delegated 2001:db8:1042::/56`), give the host an address of its own (fd00::/8), or name the whole zone"),
        );
    }

    /// The delegated networks of a zone, from first to last address, when an uplink's prefix is written.
    fn known_networks(&self, zone: ZoneId) -> Option<Vec<(u128, u128)>> {
        let written = self.network.zones.iter().filter_map(|zone| zone.delegated);
        let written = AddressSet::nets(written.map(|(net, _)| net.into()));
        let networks = &self.network.zone(zone).networks;
        let nets =
            AddressSet::nets(networks.iter().filter(|network| network.delegated.is_some()).map(|network| network.net));
        written.covers(&nets).then(|| nets.v6.ranges().to_vec())
    }

    /// Addresses beyond an uplink as they can be written. What lies below a delegated prefix never lies there; rules
    /// before see to that. Where such a network parts a range, the range is whole again.
    fn filled(&self, set: &Intervals, family: Family) -> Intervals {
        let mut filled = set.clone();
        let holes =
            self.network.zones.iter().flat_map(|zone| &zone.networks).filter(|network| network.delegated.is_some());
        let holes = AddressSet::nets(holes.map(|network| network.net));
        for (from, to) in holes.family(family).ranges() {
            let beside = [from.checked_sub(1), to.checked_add(1)].into_iter().flatten();
            if beside.into_iter().all(|address| set.contains(address)) {
                filled = filled.union(&Intervals::new(vec![(*from, *to)]));
            }
        }
        filled
    }

    /// Literal addresses as sides: a word of pfSense, a prefix, or an alias.
    fn set(&mut self, place: Place, set: &Intervals, family: Family) -> Option<End> {
        if set.is_empty() {
            return None;
        }
        if *set == everything(family) {
            return Some(End::any());
        }
        if let Place::Zone(zone) = place
            && self.fresh
            && self.whole(zone, family).as_ref() == Some(set)
        {
            return Some(End::network(self.key(zone)));
        }
        let prefixes = words::prefixes(set, family);
        if let [one] = prefixes.as_slice() {
            return Some(End::address(one.clone()));
        }
        let others = words::prefixes(&everything(family).minus(set), family);
        let word = match place {
            Place::Router => "router".to_owned(),
            Place::Zone(zone) => self.network.zone(zone).name.clone(),
        };
        if others.len() < prefixes.len() {
            let internet = everything(family).minus(&self.filled(self.network.internet().family(family), family));
            let all = everything(family).minus(set) == internet;
            let word = if all { "not_internet".to_owned() } else { format!("not_{word}") };
            let value = self.alias(&word, all, family, others, "what is not beyond an uplink");
            return Some(End { not: true, ..End::address(value) });
        }
        let nameless =
            AddressSet::nets(["fe80::/10", "::/128", "0.0.0.0/32"].into_iter().filter_map(|net| net.parse().ok()));
        if set.minus(nameless.family(family)).is_empty() {
            return Some(End::address(self.alias(
                "link_local",
                false,
                family,
                prefixes,
                "hosts without an address yet",
            )));
        }
        let zone = match place {
            Place::Zone(zone) => *set == *self.network.zone(zone).network_set().family(family),
            Place::Router => false,
        };
        let descr = format!("addresses in {word}");
        Some(End::address(self.alias(&word, zone, family, prefixes, &descr)))
    }

    /// Literal addresses as one side without a negation and without words of pfSense, for translations of sources.
    pub(super) fn plain(&mut self, word: &str, set: &Intervals, family: Family) -> Option<String> {
        let prefixes = words::prefixes(set, family);
        match prefixes.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            _ => Some(self.alias(word, false, family, prefixes, &format!("addresses in {word}"))),
        }
    }

    /// The literal networks of a zone when pfSense's word for its network means just these.
    fn whole(&self, id: ZoneId, family: Family) -> Option<Intervals> {
        let zone = self.network.zone(id);
        let key = self.key(id);
        if Self::is_tunnel(zone)
            || self.is_addressed_by_daemon(id)
            || zone.is_internet()
            || !super::interfaces::is_key(&key)
        {
            return None;
        }
        let networks =
            || zone.networks.iter().filter(|network| network.net.network().is_ipv4() == (family == Family::V4));
        let own = networks().all(|network| {
            network.delegated.is_none()
                && zone.addresses.iter().any(|own| own.source.is_known() && network.net.contains(&own.address))
        });
        // Up to 2.7 the word leaves out IPv6 networks beside the first.
        let first = family == Family::V4 || networks().count() == 1;
        (own && first).then(|| AddressSet::nets(networks().map(|network| network.net)).family(family).clone())
    }

    /// The name of a list of addresses.
    pub(super) fn alias(&mut self, word: &str, whole: bool, family: Family, items: Vec<String>, descr: &str) -> String {
        self.listed(&format!("{word}{}", digit(family)), whole, "network", items, descr)
    }

    fn listed(&mut self, word: &str, whole: bool, kind: &'static str, items: Vec<String>, descr: &str) -> String {
        let known = |alias: &&Alias| alias.kind == kind && alias.items == items;
        if let Some(alias) = self.document.aliases.iter().find(known) {
            return alias.name.clone();
        }
        let taken = |name: &String, aliases: &[Alias]| aliases.iter().any(|alias| alias.name == *name);
        let mut name = words::alias(word, whole, &items);
        let mut salt = 0_u32;
        while taken(&name, &self.document.aliases) || self.foreign_names.contains(&name) {
            salt += 1;
            name = words::alias(word, false, &(&items, salt));
        }
        let descr = words::description(&format!("{}{descr}", words::MARK));
        self.document.aliases.push(Alias { name: name.clone(), kind, items, descr });
        name
    }

    /// The text of ports: empty for all, a number, a range, or an alias.
    pub(super) fn ports(&mut self, ranges: &[(u16, u16)]) -> String {
        match ranges {
            [] | [(0 | 1, u16::MAX)] => String::new(),
            [one] => words::port_range(*one),
            several => self.port_list(several),
        }
    }

    /// An alias of ports.
    pub(super) fn port_list(&mut self, ranges: &[(u16, u16)]) -> String {
        let items = ranges.iter().map(|range| words::port_range(*range).replace('-', ":")).collect();
        self.listed("ports", false, "port", items, "ports")
    }
}
