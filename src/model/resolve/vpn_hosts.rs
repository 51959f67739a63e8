//! VPNs that a host ends: their clients have no interface of the router, and come from the zone of that host.

use super::{Object, Resolver, regions::ByPlace};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::Attributes,
        network::{Behind, HostId, Network, Place, ZoneId},
    },
    packet::Family,
    syntax::{
        token::{Kind, Token},
        tree,
    },
};

impl Resolver<'_> {
    /// Finds the zones of such VPNs that name no interface. To be called before the addresses of zones are resolved.
    pub(super) fn ended_by_hosts(&mut self) {
        for vpn in &self.vpn_trees {
            let Some(Object::Zone(id)) = self.objects.glance(vpn.space, &vpn.tree.name.text, self.imports) else {
                continue;
            };
            let Some(name) = server(vpn.tree) else { continue };
            let Some(Object::Host(host)) = self.objects.glance(vpn.space, name, self.imports) else { continue };
            let Some(zone) = self.network.zones.get_mut(id.0) else { continue };
            if zone.interface.is_none() && zone.interfaces.is_empty() && !zone.is_internet() {
                let hidden = hides_clients(&Attributes::checked(&vpn.tree.body, self.errors));
                zone.behind = Some(Behind { host, link: id, hidden, addresses: Vec::new() });
            }
        }
    }

    /// Says in which zone the hosts are that end VPNs. To be called once hosts are resolved.
    pub(super) fn links_of_hosts(&mut self) {
        for id in (0..self.network.zones.len()).map(ZoneId) {
            let Some(behind) = self.network.zone(id).behind.clone() else { continue };
            let link = link(&self.network, behind.host, id);
            if let Some(error) = self.misplaced(id, &behind, link) {
                self.report(error);
            }
            self.interface_words(id, &self.network.host(behind.host).name);
            let Some(zone) = self.network.zones.get_mut(id.0) else { continue };
            match link {
                Some(link) => zone.behind = Some(Behind { link, ..behind }),
                None => {
                    zone.behind = None;
                    self.broken_zones.insert(id);
                }
            }
        }
    }

    /// Remembers where a name stands for nobody but clients whom the host of their VPN hides.
    pub(super) fn notes_hidden(&mut self, name: &str, span: Span, found: &ByPlace) {
        let wide = crate::syntax::BUILT_IN.contains(&name) || name.starts_with("role.");
        let mut places = found.keys();
        if let (false, Some(Place::Zone(zone)), None) = (wide, places.next(), places.next())
            && self.network.is_hidden(*zone)
        {
            self.hidden_named.push((*zone, span));
        }
    }

    /// Reports statements about packets that speak of clients whom the router never sees. To be called last.
    pub(super) fn hidden_clients(&self) {
        let network = &self.network;
        let rules = network.rules.iter().map(|rule| rule.span);
        let redirects = network.redirects.iter().map(|redirect| redirect.span);
        // Through hosts, they get where the host gets.
        let assertions = network.assertions.iter().chain(network.checks.iter().flat_map(|check| &check.assertions));
        let assertions = assertions.filter(|assertion| !assertion.chain).map(|assertion| assertion.span);
        let about_packets: Vec<Span> = rules.chain(redirects).chain(assertions).collect();
        // What is said of the peers of an overlay stands in the policy file of that network.
        let told = |zone: ZoneId| network.vpns.iter().any(|vpn| vpn.zone == zone && !vpn.kind.is_overlay());
        for (zone, span) in self.hidden_named.iter().filter(|(zone, _)| told(*zone)) {
            let holds = |all: &&Span| all.source == span.source && all.start <= span.start && span.end <= all.end;
            let (zone, true) = (network.zone(*zone), about_packets.iter().any(|all| holds(&all))) else { continue };
            let Some(behind) = &zone.behind else { continue };
            let host = network.host(behind.host);
            self.report(
                Diagnostic::error(
                    "hidden-clients",
                    *span,
                    format!("no packet comes from `{}`, and none gets there", zone.name),
                )
                .label(format!("comes as `{}`", host.name))
                .also(host.span, "ends this VPN, and hides its clients behind its own address")
                .help(format!(
                    "say it of `{}`; or write `masquerade off` in the `vpn`, if it is routed there",
                    host.name
                )),
            );
        }
        for reflector in &network.reflectors {
            for zone in reflector.zones.iter().map(|zone| network.zone(*zone)).filter(|zone| zone.behind.is_some()) {
                self.report(
                    Diagnostic::error(
                        "behind-a-host",
                        reflector.span,
                        format!("discovery does not get to `{}`", zone.name),
                    )
                    .label("the router is on no link with its clients")
                    .help("leave it out: clients of a VPN find things by name, or by their address"),
                );
            }
        }
    }

    /// Of two places between which the host that ends a VPN hands packets on.
    pub(super) fn by_server(&self, one: Place, other: Place, span: Span) -> Option<Diagnostic> {
        let (Place::Zone(one), Place::Zone(other)) = (one, other) else { return None };
        let (one, other) = (self.network.zone(one), self.network.zone(other));
        let behind = one.behind.as_ref().or(other.behind.as_ref()).filter(|_| one.name != other.name)?;
        let host = self.network.host(behind.host);
        Some(
            Diagnostic::error(
                "unfiltered-same-zone",
                span,
                format!("what goes between `{}` and `{}` does not come past the router", one.name, other.name),
            )
            .label(format!("`{}` hands it on", host.name))
            .also(host.span, "ends the VPN, and is on both sides")
            .help(format!(
                "no rule is needed here and none can stop it: hold it back on `{0}`, or give `{0}` a zone of its own",
                host.name
            )),
        )
    }

    /// Reports attributes of a zone that speak of an interface which it has not.
    fn interface_words(&self, id: ZoneId, host: &str) {
        let Some(placed) = self.zone_trees.get(id.0) else { return };
        for attribute in &placed.tree.body.attributes {
            let key = attribute.key.text.as_str();
            if matches!(key, "vlan" | "masquerade" | "isolated" | "egress" | "upnp" | "filter") {
                self.report(
                    Diagnostic::error(
                        "behind-a-host",
                        attribute.key.span,
                        format!("`{key}` is about an interface of the router"),
                    )
                    .label(format!("`{host}` ends the VPN of these clients"))
                    .help("remove it, or name the `interface` by which they come if they have one of their own"),
                );
            }
        }
    }

    /// What is wrong with a zone whose clients come by a host.
    fn misplaced(&self, id: ZoneId, behind: &Behind, link: Option<ZoneId>) -> Option<Diagnostic> {
        let (zone, host) = (self.network.zone(id), self.network.host(behind.host));
        let Some(link) = link else {
            // A server without an address, or in the internet, is told of where the VPN names it.
            return None;
        };
        if let Some(network) = zone.networks.iter().find(|network| network.delegated.is_some()) {
            return Some(
                Diagnostic::error(
                    "behind-a-host",
                    network.span,
                    "a network behind a host is not taken from a delegated prefix",
                )
                .label(format!("`{}` ends the VPN of these clients", host.name))
                .help("write the network, as in `network 10.0.99.0/24`"),
            );
        }
        if behind.hidden {
            return None;
        }
        let reaches = |v4: bool| {
            let near = |own: &&crate::model::HostAddress| own.zone == link && own.address.is_ipv4() == v4;
            host.addresses.iter().filter(near).any(|own| own.suffix.is_none())
        };
        let stray = zone.networks.iter().find(|network| !reaches(matches!(network.net, ipnet::IpNet::V4(_))));
        stray.map(|network| {
            let family = if matches!(network.net, ipnet::IpNet::V4(_)) { "IPv4" } else { "IPv6" };
            Diagnostic::error(
                "behind-a-host",
                network.span,
                format!("no route leads to this network: `{}` has no {family} address that stays", host.name),
            )
            .label("behind which address?")
            .also(host.span, "ends the VPN of these clients")
            .help(format!(
                "give it an {family} address in `{}`, or leave the network out",
                self.network.zone(link).name
            ))
        })
    }
}

