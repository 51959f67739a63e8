//! Who opens connections to a peer of a VPN, and to what lies behind it.

use ipnet::IpNet;

use super::{Action, AddressSet, Network, Peer, Place, Region, Vpn};
use crate::diagnostic::Span;

/// Those whom WireGuard at the peer has to take packets from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Senders {
    pub nets: Vec<IpNet>,
    /// The statement that lets in more of the internet than a list can name.
    pub everybody: Option<Span>,
    /// The statement that lets what lies behind the peer out to the internet.
    pub internet: Option<Span>,
}

/// A list of more prefixes is one that nobody reads.
const PREFIXES: usize = 32;

impl Network {
    /// Who opens connections to a peer by rules, forwards and proxies, of a zone inside by its networks. Nobody is told
    /// who is seen as the router, nor the other clients of the VPN.
    #[must_use]
    pub(crate) fn senders(&self, vpn: &Vpn, peer: &Peer) -> Senders {
        let own = AddressSet::nets(peer.allowed());
        let behind = AddressSet::nets(peer.networks.iter().copied());
        let holds = |regions: &[Region], what: &AddressSet| {
            let here = |region: &&Region| region.place == Place::Zone(vpn.zone);
            regions.iter().filter(here).any(|region| !region.addresses.intersect(what).is_empty())
        };
        let mut found = Senders::default();
        for rule in self.rules.iter().filter(|rule| rule.action == Action::Allow && !rule.expired) {
            // Under the router's own address nobody else is seen.
            if holds(&rule.to, &own) && !rule.options.as_router {
                self.send(&rule.from, vpn, rule.span, &mut found);
            }
            let outside = |region: &Region| self.is_outside(region.place);
            if holds(&rule.from, &behind) && rule.to.iter().any(outside) {
                found.internet.get_or_insert(rule.span);
            }
        }
        for exposure in self.exposures.iter().filter(|exposure| !exposure.expired && exposure.tunnel.is_none()) {
            let is_there = |host| !self.host(host).address_set(Some(vpn.zone)).intersect(&own).is_empty();
            let (target, _) = exposure.target();
            if target.is_some_and(is_there) {
                self.send(&exposure.from, vpn, exposure.span, &mut found);
            } else if let Some(proxy) = target.filter(|_| is_there(exposure.host)) {
                let proxy = self.host(proxy);
                let leg =
                    |zone| Region { place: Place::Zone(zone), addresses: proxy.address_set(Some(zone)), whole: false };
                let legs: Vec<Region> = proxy.zones.iter().map(|zone| leg(*zone)).collect();
                self.send(&legs, vpn, exposure.span, &mut found);
            }
        }
        found.nets.sort_unstable();
        found.nets.dedup();
        found
    }

    fn is_outside(&self, place: Place) -> bool {
        matches!(place, Place::Zone(zone) if self.zone(zone).is_internet())
    }

    fn send(&self, from: &[Region], vpn: &Vpn, span: Span, found: &mut Senders) {
        for region in from {
            let Place::Zone(id) = region.place else { continue };
            let zone = self.zone(id);
            if id == vpn.zone {
                continue;
            }
            if !zone.is_internet() {
                let known = zone.networks.iter().filter(|network| network.delegated.is_none());
                let here =
                    known.filter(|network| !AddressSet::net(network.net).intersect(&region.addresses).is_empty());
                found.nets.extend(here.map(|network| network.net));
                continue;
            }
            match prefixes(&region.addresses) {
                Some(nets) => found.nets.extend(nets),
                None => _ = found.everybody.get_or_insert(span),
            }
        }
    }
}

/// A set as prefixes, if they are few.
fn prefixes(set: &AddressSet) -> Option<Vec<IpNet>> {
    let found: Vec<IpNet> = set.prefixes().take(PREFIXES + 1).collect();
    // A handful of large ones is everybody, too.
    let wide = |net: &IpNet| net.prefix_len() < if matches!(net, IpNet::V4(_)) { 8 } else { 16 };
    (found.len() <= PREFIXES && !found.iter().any(wide)).then_some(found)
}
