//! What each zone is called on the router: its zone and network in UCI, and its device in the kernel.

use super::words;
use crate::{
    diagnostic::Diagnostic,
    model::{AddressSource, Network, VpnKind, Zone, ZoneId},
};

const TARGET: &str = "openwrt";

/// Names that netifd or firewall4 give to something else.
const TAKEN: [&str; 3] = ["loopback", "globals", "lo"];

/// How netifd brings a network up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proto {
    Static,
    Dhcp,
    Pppoe,
    Wireguard,
    /// Something else brings the device up: OpenVPN, Tailscale.
    Unmanaged,
}

/// The names of one zone.
#[derive(Clone, Debug)]
pub struct Names {
    /// The zone of the firewall, and the network that it covers.
    pub network: String,
    /// The network with the DHCPv6 client of an uplink.
    pub second: Option<String>,
    /// The network that brings up the tunnel of a DS-Lite line, which carries its IPv4.
    pub tunnel: Option<String>,
    /// The interface on which packets arrive.
    pub device: String,
    pub proto: Proto,
}

impl Names {
    /// Its devices: that of the line, and that of a tunnel.
    pub fn devices(&self) -> impl Iterator<Item = String> {
        let tunnel = self.tunnel.as_ref().map(|tunnel| format!("ds-{tunnel}"));
        [Some(self.device.clone()), tunnel].into_iter().flatten()
    }

    /// Its networks in the zone's list: that of the line, of its DHCPv6 client, and of a tunnel that stands in a file.
    pub fn networks(&self) -> impl Iterator<Item = &String> {
        let tunnel = self.tunnel.as_ref().filter(|_| self.second.is_none());
        [Some(&self.network), self.second.as_ref(), tunnel].into_iter().flatten()
    }
}

/// The names of all zones, in their order.
///
/// # Errors
/// For every zone whose interface OpenWrt cannot have.
pub fn of(network: &Network) -> Result<Vec<Names>, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let mut taken: Vec<String> = TAKEN.iter().map(|name| (*name).to_owned()).collect();
    taken.extend(network.zones.iter().filter_map(tunnel));
    let mut found: Vec<Option<Names>> = vec![None; network.zones.len()];
    // Names that the device dictates go first.
    for dictated in [true, false] {
        for ((id, zone), slot) in network.zone_ids().zip(&mut found) {
            if zone.behind.is_some() {
                continue;
            }
            let Some(interface) = zone.interface_on(TARGET) else {
                if dictated {
                    errors.push(no_interface(zone));
                }
                continue;
            };
            let proto = proto(network, id, zone);
            let name = match proto {
                Proto::Pppoe => interface.name.strip_prefix("pppoe-").unwrap_or_default(),
                Proto::Wireguard => interface.name.as_str(),
                _ => "",
            };
            if name.is_empty() == dictated {
                continue;
            }
            let network = free(&mut taken, if dictated { name } else { &zone.name });
            let device = interface.name.clone();
            *slot = Some(Names { network, second: None, tunnel: tunnel(zone), device, proto });
        }
    }
    for (zone, slot) in network.zones.iter().zip(&mut found) {
        let unknown = |own: &crate::model::OwnAddress| own.address.is_ipv6() && !own.source.is_known();
        if let Some(names) = slot.as_mut()
            && zone.is_internet()
            && zone.addresses.iter().any(unknown)
        {
            names.second = Some(free(&mut taken, &format!("{}6", names.network)));
        }
    }
    // Who comes by a host comes in that host's zone of the firewall, and by its device.
    for (id, zone) in network.zone_ids() {
        let link = zone.behind.as_ref().and_then(|behind| found.get(behind.link.0).cloned().flatten());
        if let (Some(link), Some(slot)) = (link, found.get_mut(id.0)) {
            *slot = Some(link);
        }
    }
    for (zone, names) in network.zones.iter().zip(&found).filter(|(zone, _)| zone.behind.is_none()) {
        errors.extend(names.as_ref().and_then(|names| unfit(zone, names)));
    }
    let found: Option<Vec<Names>> = found.into_iter().collect();
    match found {
        Some(found) if errors.is_empty() => Ok(found),
        _ => Err(errors),
    }
}