/// Does the host that ends the tunnel hide the clients behind its own address? An add-on of Home Assistant does, and
/// Tailscale (`--snat-subnet-routes`), unless the policy says otherwise.
pub(super) fn hides_clients(attributes: &Attributes<'_>) -> bool {
    let word = |key: &str, wanted: &str| attributes.get(key).is_some_and(|mut arguments| arguments.word_is(wanted));
    attributes.switch("masquerade").unwrap_or_else(|| word("runs-as", "addon") || word("kind", "tailscale"))
}

/// The name of the host that a VPN calls its server.
fn server(vpn: &tree::Declaration) -> Option<&str> {
    let server = vpn.body.attributes.iter().find(|attribute| attribute.key.text == "server")?;
    match server.arguments.first() {
        Some(Token { kind: Kind::Word(word), .. }) if word != "router" => Some(word),
        _ => None,
    }
}

/// The zone of a host by which its clients come: where a tunnel is forwarded to, or its only one.
fn link(network: &Network, host: HostId, own: ZoneId) -> Option<ZoneId> {
    let host = network.hosts.get(host.0)?;
    let found = host.address(Family::V4).map(|own| own.zone).or_else(|| host.zones.first().copied())?;
    (found != own && !network.zone(found).is_internet() && network.zone(found).behind.is_none()).then_some(found)
}
