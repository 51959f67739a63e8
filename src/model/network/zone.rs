//! Zones, and what the router is in them.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::{IpNet, Ipv6Net};

use super::{HostId, ZoneId};
use crate::{diagnostic::Span, model::address::AddressSet};

/// What a zone is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Internet,
    Trusted,
    Server,
    Iot,
    Camera,
    /// Televisions, speakers, players: devices that need the internet, and that people talk to.
    Media,
    /// Telephones, and what stands between them and the trunk.
    Voip,
    Guest,
    Vpn,
    Dmz,
    Management,
    Work,
    Kids,
    Transit,
}

impl Role {
    /// All roles, by their names in the language.
    pub const ALL: [(&'static str, Self); 14] = [
        ("internet", Self::Internet),
        ("trusted", Self::Trusted),
        ("server", Self::Server),
        ("iot", Self::Iot),
        ("camera", Self::Camera),
        ("media", Self::Media),
        ("voip", Self::Voip),
        ("guest", Self::Guest),
        ("vpn", Self::Vpn),
        ("dmz", Self::Dmz),
        ("management", Self::Management),
        ("work", Self::Work),
        ("kids", Self::Kids),
        ("transit", Self::Transit),
    ];

    /// The roles of devices: what nobody administers as he would a computer.
    pub const DEVICES: [Self; 4] = [Self::Iot, Self::Camera, Self::Media, Self::Voip];

    /// Do devices stand there?
    #[must_use]
    pub fn is_devices(self) -> bool {
        Self::DEVICES.contains(&self)
    }

    /// The name in the language.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, role)| *role == self).map_or("", |(name, _)| name)
    }
}

/// How an internet zone is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Uplink {
    Public,
    Private,
    Cgnat,
    DsLite,
}

/// A zone: a VLAN, a VPN, an uplink.
#[derive(Clone, Debug)]
pub struct Zone {
    pub name: String,
    pub span: Span,
    pub role: Role,
    /// The interface of a router that has no name of its own for it.
    pub interface: Option<InterfaceName>,
    /// The interface by target.
    pub interfaces: BTreeMap<String, InterfaceName>,
    pub vlan: Option<(u16, Span)>,
    pub networks: Vec<ZoneNetwork>,
    /// The router's own addresses in the zone.
    pub addresses: Vec<OwnAddress>,
    pub dhcp: Vec<(IpAddr, IpAddr)>,
    pub isolated: bool,
    /// Is the firewall on that keeps its hosts apart, and where does the policy say so?
    pub filter: Option<(bool, Span)>,
    /// Where it says that its hosts may open ports of the router by `UPnP`, NAT-PMP or PCP.
    pub upnp: Option<Span>,
    /// Is the source of what leaves by this zone rewritten to the router's address (IPv4 only)?
    pub masquerade: bool,
    pub uplink: Option<Uplink>,
    /// Private networks beyond an uplink.
    pub upstream: Vec<IpNet>,
    /// The networks of an uplink's own addresses, where the policy says how long their prefixes are.
    pub links: Vec<IpNet>,
    /// The provider's routers, one for each family at most.
    pub gateways: Vec<IpAddr>,
    pub delegated: Option<(Ipv6Net, Span)>,
    pub failover: bool,
    /// Does an answer leave by the uplink on which the question came, if the policy says so?
    pub replies_by_uplink: Option<(bool, Span)>,
    pub egress: Option<Egress>,
    /// The host that ends the VPN of these clients, if one does, and no interface is theirs.
    pub behind: Option<Behind>,
}

/// A zone without an interface of the router: the clients of a VPN that a host ends. Their packets come from its zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    pub host: HostId,
    /// The zone of that host, on whose interface its packets arrive.
    pub link: ZoneId,
    /// Does the host hide its clients behind its own address, so that the router never sees theirs?
    pub hidden: bool,
    /// The host's own addresses in the tunnel.
    pub addresses: Vec<OwnAddress>,
}

impl Zone {
    /// Is this a way to the internet?
    #[must_use]
    pub fn is_internet(&self) -> bool {
        self.role == Role::Internet
    }

    /// Does the router see these networks as those of its own zones? Not those of clients whom a host hides.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        !self.is_internet() && !self.behind.as_ref().is_some_and(|behind| behind.hidden)
    }

    /// The addresses of its networks.
    #[must_use]
    pub fn network_set(&self) -> AddressSet {
        AddressSet::nets(self.networks.iter().map(|network| network.net))
    }

    /// The length of the prefix that one of the router's own addresses has here, if it is known.
    #[must_use]
    pub fn length_of(&self, own: IpAddr) -> Option<u8> {
        let nets = self.networks.iter().map(|network| &network.net).chain(&self.links).chain(&self.upstream);
        nets.filter(|net| net.contains(&own)).map(IpNet::prefix_len).max()
    }

    /// The provider's router of a family.
    #[must_use]
    pub fn gateway(&self, v4: bool) -> Option<IpAddr> {
        self.gateways.iter().copied().find(|gateway| gateway.is_ipv4() == v4)
    }

    /// Does this router itself end the DS-Lite tunnel that carries the IPv4 of this uplink (RFC 6333, its B4)? Where an
    /// IPv4 address or network stands in the policy, a box in front of it does.
    #[must_use]
    pub fn ends_ds_lite(&self) -> bool {
        let behind = |own: &OwnAddress| own.address.is_ipv4() && own.source == AddressSource::Written;
        self.uplink == Some(Uplink::DsLite)
            && !self.upstream.iter().any(|net| matches!(net, IpNet::V4(_)))
            && !self.addresses.iter().any(behind)
    }

    /// The device of that tunnel on OpenWrt, if there is one: `ds-` and the name of an interface of netifd.
    #[must_use]
    pub fn ds_lite_device(&self) -> Option<String> {
        self.ends_ds_lite().then(|| {
            let letters = self.name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
            format!("ds-{}4", letters.take(11).collect::<String>())
        })
    }

    /// The name of its interface on a target.
    #[must_use]
    pub fn interface_on(&self, target: &str) -> Option<&InterfaceName> {
        self.interfaces.get(target).or(self.interface.as_ref())
    }
}

/// The name of an interface and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceName {
    pub name: String,
    pub span: Span,
}

/// A network of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneNetwork {
    /// For a delegated network of an unknown prefix this is a stand-in that overlaps nothing else.
    pub net: IpNet,
    pub span: Span,
    /// The number of the subnet below the delegated prefix, if the network is such a one. Its literal prefix must
    /// never be written into a configuration.
    pub delegated: Option<u64>,
    /// Does it lie behind a peer of a VPN, where the router has no address of its own?
    pub far: bool,
}

/// An address of the router itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAddress {
    /// For an address that the network assigns this is a stand-in that nothing else has.
    pub address: IpAddr,
    /// Who assigns it, if it is not written in the policy. A stand-in must never be written into a configuration.
    pub source: AddressSource,
    pub span: Span,
}

/// Who assigns an address of the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressSource {
    /// The policy says it.
    Written,
    /// The first address of the network, by default.
    Default,
    Dhcp,
    Pppoe,
    /// The end of a DS-Lite tunnel (RFC 6333, 5.7).
    Tunnel,
    /// Below the delegated prefix.
    Delegated,
}

impl AddressSource {
    /// Is the address known when the policy is compiled?
    #[must_use]
    pub const fn is_known(self) -> bool {
        matches!(self, Self::Written | Self::Default)
    }
}

/// By which uplink a zone leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Egress {
    pub zone: ZoneId,
    pub from: Option<IpAddr>,
    pub span: Span,
}