/// The network of the tunnel of a DS-Lite line: its device is called after it.
fn tunnel(zone: &Zone) -> Option<String> {
    zone.ds_lite_device()?.strip_prefix("ds-").map(str::to_owned)
}

fn free(taken: &mut Vec<String>, name: &str) -> String {
    let word = words::identifier(name);
    let mut candidate = word.clone();
    let mut number = 2;
    while taken.contains(&candidate) {
        candidate = format!("{word}_{number}");
        number += 1;
    }
    taken.push(candidate.clone());
    candidate
}

fn proto(network: &Network, id: ZoneId, zone: &Zone) -> Proto {
    if zone.ends_ds_lite() {
        // The line has no IPv4 of its own.
        let source = |wanted| zone.addresses.iter().any(|own| own.address.is_ipv6() && own.source == wanted);
        return match () {
            () if source(AddressSource::Pppoe) => Proto::Pppoe,
            () if source(AddressSource::Dhcp) => Proto::Unmanaged,
            () => Proto::Static,
        };
    }
    if zone.is_internet() {
        let source = |wanted| zone.addresses.iter().any(|own| own.address.is_ipv4() && own.source == wanted);
        return match () {
            () if source(AddressSource::Pppoe) => Proto::Pppoe,
            () if source(AddressSource::Dhcp) => Proto::Dhcp,
            () => Proto::Static,
        };
    }
    let vpn = network.vpns.iter().find(|vpn| vpn.zone == id && vpn.server.is_none());
    match vpn.map(|vpn| vpn.kind) {
        Some(VpnKind::Wireguard) => Proto::Wireguard,
        Some(VpnKind::Openvpn | VpnKind::Tailscale | VpnKind::Zerotier) => Proto::Unmanaged,
        None if zone.role == crate::model::Role::Vpn => Proto::Unmanaged,
        None => Proto::Static,
    }
}

fn no_interface(zone: &Zone) -> Diagnostic {
    Diagnostic::error("no-interface", zone.span, format!("zone `{}` has no interface on openwrt", zone.name))
        .label("by which interface do its packets arrive?")
        .help("add `interface NAME`, or `interface openwrt NAME` if other routers call it otherwise")
}

/// What is wrong with the interface of a zone on OpenWrt.
fn unfit(zone: &Zone, names: &Names) -> Option<Diagnostic> {
    let span = zone.interface_on(TARGET).map_or(zone.span, |interface| interface.span);
    let error = |text: String| Diagnostic::error("backend-cannot-express", span, text);
    let device = &names.device;
    if let Some(wrong) = device.chars().find(|found| matches!(found, '+' | '@')) {
        return Some(
            error(format!("OpenWrt reads the `{wrong}` in `{device}` as more than a part of a name"))
                .label("not the plain name of a device")
                .help("name the device as `ip link` on the router does, as in br-lan.30"),
        );
    }
    if zone.masquerade && names.tunnel.is_some() {
        return Some(
            Diagnostic::error(
                "backend-cannot-express",
                zone.span,
                "OpenWrt does not masquerade what goes through a DS-Lite tunnel",
            )
            .label("`masquerade on`, and `uplink ds-lite`")
            .help("the provider translates there (RFC 6333): leave `masquerade` out"),
        );
    }
    match names.proto {
        Proto::Pppoe if device.strip_prefix("pppoe-") != Some(names.network.as_str()) => Some(
            error(format!("the interface of a PPPoE line is called pppoe-NAME on OpenWrt, not `{device}`"))
                .label("packets do not arrive by this one")
                .help(format!("write `interface openwrt pppoe-{}`", words::identifier(&zone.name))),
        ),
        Proto::Wireguard if *device != names.network => Some(
            error(format!("OpenWrt cannot call a WireGuard interface `{device}`: it bears the name of its network"))
                .label("letters, digits and _ are taken")
                .help("write `interface openwrt wg0`, or another such name that nothing else has"),
        ),
        _ => None,
    }
}
