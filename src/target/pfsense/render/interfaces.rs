//! Which interface of pfSense each zone is, and what a fresh machine has to know of it.

use super::{
    Renderer, TARGET,
    document::{Interface, Pppoe, VirtualAddress, Vlan},
    words,
};
use crate::{
    diagnostic::Diagnostic,
    model::{AddressSource, Role, VpnKind, Zone, ZoneId},
};

/// The group of interfaces that the package of Tailscale has its rules for.
const TAILSCALE: &str = "Tailscale";

/// Is this a name that pfSense gives to an interface?
pub(super) fn is_key(name: &str) -> bool {
    let number = name.strip_prefix("opt").unwrap_or("");
    matches!(name, "wan" | "lan")
        || (!number.is_empty() && !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit()))
}

impl Renderer<'_> {
    /// Finds the interface of every zone, or reports that there is none.
    pub(super) fn assign(&mut self) {
        for zone in &self.network.zones {
            if zone.behind.is_some() {
                self.keys.push(String::new());
                continue;
            }
            let key = self.found(zone);
            if key.is_none() {
                let written = zone.interface_on(TARGET).map(|name| name.name.clone());
                let error = Diagnostic::error(
                    "no-interface",
                    zone.span,
                    format!("zone `{}` has no interface on pfsense", zone.name),
                )
                .label("which of `wan`, `lan`, `opt1`, `opt2`, … is it?");
                self.errors.push(match written {
                    Some(name) => error.help(format!(
                        "`{name}` is no name that pfSense gives: add `interface pfsense opt1` (Interfaces > Assignments shows which), or merge with --base, where it is found as a device or by its description"
                    )),
                    None => error.help("add `interface pfsense opt1` (Interfaces > Assignments shows which)"),
                });
            }
            let key = key.unwrap_or_default();
            if !key.is_empty()
                && let Some(other) = self.keys.iter().position(|known| *known == key)
            {
                let other = &self.network.zone(ZoneId(other)).name;
                self.errors.push(
                    Diagnostic::error(
                        "same-interface",
                        zone.span,
                        format!("zones `{other}` and `{}` are both `{key}` on pfsense", zone.name),
                    )
                    .label("is the second of them")
                    .help("give each zone an interface of its own"),
                );
            }
            self.keys.push(key);
        }
        // What lies behind a host arrives on its link.
        for (id, zone) in self.network.zone_ids().filter(|(id, _)| !self.network.is_hidden(*id)) {
            let link = zone.behind.as_ref().map(|behind| self.key(behind.link));
            if let (Some(link), Some(key)) = (link, self.keys.get_mut(id.0)) {
                *key = link;
            }
        }
    }

    fn found(&self, zone: &Zone) -> Option<String> {
        let name = &zone.interface_on(TARGET)?.name;
        let vpn = self.network.vpns.iter().find(|vpn| self.network.zone(vpn.zone).name == zone.name);
        let group = matches!(vpn, Some(vpn) if vpn.kind == VpnKind::Openvpn && vpn.server.is_none());
        if is_key(name) || (name == "openvpn" && group) {
            return Some(name.clone());
        }
        // The package of Tailscale brings a group with its device in it.
        let tailscale = matches!(vpn, Some(vpn) if vpn.kind == VpnKind::Tailscale && vpn.server.is_none());
        if tailscale && name.eq_ignore_ascii_case(TAILSCALE) {
            return Some(TAILSCALE.to_owned());
        }
        let fits = |known: &&super::base::Assigned| known.device == *name || known.descr.eq_ignore_ascii_case(name);
        let mut all = self.base.interfaces.iter().filter(fits);
        let first = all.next()?;
        all.next().is_none().then(|| first.key.clone())
    }

    /// The name that pfSense gives to the interface of a zone.
    pub(super) fn key(&self, zone: ZoneId) -> String {
        self.keys.get(zone.0).cloned().unwrap_or_default()
    }

    /// The name of an interface in its own words: it becomes a macro of pf, so it is unique.
    pub(super) fn descr(&self, id: ZoneId) -> String {
        let word = |zone: &Zone| words::name(&zone.name).to_uppercase().chars().take(22).collect::<String>();
        let mine = word(self.network.zone(id));
        let same = self.network.zones.iter().filter(|zone| word(zone) == mine).count();
        // A list or another interface of the base with this name would be meant in its place.
        let taken = !self.is_in_base(id) && self.base.names.iter().any(|name| name.eq_ignore_ascii_case(&mine));
        if same > 1 || taken { format!("{mine}_{}", self.key(id).to_uppercase()) } else { mine }
    }

    /// The gateway of an uplink.
    pub(super) fn gateway(&self, id: ZoneId, v4: bool) -> Option<String> {
        let key = self.key(id);
        if let Some(known) = self.base.gateways.iter().find(|known| known.interface == key && known.v6 != v4) {
            return Some(known.name.clone());
        }
        let assigned = self.base.interfaces.iter().find(|known| known.key == key);
        let descr = assigned.map_or_else(|| self.descr(id), |known| known.descr.to_uppercase());
        let zone = self.network.zone(id);
        if !v4 {
            // A written address has no gateway of its own, and pfSense leaves out rules whose gateway is not there.
            let asks = zone.addresses.iter().any(|own| own.address.is_ipv6() && own.source == AddressSource::Dhcp);
            let asks = asks || zone.delegated.is_some() || self.asked_for_prefix(id);
            if assigned.is_none() && zone.gateway(false).is_some() {
                return Some(format!("{descr}GW6"));
            }
            return (assigned.is_some() || asks).then(|| format!("{descr}_DHCP6"));
        }
        match zone.addresses.iter().find(|own| own.address.is_ipv4())?.source {
            AddressSource::Dhcp => Some(format!("{descr}_DHCP")),
            AddressSource::Pppoe => Some(format!("{descr}_PPPOE")),
            _ if assigned.is_none() => Some(format!("{descr}GW")),
            _ => None,
        }
    }

    /// The interfaces that the base does not have yet; on a fresh machine, all of them.
    pub(super) fn interfaces(&mut self) {
        for (id, zone) in self.network.zone_ids().filter(|(_, zone)| zone.behind.is_none()) {
            let key = self.key(id);
            self.refuse_prefixes(id, zone);
            if key == TAILSCALE && !self.base.interface_groups.iter().any(|known| known == TAILSCALE) {
                self.document.groups.push(TAILSCALE.to_owned());
            }
            if !is_key(&key) {
                continue;
            }
            if let Some(known) = self.base.interfaces.iter().find(|known| known.key == key).cloned() {
                self.agrees(zone, &known);
                self.gateways_agree(zone, &known);
                continue;
            }
            self.lacks_gateway(id, zone);
            let device = self.device(id, zone, &key);
            self.refuse_absent(zone, &key, &device);
            let interface = self.interface(id, zone, key.clone(), device);
            self.further_addresses(id, zone, &key, &interface);
            self.document.interfaces.push(interface);
        }
        self.document.interfaces.sort_by_key(|interface| place(&interface.key));
        self.failover();
        self.routes();
    }

    /// The device of a zone: as the policy calls it for routers in general, or a word that pfSense asks to replace.
    fn device(&mut self, id: ZoneId, zone: &Zone, key: &str) -> String {
        let mut vpns =
            self.network.vpns.iter().zip(&self.held).filter(|(vpn, _)| vpn.zone == id && vpn.server.is_none());
        match vpns.next() {
            Some((_, Some(device))) => return device.name.clone(),
            Some((vpn, None)) if vpn.kind == VpnKind::Tailscale => return "tailscale0".to_owned(),
            Some((vpn, None)) if vpn.kind == VpnKind::Zerotier => return "zt0".to_owned(),
            _ => {}
        }
        let general = zone.interface.as_ref().map(|name| name.name.clone()).filter(|name| !is_key(name));
        let device = general.unwrap_or_else(|| format!("assign_{key}"));
        if let Some((tag, _)) = zone.vlan {
            let parent = device.strip_suffix(&format!(".{tag}")).unwrap_or(&device).to_owned();
            let device = format!("{parent}.{tag}");
            self.document.vlans.push(Vlan { parent, tag, descr: self.descr(id), device: device.clone() });
            return device;
        }
        if zone.addresses.iter().any(|own| own.source == AddressSource::Pppoe) {
            let number = self.document.pppoe.len();
            let session = format!("pppoe{number}");
            self.document.pppoe.push(Pppoe { id: number, device: session.clone(), port: device });
            return session;
        }
        device
    }

    /// pfSense waits at every start for an assigned interface that is not there yet (`is_interface_mismatch` in util.inc),
    /// and asks for another one at the console. It does not for the devices of its own VPNs; it does for those of packages.
    fn refuse_absent(&mut self, zone: &Zone, key: &str, device: &str) {
        let of_package = ["tailscale", "zt"].iter().any(|start| device.starts_with(start));
        let vpn = self.network.vpns.iter().find(|vpn| self.network.zone(vpn.zone).name == zone.name);
        let Some(vpn) = vpn.filter(|_| of_package) else { return };
        let (what, help) = match vpn.server {
            Some(host) => (
                format!("pfsense has no `{device}`, and would stop at every start to ask for it"),
                format!(
                    "take `interface pfsense {key}` out: the tunnel ends on `{}`, and pfsense sees nothing of it",
                    self.network.host(host).name
                ),
            ),
            None if vpn.kind == VpnKind::Tailscale => (
                format!("pfsense starts without `{device}`, which its package brings, and would stop at every start to ask for it"),
                "write `interface pfsense Tailscale`: the group that the package has its rules for (Firewall > Rules > Tailscale)".to_owned(),
            ),
            None => (
                "pfsense has no package for ZeroTier".to_owned(),
                "let it end on a host (`server HOST`), or take Tailscale or WireGuard".to_owned(),
            ),
        };
        self.errors.push(
            Diagnostic::error("backend-cannot-express", zone.span, what).label(format!("is to be `{key}`")).help(help),
        );
    }

    fn interface(&self, id: ZoneId, zone: &Zone, key: String, device: String) -> Interface {
        let mut interface = Interface {
            key,
            device,
            descr: self.descr(id),
            v4: String::new(),
            v4_length: String::new(),
            v6: String::new(),
            v6_length: String::new(),
            track: String::new(),
            track_id: String::new(),
            delegation: String::new(),
            gateway: String::new(),
            gateway6: String::new(),
        };
        if self.is_addressed_by_daemon(id) {
            return interface;
        }
        for own in &zone.addresses {
            let v4 = own.address.is_ipv4();
            let free = if v4 { interface.v4.is_empty() } else { interface.v6.is_empty() };
            if !free {
                continue;
            }
            match own.source {
                AddressSource::Written | AddressSource::Default => {
                    let whole = if v4 { 32 } else { 128 };
                    let length = zone.length_of(own.address).unwrap_or(whole);
                    if v4 {
                        (interface.v4, interface.v4_length) = (own.address.to_string(), length.to_string());
                        if zone.is_internet() {
                            interface.gateway = format!("{}GW", interface.descr);
                        }
                    } else {
                        (interface.v6, interface.v6_length) = (own.address.to_string(), length.to_string());
                        if zone.gateway(false).is_some() {
                            interface.gateway6 = format!("{}GW6", interface.descr);
                        }
                    }
                }
                AddressSource::Dhcp if v4 => interface.v4 = "dhcp".to_owned(),
                AddressSource::Pppoe if v4 => interface.v4 = "pppoe".to_owned(),
                AddressSource::Dhcp | AddressSource::Pppoe => interface.v6 = "dhcp6".to_owned(),
                AddressSource::Delegated | AddressSource::Tunnel => {}
            }
        }
        let below = zone.networks.iter().find(|network| network.delegated.is_some());
        if let Some(number) = below.and_then(|network| network.delegated)
            && let Some(uplink) = self.delegating(zone)
        {
            // pfSense holds one IPv6 setting an interface: the prefix that changes is it, a fixed network is a further one.
            interface.v6 = "track6".to_owned();
            interface.v6_length = String::new();
            interface.track = self.key(uplink);
            interface.track_id = number.to_string();
        }
        if zone.is_internet() && (zone.delegated.is_some() || self.asked_for_prefix(id)) {
            // A written address is a further one then, and its gateway stays one that rules can name.
            interface.v6 = "dhcp6".to_owned();
            interface.v6_length = String::new();
            interface.gateway6 = String::new();
            let length = zone.delegated.map_or(56, |(net, _)| net.prefix_len());
            interface.delegation = 64_u8.saturating_sub(length).to_string();
        }
        interface
    }

    /// The uplink whose prefix a zone has a part of.
    fn delegating(&self, zone: &Zone) -> Option<ZoneId> {
        let net = zone.networks.iter().find(|network| network.delegated.is_some())?.net;
        let holds =
            |uplink: &Zone| uplink.delegated.is_some_and(|(prefix, _)| ipnet::IpNet::from(prefix).contains(&net));
        let uplinks = || self.network.zone_ids().filter(|(_, zone)| zone.is_internet());
        let written = uplinks().find(|(_, zone)| holds(zone));
        let egress = zone.egress.as_ref().map(|egress| egress.zone);
        written.map(|(id, _)| id).or(egress).or_else(|| uplinks().find(|(_, zone)| !zone.failover).map(|(id, _)| id))
    }

    fn asked_for_prefix(&self, uplink: ZoneId) -> bool {
        self.network.zones.iter().filter(|zone| !zone.is_internet()).any(|zone| self.delegating(zone) == Some(uplink))
    }

    /// pfSense gives an interface one delegated network, and none to the tunnel of a VPN program.
    fn refuse_prefixes(&mut self, id: ZoneId, zone: &Zone) {
        let delegated = zone.networks.iter().filter(|network| network.delegated.is_some()).count();
        let (what, help) = if delegated > 1 {
            ("pfsense gives an interface one delegated network", "take all but one `delegated` network out")
        } else if delegated == 1 && self.is_addressed_by_daemon(id) {
            (
                "pfsense gives no delegated network to a tunnel that its VPN program addresses",
                "write a network of its own (fd00::/8) for the tunnel",
            )
        } else {
            return;
        };
        self.errors.push(
            Diagnostic::error("backend-cannot-express", zone.span, what).label("has `delegated` networks").help(help),
        );
    }

    /// Addresses beside the first one: virtual addresses, as pfSense calls them.
    fn further_addresses(&mut self, id: ZoneId, zone: &Zone, key: &str, interface: &Interface) {
        for own in zone.addresses.iter().filter(|own| own.source.is_known()) {
            let text = own.address.to_string();
            if text == interface.v4 || text == interface.v6 || (interface.v4.is_empty() && interface.v6.is_empty()) {
                continue;
            }
            let descr =
                words::description(&format!("{}{} has a further address", words::MARK, self.network.zone(id).name));
            self.document.addresses.push(VirtualAddress {
                id: format!("{:014x}", words::number(&(key, &text))),
                interface: key.to_owned(),
                length: zone.length_of(own.address).unwrap_or(if own.address.is_ipv4() { 32 } else { 128 }),
                address: text,
                descr,
            });
        }
    }

    /// Does a program give the interface its addresses? OpenVPN, Tailscale and `ZeroTier` do; the configuration does not hold them.
    pub(super) fn is_addressed_by_daemon(&self, id: ZoneId) -> bool {
        let here = self.network.vpns.iter().filter(|vpn| vpn.zone == id && vpn.server.is_none());
        here.into_iter().any(|vpn| matches!(vpn.kind, VpnKind::Openvpn | VpnKind::Tailscale | VpnKind::Zerotier))
    }

    /// Is this zone reached by a tunnel?
    pub(super) fn is_tunnel(zone: &Zone) -> bool {
        zone.role == Role::Vpn
    }
}

/// The place of an interface in pfSense's own order.
pub(super) fn place(key: &str) -> u64 {
    match key {
        "wan" => 0,
        "lan" => 1,
        other => other.trim_start_matches("opt").parse::<u64>().unwrap_or(u64::MAX - 2).saturating_add(2),
    }
}
